"""Writers that need no network: phrases put together by a seed."""

from .plugin import ZOO_API, zoo_models

__all__ = ["ZOO_API", "zoo_models"]
