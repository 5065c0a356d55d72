"""Numbers that describe a region of a picture, from the means over it: logs of energies, shares, correlations."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .periods import BINS, Means

LENGTH = 337
"""How many numbers describe a region: D."""


def _log(values: Tensor, least: float) -> Tensor:
    return (values.clamp_min(0) + least).log()


def described(means: Means, area: float) -> Tensor:
    """`[N,p,D]` from means over regions of `area` pixels."""
    groups = [
        *(_contrast(means, name) for name in ("fine", "coarse")),
        *(_noise(means, name) for name in ("red", "green", "blue")),
        _bands(means),
        _steps(means),
        _edges(means),
        *(_flow(means, name) for name in ("fine", "coarse")),
        *(_ends(means, end) for end in ("low", "high")),
        _colours(means),
        *(_phases(means, name) for name in ("luma", "chroma")),
        *(_tiles(means, name, area) for name in ("luma", "blue", "red")),
        _cosines(means),
        _orders(means),
        _levels(means["levels"]),
    ]
    return torch.cat(groups, dim=-1)


def _contrast(means: Means, name: str) -> Tensor:
    size, square, above, fourth = means[f"{name} values"].unbind(-1)
    found = [_log(size, 0.01), _log(square, 0.01), above / (square + 0.01), _log(fourth, 0.01) - 2 * _log(square, 0.01)]
    spread = means[f"{name} spread"]
    found += [_log(spread[..., 0], 0.1), _log(spread[..., 1], 0.1), *spread[..., 2:].unbind(-1)]
    found += list((means[f"{name} lags"] / (square + 0.01)[..., None]).unbind(-1))
    for number in range(4):
        mean, size, square, above = means[f"{name} product {number}"].unbind(-1)
        found += [mean / (size + 0.01), _log(size, 0.01), _log(square, 0.01), above / (square + 0.01)]
    return torch.stack(found, -1)


def _noise(means: Means, name: str) -> Tensor:
    size, square, *shares = means[f"{name} noise"].unbind(-1)
    flat, flat_size, flat_share = means[f"{name} flat noise"].unbind(-1)
    found = [_log(size, 0.05), _log(square, 0.05) - 2 * _log(size, 0.05), *shares]
    return torch.stack([*found, flat, _log(flat_size / (flat + 1e-3), 0.05), flat_share / (flat + 1e-3)], -1)


def _bands(means: Means) -> Tensor:
    found = []
    for octave in range(4):
        sizes, squares = means[f"luma octave {octave}"].split(3, -1)
        found += [_log(sizes, 0.05), _log(squares, 0.05) - 2 * _log(sizes, 0.05)]
    for name in ("blue", "red"):
        for octave in range(3):
            sizes, squares = means[f"{name} chroma octave {octave}"].split(1, -1)
            found += [_log(sizes, 0.05), _log(squares, 0.05) - 2 * _log(sizes, 0.05)]
    return torch.cat(found, -1)


def _steps(means: Means) -> Tensor:
    found = []
    for axis in ("across", "down"):
        change, equal, still, gentle, lone, wide, height = means[f"steps {axis}"].unbind(-1)
        found += [_log(change, 0.05), equal, still, gentle, _log(lone, 0.002), _log(wide, 0.002)]
        found += [_log(height / (wide + 1e-4), 0.5), _log(lone / (1.001 - still), 0.01)]
    return torch.stack(found, -1)


def _edges(means: Means) -> Tensor:
    found, energies = [], []
    for octave in range(4):
        size, square, cube, fourth = means[f"band {octave}"].unbind(-1)
        energies.append(square)
        found += [_log(size, 0.05), cube / (square + 0.1) ** 1.5, _log(fourth, 0.01) - 2 * _log(square, 0.1)]
    for pair, (a, b) in zip(means["band pairs"].unbind(-1), ((0, 1), (1, 2), (2, 3), (0, 2), (1, 3)), strict=True):
        found.append(pair / ((energies[a] + 0.1) * (energies[b] + 0.1)).sqrt())
    return torch.stack(found, -1)


def _flow(means: Means, name: str) -> Tensor:
    strength, lean, share, square = means[f"{name} flow"].unbind(-1)
    return torch.stack([_log(lean / (strength + 1), 0.01), share, square], -1)


def _ends(means: Means, end: str) -> Tensor:
    """Of the channels on average, and of the one with most."""
    each = torch.stack([means[f"{name} {end}"] for name in ("red", "green", "blue")], -1)
    flat, leaving, gentle, light = each.unbind(-2)
    found = [_log(flat, 1e-3), _log(leaving, 1e-3), gentle / (leaving + 1e-3), _log(light / (flat + 1e-3), 0.05)]
    return torch.cat([part for one in found for part in (one.mean(-1, keepdim=True), one.amax(-1, keepdim=True))], -1)


def _colours(means: Means) -> Tensor:
    red, green, blue = (means["fine channel energies"] + 0.1).unbind(-1)
    light, first, second, vivid = means["colour means"].unbind(-1)
    squares = means["colour squares"]
    spread = squares - torch.stack([light**2, first**2, second**2, light * first, light * second, first * second], -1)
    variance = spread[..., :3].clamp_min(0) + 1
    a, b, c = variance.unbind(-1)
    correlations = spread[..., 3:] / torch.stack([a * b, a * c, b * c], -1).sqrt()
    plain = torch.stack([red.log(), green.log(), blue.log(), light / 64, first / 16, second / 16, _log(vivid, 1)], -1)
    together = [_together(means, name) for name in ("fine", "coarse")]
    return torch.cat([plain, variance.log(), correlations, *together], -1)


def _together(means: Means, name: str) -> Tensor:
    """Correlations of the channels' details in place; those beside: the highest, and how far they are apart."""
    red, green, blue = (means[f"{name} channel energies"] + 0.1).unbind(-1)
    pairs = means[f"{name} channel pairs"] / torch.stack([red * green, green * blue, red * blue], -1).sqrt()
    beside = means[f"{name} channels beside"].unflatten(-1, (2, 4))
    beside = beside / torch.stack([red * green, green * blue], -1).sqrt()[..., None]
    high, low = beside.amax(-1), beside.amin(-1)
    return torch.cat([pairs, high, high - low], -1)


