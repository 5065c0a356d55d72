"""What is averaged over a picture before anything is concluded: means of simple functions of pixels and neighbours.

Names to `[B,k,r,c]`: k means over each of r x c cells of B views. All values are in grey levels (0..255) of luma or of
a channel. Smooth in the pixels, so that a gradient reaches them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from .periods import Means, cells, cosines, histograms, near_zero, phases, tiles

LUMA = (0.299, 0.587, 0.114)
BINOMIAL = (1 / 64, 6 / 64, 15 / 64, 20 / 64, 15 / 64, 6 / 64, 1 / 64)
"""Near a Gaussian of sigma 7/6, the window of Mittal et al. 2012."""
SPLINE = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
"""The B3 spline of the à trous wavelets (Starck and Murtagh 1994)."""


def smooth(image: Tensor, taps: tuple[float, ...], step: int = 1) -> Tensor:
    """`[B,h,w]` under a separable window, its taps `step` pixels apart; the edge is repeated."""
    for axis in (1, 2):
        reach = step * (len(taps) // 2)
        padded = F.pad(image, (reach, reach, 0, 0) if axis == 2 else (0, 0, reach, reach), mode="replicate")
        length = image.shape[axis]
        image = padded.narrow(axis, 0, length) * taps[0]
        for place, tap in enumerate(taps[1:], 1):
            image = torch.add(image, padded.narrow(axis, place * step, length), alpha=tap)
    return image


def moments(views: Tensor, rows: int, columns: int) -> Means:
    """`[B,3,h,w]` in grey levels, sides multiples of 32 (of 8 within a cell)."""
    red, green, blue = views.unbind(1)
    luma = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
    chroma = (0.564 * (blue - luma), 0.713 * (red - luma))
    halves = [half(plane) for plane in (luma, *chroma)]
    mean = smooth(luma, BINOMIAL)
    found: dict[str, list[Tensor]] = {
        **normalised("fine", luma, mean),
        **normalised("coarse", halves[0], smooth(halves[0], BINOMIAL)),
        **noise(views, halves[0]),
        **bands(luma, chroma),
        **steps(luma),
        **edges(halves[0]),
        **flow(luma, halves[0]),
        **ends(views, luma),
        **channels(views),
        **colours(luma, chroma, halves),
    }
    pooled = {name: torch.stack([cells(one, rows, columns) for one in many], 1) for name, many in found.items()}
    size = (rows, columns)
    return {
        **pooled,
        **phases(luma, *halves[1:], *size),
        **tiles(luma - mean, chroma, *size),
        **cosines(luma, *size),
        "levels": histograms(torch.stack([red, green, blue, luma], 1), *size),
    }


def half(image: Tensor) -> Tensor:
    return F.avg_pool2d(image[:, None], 2)[:, 0]


def normalised(name: str, image: Tensor, mean: Tensor) -> dict[str, list[Tensor]]:
    """Mean-subtracted contrast-normalised values and their products with neighbours (Mittal et al. 2012), and what
    they were normalised by."""
    off = image - mean
    variance = smooth(off.square(), BINOMIAL)
    spread = (variance + 0.05).sqrt()
    value = off / (spread + 1)
    square = value.square()
    found = {
        f"{name} values": [value.abs(), square, F.relu(value).square(), square.square().clamp(max=40)],
        f"{name} spread": [spread, variance, *(near_zero(spread, reach) for reach in (1, 3, 8))],
        f"{name} lags": [value[:, :, lag:] * value[:, :, :-lag] for lag in (2, 3, 4, 6)]
        + [value[:, lag:] * value[:, :-lag] for lag in (2, 3, 4, 6)],
    }
    neighbours = ((value[:, :, 1:], value[:, :, :-1]), (value[:, 1:], value[:, :-1]))
    diagonal = ((value[:, 1:, 1:], value[:, :-1, :-1]), (value[:, 1:, :-1], value[:, :-1, 1:]))
    for number, (one, other) in enumerate(neighbours + diagonal):
        product = one * other
        found[f"{name} product {number}"] = [product, product.abs(), product.square(), F.relu(product).square()]
    return found


def haar(image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Means, and details across columns, across rows, and across both: `[B,h,w]` -> four of `[B,h/2,w/2]`."""
    top, bottom = image[:, ::2], image[:, 1::2]
    total, change = top + bottom, top - bottom
    a, b, c, d = total[..., ::2], total[..., 1::2], change[..., ::2], change[..., 1::2]
    return (a + b) / 4, (a - b) / 4, (c + d) / 4, (c - d) / 4


def noise(views: Tensor, small: Tensor) -> dict[str, list[Tensor]]:
    """Finest diagonal details of each channel, everywhere and where the picture is flat."""
    slope = smooth(small, SPLINE)
    slope = F.pad(
        (slope[:, 2:, 2:] - slope[:, :-2, :-2]).square() + (slope[:, 2:, :-2] - slope[:, :-2, 2:]).square(),
        (1, 1, 1, 1),
    )
    flat = 16 / (16 + slope)
    found = {}
    for name, channel in zip(("red", "green", "blue"), views.unbind(1), strict=True):
        detail = haar(channel)[3]
        size = detail.abs()
        found[f"{name} noise"] = [size, detail.square(), *(near_zero(detail, reach) for reach in (0.7, 2, 6))]
        found[f"{name} flat noise"] = [flat, flat * size, flat * near_zero(detail, 1.5)]
    return found


