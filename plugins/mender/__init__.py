"""The corrector that names what went wrong, kind by kind, and mends it."""

from .plugin import ZOO_API, zoo_models

__all__ = ["ZOO_API", "zoo_models"]
