"""The network that mends: F(x) = x + R(x), where R is a colour transform of the whole and a residual of the details."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

KINDS = 8
"""Maps, in the order of `zoo.training.anomalies.SEEN`."""

MAPS = KINDS + 1
"""Of what looks for faults alone: one for each kind, and the last for anything at all."""

MULTIPLE = 8
"""Sides are padded to a multiple of this, by repeating the edge. Tiles begin at multiples of it."""

QUARTER = 4
"""Maps are this many times smaller."""

TILE, REACH = 1024, 152
"""What is larger than a square of `TILE` pixels a side is mended tile by tile, each with `REACH` pixels around."""

GLANCE = 64
"""The sides in pixels, at most, of the thumbnail that light and colours are judged by."""

JUDGED = 64
"""How many numbers that judgement is."""

TOLD = KINDS + JUDGED
"""How many numbers all blocks are told: the kinds that were found, and the judgement in their light."""

LATTICE = 3 * MULTIPLE**2
"""How many numbers it takes to say what repeats in each cell of 8x8 pixels: see `lattice`."""

LOUD = 0.1
"""Details stronger than this, such as edges, count no more towards the lattice."""

LOUDER = 6.0
"""How much louder the network is shown detail and lattice than they are: noise and blur are small beside what they
spoil."""


class Sight(NamedTuple):
    """What a fixer saw: `maps` `[N,8,h,w]`, where each kind is, as logits at a quarter of the padded size; `features`
    `[N,192,h/2,w/2]`; and what it was `told` of the whole, `[N,TOLD]`."""

    maps: Tensor
    features: Tensor
    told: Tensor


class Block(nn.Module):
    """A convolution, a gate and a skip, after NAFNet (Chen et al. 2022): the product of two features is what tells how
    strong noise or an edge is nearby. What was told scales and shifts the features before the gate (FiLM, Perez et al.
    2018): each kind is mended by features of its own. `[N,C,H,W]`, `[N,TOLD]` -> `[N,C,H,W]`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.first = nn.Conv2d(channels, 2 * channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 1)
        self.modulate = nn.Linear(TOLD, 4 * channels)
        nn.init.normal_(self.second.weight, std=0.3 / channels**0.5)
        nn.init.normal_(self.modulate.weight[:, :KINDS], std=0.4)
        nn.init.zeros_(self.modulate.bias)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        scale, shift = self.modulate(told).chunk(2, dim=1)
        normal = self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        one, other = modulated(self.first, normal, 1 + scale, shift).chunk(2, dim=1)
        return self.second(torch.addcmul(one, one, other)).add_(x)


def modulated(layer: nn.Conv2d, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """What the layer makes of x, scaled and shifted by `[N,C]` each. Of a single picture the weights are scaled and
    not what they make: it gives the same, and saves a pass over it."""
    if len(x) > 1:
        return torch.addcmul(shift[:, :, None, None], layer(x), scale[:, :, None, None])
    weight, bias = layer.weight * scale.view(-1, 1, 1, 1), torch.addcmul(shift[0], layer.bias, scale[0])
    return F.conv2d(x, weight, bias, padding=layer.padding)


class Stage(nn.Module):
    """Blocks one after the other."""

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(channels) for _ in range(depth))

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x, told)
        return x


