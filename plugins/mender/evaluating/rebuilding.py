"""The autoencoder that is to rebuild clean pictures alike in structure, and fails where they are spoilt.

Source: P. Bergmann, S. Löwe, M. Fauser, D. Sattlegger and C. Steger, "Improving unsupervised defect segmentation by
applying structural similarity to autoencoders", VISAPP 2019, arXiv:1807.02011, table 1, for pictures of 128 pixels.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from zoo.metrics.ssim import WINDOW, components
from zoo.training.loop import Budget

CODE = 100
"""Channels of the code, one for each 128x128 pixels."""
BUDGET = Budget(images=28_800, batch=8, save_every=1600)
RATE = 2e-4


class Autoencoder(nn.Module):
    """`[N,3,H,W]` in 0..1, sides of 128 or more -> the same rebuilt from codes."""

    def __init__(self) -> None:
        super().__init__()
        down = [(3, 32, 4, 2), (32, 32, 4, 2), (32, 32, 3, 1), (32, 64, 4, 2), (64, 64, 3, 1), (64, 128, 4, 2)]
        down += [(128, 64, 3, 1), (64, 32, 3, 1)]
        self.encode = nn.Sequential(
            *(layer for each in down for layer in (nn.Conv2d(*each, padding=1), nn.LeakyReLU(0.2))),
            nn.Conv2d(32, CODE, 8),
        )
        up = [(32, 64, 3, 1), (64, 128, 3, 1), (128, 64, 4, 2), (64, 64, 3, 1), (64, 32, 4, 2), (32, 32, 3, 1)]
        up += [(32, 32, 4, 2)]
        self.decode = nn.Sequential(
            nn.ConvTranspose2d(CODE, 32, 8),
            nn.LeakyReLU(0.2),
            *(layer for each in up for layer in (nn.ConvTranspose2d(*each, padding=1), nn.LeakyReLU(0.2))),
            nn.ConvTranspose2d(32, 3, 4, 2, padding=1),
        )

    def forward(self, images: Tensor) -> Tensor:
        rebuilt: Tensor = self.decode(self.encode(images)).sigmoid()
        return rebuilt


class Errors(nn.Module):
    """What is not alike: `[N]`, the mean over the picture, and `[N,1,H,W]` where, both in 0..1."""

    def __init__(self, net: Autoencoder) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        unlike = dissimilarity(self.net(images), images)
        where = F.pad(unlike, (WINDOW // 2,) * 4, mode="replicate")
        return unlike.mean((1, 2, 3)), where


def dissimilarity(images: Tensor, others: Tensor) -> Tensor:
    """`(1 - SSIM) / 2` of each window, `[N,1,H-10,W-10]` in 0..1."""
    luminance, structure = components(images, others)
    return (1 - (luminance * structure).mean(1, keepdim=True)) / 2


class Rebuilding:
    """`shown` are clean pictures, for sheets."""

    def __init__(self, shown: Tensor) -> None:
        self.net = Autoencoder()
        self.optimizer = torch.optim.Adam(self.net.parameters(), RATE, weight_decay=1e-5)
        self.parts = {"net": self.net, "optimizer": self.optimizer}
        self.shown = shown

    def step(self, batch: Tensor, progress: float) -> dict[str, Tensor]:
        loss = dissimilarity(self.net(batch), batch).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return {"dissimilarity": loss.detach()}

    @torch.no_grad()
    def sample(self) -> Tensor:
        return torch.stack([self.shown, self.net(self.shown)], dim=1).flatten(0, 1)

    def result(self) -> nn.Module:
        return Errors(self.net).eval()
