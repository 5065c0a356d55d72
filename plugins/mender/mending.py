"""The network of the mender: the detector, the fixer, and what says where the one has found and the other works."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from zoo import Context

from .detector import STYLIZERS, Detector, Making, Verdict, guest
from .locator import Locator
from .net import MULTIPLE, QUARTER, Fixer, Sight, across, enlarged, smooth
from .normals import Makings
from .places import Places
from .survey import Survey, over

SMALL, FLAT = 32, 1 / 255
"""A shorter side in pixels, and a standard deviation, under which a picture tells nothing of what befell it."""
DRAWN = 0.2
"""The overall score from which on the locator is asked. Most clean pictures stay under it, and cost less."""
FAINT = 0.01
"""What a map shows less of is taken for nothing."""
UNLIKELY, SURE = 0.3, 0.9
"""The fixer is told nothing of kinds that score less than the one; and of the likeliest kind, that it scores the other
or more: told by halves, it mends by halves."""
FULL = 1 / 32
"""What a map shows from which on a place is mended in full: the fixer itself leaves most of what is fine as it is."""
PLAIN = 16 / 255
"""By how much a place has changed, to be marked in full."""
REACH = 4
"""Pixels by which what is mended reaches beyond what was found."""


class Mender(nn.Module):
    """All of them, as one set of weights."""

    def __init__(self) -> None:
        super().__init__()
        self.detector = Detector()
        self.survey = Survey()
        self.fixer = Fixer()
        self.locator = Locator()
        self.places = Places()

    def making(self, context: Context, count: int) -> Making:
        """That of `count` pictures by the context's stylizer: the normal that came with the context, or one of the
        weights', or that of what no stylizer made."""
        number = STYLIZERS.index(context.stylizer) + 1 if context.stylizer in STYLIZERS else 0
        which = self.detector.centre.new_full((count,), number, dtype=torch.long)
        if context.normal is None:
            return self.detector.making(which)
        makings = Makings().to(which.device)
        makings.load_state_dict(context.normal)
        return guest(makings, count)

    def verdict(self, images: Tensor, making: Making, originals: Tensor | None) -> Verdict:
        """The detector's; scores are 0 where a picture is too small, or says nothing by being all of one colour."""
        kinds, overall, parts = self.detector(images, making, originals)
        telling = images if originals is None else torch.cat([images, originals], 2)
        tells = telling.flatten(1).std(1, correction=0) >= FLAT
        if min(images.shape[-2:]) < SMALL:
            tells = torch.zeros_like(tells)
        return Verdict(kinds * tells[:, None], overall * tells, parts)

    def maps(self, images: Tensor, verdict: Verdict, unspoilt: Tensor | None = None) -> Tensor:
        """Where the kinds are, `[N,8,H,W]` in 0..1. Where the pictures are known as they were, `unspoilt`, it is
        wherever they differ from that."""
        kinds, overall, parts = verdict
        size, drawn = images.shape[2:], overall >= DRAWN
        if unspoilt is not None:
            return _plain(changes(images, unspoilt) * (2 * kinds).clamp(max=1)[..., None, None])
        surveyed = self.surveyed(images)
        maps = self.places(kinds, parts, surveyed)
        if drawn.any():
            located = self.located(images[drawn], kinds[drawn])
            maps[drawn] = self.places(kinds[drawn], parts[drawn], surveyed[drawn], located)
        return enlarged(_plain(maps), size)

    def surveyed(self, images: Tensor) -> Tensor:
        """Where the kinds are, and last where anything is, by a look at the whole: logits, of the size of `located`."""
        size = images.shape[2:]
        here, there = ([-(-side // by) for side in size] for by in (QUARTER, MULTIPLE))
        down, right = (2 * cells - near for near, cells in zip(here, there, strict=True))
        return F.pad(over(self.survey(images), size, tuple(here)), (0, right, 0, down), mode="replicate")

    def located(self, images: Tensor, kinds: Tensor) -> Tensor:
        """Where the kinds are, and last where anything is, small, as logits; told the scores `[N,8]`."""
        found: Tensor = self.locator(images, *self.fixed(images, kinds.unbind(1)))
        return found

    def fixed(self, images: Tensor, kinds: Sequence[Tensor]) -> tuple[Tensor, Sight]:
        """The images mended, told the score `[N]` of each kind; and the fixer's sight of them."""
        told = F.threshold(torch.stack(list(kinds), 1), UNLIKELY, 0.0)
        likeliest = (told > 0) & (told == told.amax(1, keepdim=True))
        mended, sight = self.fixer(images, torch.where(likeliest, told.clamp_min(SURE), told))
        return mended, sight

    def gate(self, where: Tensor) -> Tensor:
        """How much of the mended picture is taken, `[N,1,H,W]`: 1 around what was found, 0 where the map is 0."""
        return smooth(across((where / FULL).clamp(max=1), REACH, torch.maximum), REACH) * (where > 0)


def _plain(maps: Tensor) -> Tensor:
    """Without what is too faint to be taken for anything."""
    return (maps - FAINT).clamp_min(0) / (1 - FAINT)


def changes(images: Tensor, unspoilt: Tensor) -> Tensor:
    """By how much each place differs from what it was, `[N,1,H,W]` in 0..1."""
    moved = (images - unspoilt).abs().amax(1, keepdim=True)
    return (smooth(moved, REACH) / PLAIN).clamp(max=1)
