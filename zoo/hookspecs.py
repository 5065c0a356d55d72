"""The one hook of a plugin."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from zoo.model import Model

hookspec = pluggy.HookspecMarker("zoo")
hookimpl = pluggy.HookimplMarker("zoo")

ZOO_API = 1
"""The version of the plugin API. A plugin states the one it was written for: `ZOO_API = 1`."""


@hookspec
def zoo_models() -> Iterable[type[Model]]:  # type: ignore[empty-body]
    """Return the model classes that this plugin adds to the zoo."""
