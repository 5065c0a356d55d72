"""Settings of a stylizer drawn by chance, to see what all it can do."""

from __future__ import annotations

from torch import Generator

from zoo.params import Param, Params, Value, describe

from .degradations import choice, uniform

RECOLOURED = 0.3
"""How often a colour is another than the default."""


def random_settings(params: type[Params], rng: Generator) -> Params:
    """Numbers from their range, any choice, now and then any colour; `strength` from the upper half."""
    return params(**{param.name: _value(param, rng) for param in describe(params)})


def _value(param: Param, rng: Generator) -> Value:
    if param.kind == "number" and param.minimum is not None and param.maximum is not None:
        value = uniform(rng, 0.5 if param.name == "strength" else param.minimum, param.maximum)
        return round(value) if param.whole else value
    if param.kind == "choice":
        return param.choices[choice(rng, len(param.choices))]
    if param.kind == "bool":
        return bool(choice(rng, 2))
    if param.kind == "color" and uniform(rng, 0, 1) < RECOLOURED:
        return f"#{choice(rng, 256**3):06x}"
    return param.default
