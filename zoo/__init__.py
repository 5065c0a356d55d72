"""Persona Zoo: a zoo of models that draw, restyle, mend and describe virtual personas.

These are the names a plugin needs.
"""

from pydantic import Field

from zoo.errors import ZooError
from zoo.hookspecs import ZOO_API, hookimpl
from zoo.model import Calibration, Card, Context, Corrector, Findings, Generator, Model, Stylizer, Writer
from zoo.params import Color, Params
from zoo.profile import Post, Profile, Traits
from zoo.weights import WeightsRef

__version__ = "0.1.0"

__all__ = [
    "ZOO_API",
    "Calibration",
    "Card",
    "Color",
    "Context",
    "Corrector",
    "Field",
    "Findings",
    "Generator",
    "Model",
    "Params",
    "Post",
    "Profile",
    "Stylizer",
    "Traits",
    "WeightsRef",
    "Writer",
    "ZooError",
    "hookimpl",
]