def bands(luma: Tensor, chroma: tuple[Tensor, Tensor]) -> dict[str, list[Tensor]]:
    """Sizes and energies of Haar details: of luma in four octaves and three directions, of chroma in three octaves."""
    found = {}
    for name, image, octaves in (("luma", luma, 4), ("blue chroma", chroma[0], 3), ("red chroma", chroma[1], 3)):
        for octave in range(octaves):
            image, *details = haar(image)
            if name == "luma":
                found[f"luma octave {octave}"] = [d.abs() for d in details] + [d.square() for d in details]
            else:
                sizes, squares = sum(d.abs() for d in details), sum(d.square() for d in details)
                found[f"{name} octave {octave}"] = [sizes, squares]
    return found


def steps(luma: Tensor) -> dict[str, list[Tensor]]:
    """How flat it is between neighbours, and how often a lone step stands between flats, as bands leave them."""
    found = {}
    for name, image in (("across", luma), ("down", luma.transpose(1, 2))):
        change = image[..., 1:] - image[..., :-1]
        still = near_zero(change, 1.5)
        lone = still[..., :-2] * still[..., 2:] * (1 - still[..., 1:-1])
        parts = [change.abs(), near_zero(change, 0.6), still, near_zero(change, 5), lone]
        wide = still[..., :-4] * lone[..., 1:-1] * still[..., 4:]
        parts += [wide, wide * change[..., 2:-2].abs()]
        found[f"steps {name}"] = [part if name == "across" else part.transpose(1, 2) for part in parts]
    return found


def edges(small: Tensor) -> dict[str, list[Tensor]]:
    """À trous bands, at half size: energies, skew, and how one goes with the next, which overshoot changes."""
    found, details = {}, []
    for octave in range(4):
        blurred = smooth(small, SPLINE, 2**octave)
        details.append(small - blurred)
        small = blurred
    for octave, detail in enumerate(details):
        square = detail.square()
        found[f"band {octave}"] = [detail.abs(), square, square * detail, square.square()]
    pairs = [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3)]
    found["band pairs"] = [details[a] * details[b] for a, b in pairs]
    return found


def flow(luma: Tensor, small: Tensor) -> dict[str, list[Tensor]]:
    """How far nearby slopes have one direction, at half and at quarter size, by the structure tensor (Förstner and
    Gülch 1987): what lies along lines, or was drawn along them."""
    found = {}
    for name, image in (("fine", luma), ("coarse", small)):
        _, right, down, _ = haar(image)
        xx, yy, xy = (smooth(each, SPLINE) for each in (right.square(), down.square(), right * down))
        strength = xx + yy
        lean = ((xx - yy).square() + 4 * xy.square() + 0.01).sqrt()
        share = lean / (strength + 1)
        found[f"{name} flow"] = [strength, lean, share, share.square()]
    return found


def ends(views: Tensor, luma: Tensor) -> dict[str, list[Tensor]]:
    """Of each channel, in every second row: how much lies flat at an end of the range, how much leaves it and how
    gently, and what light does meanwhile in the others, which a clipped channel no longer follows."""
    light = (luma[:, ::2, 1:] - luma[:, ::2, :-1]).abs()
    found = {}
    for end, distances in (("low", views[:, :, ::2]), ("high", 255 - views[:, :, ::2])):
        for name, distance in zip(("red", "green", "blue"), distances.unbind(1), strict=True):
            at = near_zero(distance, 2)
            before, after = at[..., :-1], at[..., 1:]
            flat, leaving = before * after, before + after - 2 * before * after
            gentle = leaving * near_zero(distance[..., 1:] - distance[..., :-1], 16)
            found[f"{name} {end}"] = [flat, leaving, gentle, flat * light]
    return found


def channels(views: Tensor) -> dict[str, list[Tensor]]:
    """How the fine details of the channels go together, in place and two pixels beside, at full and at half size."""
    return {**_together("fine", views), **_together("coarse", F.avg_pool2d(views, 2))}


def _together(name: str, views: Tensor) -> dict[str, list[Tensor]]:
    around = views[:, :, :-2, 1:-1] + views[:, :, 2:, 1:-1] + views[:, :, 1:-1, :-2] + views[:, :, 1:-1, 2:]
    red, green, blue = (views[:, :, 1:-1, 1:-1] - around / 4).unbind(1)
    across, down = green[..., 2:-2], green[:, 2:-2]
    beside = [
        pair
        for other in (red, blue)
        for pair in (other[..., 4:] * across, other[..., :-4] * across, other[:, 4:] * down, other[:, :-4] * down)
    ]
    return {
        f"{name} channel energies": [one.square() for one in (red, green, blue)],
        f"{name} channel pairs": [red * green, green * blue, red * blue],
        f"{name} channels beside": beside,
    }


def colours(luma: Tensor, chroma: tuple[Tensor, Tensor], halves: list[Tensor]) -> dict[str, list[Tensor]]:
    """First and second moments of luma and chroma at half size."""
    light, blue, red = halves
    return {
        "colour means": [light, blue, red, (blue.square() + red.square() + 1).sqrt()],
        "colour squares": [light.square(), blue.square(), red.square(), light * blue, light * red, blue * red],
    }
