"""Pictures as points of latent space, before there is an encoder: their principal components."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from .sources import Pictures, SourceError

SAMPLE = 4000


class PrincipalCodes(nn.Module):
    """`[N,3,H,W]` in 0..1 → `[N, length]`: whitened principal components at half size, so about standard normal."""

    mean: Tensor
    components: Tensor

    def __init__(self, pictures: Pictures, length: int) -> None:
        super().__init__()
        if len(pictures) < length:
            raise SourceError(
                "{count} pictures are too few to learn from. Give at least {least}.", count=len(pictures), least=length
            )
        sample = torch.from_numpy(np.array(pictures[:SAMPLE])).permute(0, 3, 1, 2)
        flat = torch.cat([_half(chunk.float() / 255) for chunk in torch.split(sample, 500)])
        mean = flat.mean(0)
        _, scale, components = torch.pca_lowrank(flat - mean, length, center=False, niter=3)
        self.register_buffer("mean", mean)
        self.register_buffer("components", components / scale * len(flat) ** 0.5)

    def forward(self, images: Tensor) -> Tensor:
        return (_half(images) - self.mean) @ self.components


def _half(images: Tensor) -> Tensor:
    return avg_pool2d(images, 2).flatten(1)