class Glance(nn.Module):
    """What the whole picture is like in light and colour: `[N,3,h,w]`, a thumbnail -> `[N,JUDGED]`.

    Means over the thumbnail of features of single pixels, which make a soft histogram, and of larger and larger
    neighbourhoods.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pixels = nn.Conv2d(3, 32, 1)
        self.near = nn.Conv2d(32, 32, 3, stride=2, padding=1)
        self.far = nn.Conv2d(32, 64, 3, stride=2, padding=1)
        self.wide = nn.Conv2d(64, 64, 3, stride=2, padding=1)
        self.judge = nn.Sequential(nn.Linear(192, 128), nn.LeakyReLU(0.1), nn.Linear(128, JUDGED))

    def forward(self, thumbnail: Tensor) -> Tensor:
        x, means = thumbnail - 0.5, []
        for layer in (self.pixels, self.near, self.far, self.wide):
            x = F.leaky_relu(layer(x), 0.1)
            means.append(x.mean((2, 3)))
        return self.judge(torch.cat(means, dim=1))


class Fixer(nn.Module):
    """`[N,3,H,W]` in 0..1, any size, and which kinds it is said to be spoilt by, `[N,8]` in 0..1 (all 0: not known) ->
    the same mended, and what it saw.

    A U-Net (Ronneberger et al. 2015) on the pixel-unshuffled picture, nearly all of it 3x3 convolutions. What holds for
    the whole picture is found first, as `context`; the rest sees `REACH` pixels around. So tiles that share the context
    give what the picture gives at once.
    """

    def __init__(self, widths: tuple[int, int, int] = (32, 64, 128), depths: tuple[int, int, int] = (2, 3, 4)) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.features = coarse + middle
        self.glance = Glance()
        self.judge = nn.Sequential(nn.Linear(TOLD, 64), nn.LeakyReLU(0.1), nn.Linear(64, JUDGED))
        self.colour = nn.Sequential(nn.Linear(TOLD, 64), nn.LeakyReLU(0.1), nn.Linear(64, 30))
        self.stem = nn.Conv2d(36, fine, 3, padding=1)
        self.encode_fine, self.decode_fine = Stage(fine, depths[0]), Stage(fine, depths[0])
        self.encode_middle, self.decode_middle = Stage(middle, depths[1]), Stage(middle, depths[1])
        self.bottom = Stage(coarse, depths[2])
        self.to_middle, self.to_coarse = (nn.Conv2d(a, b, 2, stride=2) for a, b in ((fine, middle), (middle, coarse)))
        self.from_coarse, self.from_middle = (nn.Conv2d(a, 4 * b, 1) for a, b in ((coarse, middle), (middle, fine)))
        self.maps = nn.Conv2d(middle, KINDS, 3, padding=1)
        self.head = nn.Conv2d(fine, 16 * (1 + KINDS), 3, padding=1)
        nn.init.normal_(self.head.weight, std=1e-3)
        nn.init.zeros_(self.head.bias)
        nn.init.normal_(self.colour[-1].weight, std=1e-3)
        nn.init.zeros_(self.colour[-1].bias)
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor, kinds: Tensor) -> tuple[Tensor, Sight]:
        height, width = images.shape[-2:]
        context = self.look(images, kinds)
        whole = height * width <= TILE**2
        mended, maps, features = (self.mend if whole else self.in_tiles)(padded(images), context)
        return mended[..., :height, :width].clamp(0, 1), Sight(maps, features, context[:, :TOLD])

    def in_tiles(self, images: Tensor, context: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What `mend` gives, in less memory: each tile is computed with all that its pixels can see around it."""
        height, width = images.shape[-2:]
        sizes = ((3, 1), (KINDS, QUARTER), (self.features, MULTIPLE))
        found = [images.new_empty(len(images), count, height // by, width // by) for count, by in sizes]
        for top, left in product(*(range(0, side, TILE) for side in (height, width))):
            above, before = min(top, REACH), min(left, REACH)
            seen = images[..., top - above : top + TILE + REACH, left - before : left + TILE + REACH]
            for whole, part, (_, by) in zip(found, self.mend(seen, context), sizes, strict=True):
                rows, columns = (slice(start // by, (start + TILE) // by) for start in (above, before))
                done = part[..., rows, columns]
                whole[..., top // by :, left // by :][..., : done.shape[-2], : done.shape[-1]] = done
        mended, maps, features = found
        return mended, maps, features

    def mend(self, images: Tensor, context: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The images (sides multiples of `MULTIPLE`) mended, not clamped; the maps and the features of its `Sight`."""
        told, pattern = context.split([TOLD, LATTICE], dim=1)
        details, share, middle, coarse = self.trunk(images, told, pattern.view(-1, 3, MULTIPLE, MULTIPLE))
        mended = images + share * self.recoloured(images, told) + details
        return mended, self.maps(middle), torch.cat([coarse, F.avg_pool2d(middle, 2)], 1)

    def look(self, images: Tensor, kinds: Tensor) -> Tensor:
        """The context of whole pictures, `[N,TOLD+LATTICE]`."""
        small = min(1.0, GLANCE / max(images.shape[-2:]))
        size = [max(1, round(side * small)) for side in images.shape[-2:]]
        judged = self.glance(F.interpolate(images, size, mode="area"))
        judged = self.judge(torch.cat([kinds, judged], dim=1))
        return torch.cat([kinds, judged, lattice(images).flatten(1)], dim=1)

    def recoloured(self, images: Tensor, told: Tensor) -> Tensor:
        """How much each pixel's colour changes: a quadratic function of it, `[N,3,H,W]`."""
        centred = images - 0.5
        red, green, blue = centred.split(1, dim=1)
        terms = torch.cat([centred, centred.square(), red * green, red * blue, green * blue], dim=1)
        shift, weight = self.colour(told).view(-1, 3, 10).split([1, 9], dim=2)
        change = torch.baddbmm(shift, weight, terms.flatten(2))
        return change.view_as(images)

    def trunk(self, images: Tensor, told: Tensor, pattern: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The residual of the details `[N,3,H,W]`, the share of the colour transform `[N,1,H,W]`, and features at a
        quarter and an eighth of the size."""
        height, width = (side // MULTIPLE for side in images.shape[-2:])
        detail, pattern = (LOUDER * unshuffled(each) for each in (images - smooth(images, 2), pattern))
        shown = torch.cat([unshuffled(images) - 0.5, detail, pattern.repeat(1, 1, height, width)], dim=1)
        fine = self.encode_fine(self.stem(shown), told)
        middle = self.encode_middle(self.to_middle(fine), told)
        coarse = self.bottom(self.to_coarse(middle), told)
        middle = self.decode_middle(middle + F.pixel_shuffle(self.from_coarse(coarse), 2), told)
        fine = self.decode_fine(fine + F.pixel_shuffle(self.from_middle(middle), 2), told)
        details, share = F.pixel_shuffle(self.heads(fine, told[:, :KINDS]), 2).split([3, 1], dim=1)
        return details, (share + 1).sigmoid(), middle, coarse

    def heads(self, fine: Tensor, kinds: Tensor) -> Tensor:
        """What the common head and those of the kinds, each as far as it was named, add up to: `[N,16,h,w]`.

        Their weights are added up, not what they give, so that all cost as much as one."""
        told = F.pad(kinds, (1, 0), value=1.0)
        weight = (told @ self.head.weight.reshape(1 + KINDS, -1)).view(-1, *self.head.weight.shape[1:])
        bias = (told @ self.head.bias.view(1 + KINDS, -1)).flatten()
        found = F.conv2d(fine.flatten(0, 1)[None], weight, bias, padding=1, groups=len(fine))
        return found.view(len(fine), -1, *fine.shape[2:])


def padded(images: Tensor) -> Tensor:
    """With sides that are multiples of `MULTIPLE`."""
    height, width = images.shape[-2:]
    return F.pad(images, (0, -width % MULTIPLE, 0, -height % MULTIPLE), mode="replicate")


def smooth(values: Tensor, reach: int) -> Tensor:
    """Means of what is within `reach` pixels."""
    there = across(values.new_ones(1, 1, *values.shape[2:]), reach, torch.add)
    return across(values, reach, torch.add) / there


def across(values: Tensor, reach: int, join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """What is within `reach` pixels, a power of two, joined down and then across, with 0 beyond the edge. Two by two,
    then these two by two: torch's own pools take twenty times as long."""
    for beyond, axis in (((0, 0, reach, reach), 2), ((reach, reach, 0, 0), 3)):
        padded, length, span = F.pad(values, beyond), values.shape[axis], 1
        joined = padded
        while span < 2 * reach:
            rest = joined.shape[axis] - span
            joined, span = join(joined.narrow(axis, 0, rest), joined.narrow(axis, span, rest)), 2 * span
        values = join(joined.narrow(axis, 0, length), padded.narrow(axis, span, length))
    return values


def unshuffled(images: Tensor) -> Tensor:
    """`F.pixel_unshuffle(images, 2)`, in a quarter of its time."""
    return torch.stack([images[..., row::2, column::2] for row in (0, 1) for column in (0, 1)], 2).flatten(1, 2)


def enlarged(maps: Tensor, size: tuple[int, ...]) -> Tensor:
    """Maps of the fixer's size -> of the pictures'."""
    return F.interpolate(maps, scale_factor=QUARTER, mode="bilinear")[..., : size[0], : size[1]]


def lattice(images: Tensor) -> Tensor:
    """What repeats in each cell of 8x8 pixels: the mean detail at each place in a cell, over all cells of a picture.
    `[N,3,H,W]` -> `[N,3,8,8]`."""
    height, width = (side - side % MULTIPLE if side > MULTIPLE else side for side in images.shape[-2:])
    images = padded(images[..., :height, :width])
    slopes = F.interpolate(F.avg_pool2d(images, MULTIPLE), scale_factor=MULTIPLE, mode="bilinear")
    cells = (images - slopes).clamp(-LOUD, LOUD).unflatten(3, (-1, MULTIPLE)).unflatten(2, (-1, MULTIPLE))
    return cells.mean((2, 4))
