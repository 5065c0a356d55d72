"""Eight stylizers that need no weights."""

from .plugin import ZOO_API, zoo_models

__all__ = ["ZOO_API", "zoo_models"]
