"""A corrector that needs no weights: filters of the textbooks, each where its own statistic finds the damage."""

from .plugin import ZOO_API, zoo_models

__all__ = ["ZOO_API", "zoo_models"]