def _phases(means: Means, name: str) -> Tensor:
    """How one place in the period of 8 stands out, and how places 2 and 4 apart go together."""
    found = []
    for what in ("change", "jump"):
        across, down = (means[f"{name} {what} {axis}"] for axis in ("across", "down"))
        scale = [means[f"{name} change {axis}"].mean(-1) + 0.1 for axis in ("across", "down")]
        each = [_periods(one, by) for one, by in zip((across, down), scale, strict=True)]
        found += [torch.maximum(*each), torch.minimum(*each)]
    return torch.cat(found, -1)


def _periods(profile: Tensor, scale: Tensor) -> Tensor:
    off = (profile - profile.mean(-1, keepdim=True)) / scale[..., None]
    two, four = off.unflatten(-1, (4, 2)).mean(-2), off.unflatten(-1, (2, 4)).mean(-2)
    return torch.stack([off[..., 0], off.amax(-1), two.amax(-1), four.amax(-1)], -1).add(0.02).clamp_min(0.001).log()


def _tiles(means: Means, name: str, area: float) -> Tensor:
    """The energy of the mean tile by its period, 2, 4 or 8, beyond what chance leaves, as a share of all there is."""
    tile, residual = means[f"{name} tile"].unflatten(-1, (8, 8)), means[f"{name} residual"][..., 0]
    found, before = [], torch.zeros_like(residual)
    for period in (2, 4, 8):
        mean = tile.unflatten(-1, (8 // period, period)).mean(-2).unflatten(-2, (8 // period, period)).mean(-3)
        energy = mean.square().mean((-1, -2)) - residual * period**2 / area
        part = energy - before
        found += [_log(part / (residual + 0.05), 1e-3), _log(part, 1e-3)]
        before = energy
    return torch.stack([*found, _log(residual, 0.05)], -1)


def _cosines(means: Means) -> Tensor:
    (here, sizes), (beside, _) = (means[name].split(6, -1) for name in ("blocks", "between blocks"))
    return torch.cat([here, _log(sizes, 0.05), 8 * (here - beside)], -1)


def _orders(means: Means) -> Tensor:
    """Energy by frequency along the axes: where it ends, and whether both end alike."""
    across, down = _log(means["orders"], 0.02).split(7, -1)
    return torch.cat([(across + down) / 2, (across - down).abs(), across.diff(dim=-1) + down.diff(dim=-1)], -1)


def _levels(shares: Tensor) -> Tensor:
    """`[N,p,4*256]` -> how few levels there are at three widths of bins, what is at the ends, and where light lies."""
    histogram = shares.unflatten(-1, (4, BINS))
    squared = [_crowding(histogram, width) for width in (1, 4, 16)]
    ends = [histogram[..., :1], histogram[..., 255:], histogram[..., 1:5], histogram[..., 251:255]]
    masses = [_log(end.sum(-1), 1e-3) for end in ends]
    middle = histogram[..., 2:-2]
    rough = (2 * middle - histogram[..., :-4] - histogram[..., 4:]).abs().sum(-1) / (middle.sum(-1) + 1e-3)
    each = torch.stack([*squared, squared[0] - squared[1], squared[1] - squared[2], *masses, rough], -1)
    luma = each[..., 3, :]
    colours = each[..., :3, :]
    light = _log(histogram[..., 3, :].unflatten(-1, (8, 32)).sum(-1), 0.01)
    return torch.cat([luma, colours.mean(-2), colours.amax(-2), light], -1)


def _crowding(histogram: Tensor, width: int) -> Tensor:
    return _log(histogram.unflatten(-1, (BINS // width, width)).sum(-1).square().sum(-1), 1e-3) + math.log(BINS / width)
