"""Pictures of small pieces: a printer's dots, and tiles in grout."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from .color import from_lab, lightness, paint, toned
from .filters import gaussian, grid, level, sample, scatter, unit
from .flats import detailed
from .lines import turned

SCREENS = {"#00a4dc": 15.0, "#e4197f": 75.0, "#ffe100": 0.0, "#1b1b1b": 45.0}
"""Cyan, magenta, yellow and black, as printed, and the classic angle of each one's screen in degrees."""

MARGIN = 4  # lattice cells around the picture: tiles reach in from outside


def halftone(images: Tensor, dot: float, colored: bool, paper: str) -> Tensor:
    """Round dots that grow with the tone, one screen for each ink, printed over each other."""
    scale = unit(images)
    pitch = max(dot, 4 / scale)
    soft = gaussian(_vivid(images), 0.22 * pitch * scale)
    crisp = soft + 0.5 * (soft - gaussian(soft, pitch * scale))
    amounts = _separated(from_lab(100 * crisp)) if colored else 1 - crisp[:, :1].clamp(0, 1)
    printed = paint(paper, images)
    for amount, (ink, angle) in zip(amounts.split(1, 1), list(SCREENS.items())[-amounts.shape[1] :], strict=True):
        covered = _screened(amount, angle, pitch)
        printed = printed * (1 - covered * (1 - paint(ink, images)))
    return printed


def _vivid(images: Tensor) -> Tensor:
    """Lab / 100, brighter and more colourful, to make up for what the gaps take away."""
    lab = toned(images, 0.6)
    return torch.cat((lab[:, :1], 1.2 * lab[:, 1:]), 1)


def _separated(images: Tensor) -> Tensor:
    """Cyan, magenta, yellow and black in 0..1; black takes over what is grey, the more the darker it is."""
    inks = (1 - images).clamp(0, 1)
    grey = inks.amin(1, keepdim=True)
    black = ((grey - 0.4) / 0.52).clamp(0, 1) ** 1.3
    return torch.cat(((inks - black) / (1 - black).clamp_min(1e-3), black), 1).clamp(0, 1)


def _screened(amount: Tensor, degrees: float, pitch: float) -> Tensor:
    """The share of each pixel under the dots of a screen that covers `amount` of the paper."""
    u, v = turned(*grid(amount), degrees)
    u, v = 2 * math.pi * u / pitch, 2 * math.pi * v / pitch
    hill = u.cos() + v.cos()
    steep = (u.sin() ** 2 + v.sin() ** 2).sqrt().clamp_min(0.5)
    pixel = 2 * math.pi * steep / (pitch * unit(amount))
    return ((hill - _height(amount)) / pixel + 0.5).clamp(0, 1)


def _height(amount: Tensor) -> Tensor:
    """The height that cos u + cos v exceeds over `amount` of the plane: beyond its peaks for none, and for all."""
    x = (torch.arange(256, device=amount.device, dtype=amount.dtype) + 0.5) * (math.pi / 256)
    heights = (x.cos()[:, None] + x.cos()).flatten().sort(descending=True).values[::256]
    heights = torch.cat((heights.new_tensor([2.6]), heights[1:], heights.new_tensor([-2.6])))
    at = amount * (len(heights) - 1)
    low = at.floor().long().clamp(0, len(heights) - 2)
    return torch.lerp(heights[low], heights[low + 1], at - low)


def mosaic(images: Tensor, tile: float, irregularity: float, grout: float) -> Tensor:
    """Tiles of one colour each, small where there is something to see, with a darker shade of each as its grout.

    The tiles are the Voronoi cells of a jittered lattice (Worley 1996), whose squares divide in four over details.
    """
    scale = unit(images)
    half = max(tile / 2, 3 / scale)
    here = torch.stack([at.expand(1, 1, *images.shape[-2:]).flatten() / half for at in grid(images)])
    seeds, tiles = _lattice(detailed(level(lightness(images)), scale), half * scale, irregularity)
    columns = seeds.shape[-1]
    seeds, tiles = seeds.flatten(2), tiles.flatten(1)
    nearest, square = _nearest(here, seeds, columns)
    edge, facing = _edge(here, seeds, columns, nearest)
    tiles = tiles.gather(1, square)
    color = _averaged(from_lab(100 * _vivid(images)).flatten(2), tiles)
    color = color * (0.95 + 0.1 * scatter(tiles, tiles, 23)[:, None])
    glazed = color * (1 + 0.16 * facing * torch.exp(-edge / 0.15))
    laid = ((edge - 0.1 * grout) * half * scale + 0.5).clamp(0, 1)
    return torch.lerp(0.55 * color, glazed, laid).clamp(0, 1).view(images.shape)


