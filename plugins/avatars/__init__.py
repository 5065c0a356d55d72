"""The portraits that the studio opens with."""

from .plugin import ZOO_API as ZOO_API
from .plugin import zoo_models as zoo_models
