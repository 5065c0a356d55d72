"""Where faults are, kind by kind: a U-Net over what the fixer saw and did, the whole picture at a glance."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from .net import JUDGED, KINDS, MAPS, MULTIPLE, TOLD, Sight, Stage, padded

HINTS = 192 + KINDS + 18
"""Numbers for each cell of 8x8 pixels: the fixer's features, its own maps, and `cells`."""

LIMIT = 6.0
"""Standard deviations beyond which a hint is no stranger."""

END = 2 / 255
"""What is nearer than this to the darkest or the lightest there is, may have been clipped."""


class Locator(nn.Module):
    """The images `[N,3,H,W]` in 0..1, the same as the fixer mended them, and its sight of them -> `[N,9,h,w]`, at a
    quarter of the padded size, as logits: where each kind is, and where anything.

    What a place is like is judged beside the rest of the picture: at the bottom there is a cell for 32x32 pixels, and
    every layer is told what the mean cell is like.
    """

    def __init__(self, widths: tuple[int, int, int] = (48, 64, 96), depths: tuple[int, int, int] = (1, 1, 2)) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.usual = nn.BatchNorm2d(HINTS, affine=False)
        self.stem = nn.Conv2d(HINTS, fine, 1)
        self.judge = nn.Sequential(nn.Linear(TOLD + 2 * fine, 64), nn.LeakyReLU(0.1), nn.Linear(64, JUDGED))
        self.encode_fine, self.decode_fine = Stage(fine, depths[0]), Stage(fine, depths[0])
        self.encode_middle, self.decode_middle = Stage(middle, depths[1]), Stage(middle, depths[1])
        self.bottom = Stage(coarse, depths[2])
        self.to_middle, self.to_coarse = (
            nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in ((fine, middle), (middle, coarse))
        )
        self.from_coarse, self.from_middle = (nn.Conv2d(a, b, 1) for a, b in ((coarse, middle), (middle, fine)))
        self.head = nn.Conv2d(fine, MAPS, 3, padding=1)
        self.trust = nn.Parameter(torch.full((MAPS, 1, 1), 0.7))
        nn.init.normal_(self.head.weight, std=1e-3)

    def forward(self, images: Tensor, mended: Tensor, sight: Sight) -> Tensor:
        hints = torch.cat([sight.features, F.avg_pool2d(sight.maps, 2), cells(padded(images), padded(mended))], 1)
        shown = self.stem(self.usual(hints).clamp(-LIMIT, LIMIT))
        mean, spread = shown.mean((2, 3)), shown.flatten(2).std(2, correction=0)
        told = torch.cat([sight.told[:, :KINDS], self.judge(torch.cat([sight.told, mean, spread], 1))], 1)
        fine = self.encode_fine(shown, told)
        middle = self.encode_middle(self.to_middle(fine), told)
        coarse = self.bottom(self.to_coarse(middle), told)
        middle = self.decode_middle(middle + _sized(self.from_coarse(coarse), middle), told)
        fine = self.decode_fine(fine + _sized(self.from_middle(middle), fine), told)
        own = torch.cat([sight.maps, sight.maps.amax(1, keepdim=True)], 1)
        return torch.addcmul(_sized(self.head(fine), own), self.trust, own)


def cells(images: Tensor, mended: Tensor) -> Tensor:
    """What cells of 8x8 pixels are like and what became of them, `[N,18,h,w]`: of each channel the mean, the mean
    square, how much was moved up and how far at all, and how much lies at either end of the range."""
    moved = mended - images
    ends = (F.relu(END - end) / END for end in (images, 1 - images))
    return F.avg_pool2d(torch.cat([images, images.square(), moved, moved.abs(), *ends], 1), MULTIPLE)


def _sized(values: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(values, like.shape[2:], mode="bilinear")