def _lattice(detail: Tensor, half: float, irregularity: float) -> tuple[Tensor, Tensor]:
    """Small squares, `half` pixels a side; four make a large one where `detail`, `[N,1,H,W]`, is low.

    Returns the seed of each square's tile, `[N,2,rows,columns]` in squares from the picture's corner, and that tile's
    number, `[N,rows,columns]`.
    """
    ends = [2 * math.ceil(n / half / 2) + MARGIN for n in detail.shape[-2:]]
    j, i = torch.meshgrid(*(torch.arange(-MARGIN, end, device=detail.device) for end in ends), indexing="ij")
    small = torch.stack((i, j))
    large = small // 2 * 2
    size = detail.new_tensor(detail.shape[:1:-1]).view(2, 1, 1) / half
    middles = (2 * (large + 1) / size - 1).permute(1, 2, 0).expand(len(detail), -1, -1, -1)
    divided = sample(gaussian(detail, half / 2), middles) > 0.25
    corner = torch.where(divided, small, large)
    width = torch.where(divided, 1, 2)
    seeds = corner + width * (0.5 + (0.8 - 0.1 * width) * irregularity * _jitter(corner))
    return seeds, (corner[:, 1] + MARGIN) * corner.shape[-1] + corner[:, 0] + MARGIN


def _jitter(corner: Tensor) -> Tensor:
    x, y = corner.unbind(1)
    return torch.stack((scatter(x, y, 21), scatter(x, y, 22)), 1) - 0.5


def _around(here: Tensor, columns: int) -> Iterator[Tensor]:
    """The numbers of the 25 squares around each pixel, `[P]` each: those whose tiles may reach it."""
    x, y = here.floor().long() + MARGIN
    own = y * columns + x
    return (own + j * columns + i for j in range(-2, 3) for i in range(-2, 3))


def _nearest(here: Tensor, seeds: Tensor, columns: int) -> tuple[Tensor, Tensor]:
    """For each pixel the way to the nearest seed, `[N,2,P]`, and a square of its tile, `[N,P]`."""
    least = here.new_full((len(seeds), here.shape[1]), math.inf)
    found = torch.zeros_like(least, dtype=torch.long)
    for square in _around(here, columns):
        far = _ways(here, seeds, square).square().sum(1)
        found = torch.where(far < least, square, found)
        least = torch.minimum(far, least)
    return _ways(here, seeds, found[:, None]), found


def _ways(here: Tensor, seeds: Tensor, square: Tensor) -> Tensor:
    """From each pixel to the seed of a square, `[N,2,P]`."""
    return seeds.gather(2, square.expand(len(seeds), 2, -1)) - here


def _edge(here: Tensor, seeds: Tensor, columns: int, nearest: Tensor) -> tuple[Tensor, Tensor]:
    """The distance to the tile's rim, `[N,1,P]` in squares, and how that rim faces a lamp at the top left, -1..1."""
    edge = torch.full_like(nearest[:, :1], 9.0)
    facing = torch.zeros_like(edge)
    for square in _around(here, columns):
        way = _ways(here, seeds, square)
        apart = way - nearest
        length = apart.square().sum(1, keepdim=True).sqrt().clamp_min(1e-3)
        far = ((way + nearest) * apart).sum(1, keepdim=True) / (2 * length) + 9 * (length < 0.01)
        facing = torch.where(far < edge, -apart.sum(1, keepdim=True) / (math.sqrt(2) * length), facing)
        edge = torch.minimum(far, edge)
    return edge, facing


def _averaged(colors: Tensor, tiles: Tensor) -> Tensor:
    """Each pixel of `[N,3,P]` gets the mean of those on the same tile, `[N,P]`."""
    index = tiles[:, None].expand(-1, 4, -1)
    sums = colors.new_zeros(len(colors), 4, int(index.max()) + 1)
    sums.scatter_add_(2, index, torch.cat((colors, torch.ones_like(colors[:, :1])), 1))
    return (sums[:, :3] / sums[:, 3:].clamp_min(1)).gather(2, index[:, :3])
