"""The corrector of record: finds damage by reconstruction error, mends it by a residual network."""

from .plugin import ZOO_API, zoo_models

__all__ = ["ZOO_API", "zoo_models"]
