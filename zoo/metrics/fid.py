"""Fréchet inception distance and inception score, by torch-fidelity, where its weights can be had."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from zoo.errors import ZooError


class MetricError(ZooError):
    """A metric needs something that is not here."""


class _Bytes(Dataset[Tensor]):
    """Pictures as torch-fidelity takes them: bytes, `[3,H,W]` each."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, n: int) -> Tensor:
        image = self.images[n]
        return image if image.dtype == torch.uint8 else image.clamp(0, 1).mul(255).round().byte()


def fid_is(fake: Tensor, real: Tensor) -> tuple[float, float]:
    """FID (0 is best) and inception score (1 up to 1008, higher is better) of `[N,3,H,W]`, bytes or floats in 0..1.

    Sources: M. Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash equilibrium",
    2017, arXiv:1706.08500; T. Salimans et al., "Improved techniques for training GANs", 2016, arXiv:1606.03498. Both
    are biased by the number of pictures (usually 50,000), and made for photographs: of drawings they say little. Needs
    the extra `fid`, and on first use the network: 96 MB of Inception weights. Raises `MetricError` without.
    """
    measure = _torch_fidelity()
    found: dict[str, Any] = measure(
        input1=_Bytes(fake),
        input2=_Bytes(real),
        fid=True,
        isc=True,
        cuda=torch.cuda.is_available(),
        save_cpu_ram=True,
        verbose=False,
    )
    return float(found["frechet_inception_distance"]), float(found["inception_score_mean"])


def _torch_fidelity() -> Any:
    """Its `calculate_metrics`, once the weights that it opens by itself are here, of the digest in their name, and
    nothing but tensors."""
    try:
        from torch_fidelity import calculate_metrics
        from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3
    except ImportError as error:
        raise MetricError(
            "FID needs {package}. Install it with `pip install 'persona-zoo[fid]'`.", package=error.name
        ) from error
    try:
        torch.hub.load_state_dict_from_url(URL_INCEPTION_V3, progress=False, check_hash=True, weights_only=True)
    except Exception as error:
        raise MetricError(
            "FID needs the Inception weights from {url}, and they cannot be had: {why}. Connect to the network, or put "
            "the file into {folder}.",
            url=URL_INCEPTION_V3,
            why=error,
            folder=f"{torch.hub.get_dir()}/checkpoints",
        ) from error
    return calculate_metrics
