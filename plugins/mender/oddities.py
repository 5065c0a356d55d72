"""Faults without a name: what else can befall a picture, so that the detector learns to see that something did.

None of them is a kind that it names, and none is one of those held out to measure it by: no cells, no displaced
channels, no specks of black and white, no blur along lines, no cut-off frequencies, nothing wiped or dragged.
Functions as in `zoo.training.degradations`: `(picture [3,H,W] in 0..1, severity 0..1, rng) -> picture [3,H,W]`.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Generator, Tensor

from zoo.latents import subseed
from zoo.training.anomalies import last_step, patch
from zoo.training.degradations import Degradation, choice, gaussian, uniform


def median(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Each value the median of 3x3, again and again: flat areas, crisp edges."""
    spoilt = picture
    for _ in range(1 + round(3 * severity)):
        padded = F.pad(spoilt[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
        rows = torch.stack([padded[:, n : n + picture.shape[1]] for n in range(3)]).sort(0).values
        low, middle, high = (torch.stack([row[..., n : n + picture.shape[2]] for n in range(3)]) for row in rows)
        spoilt = torch.stack([low.amax(0), middle.median(0).values, high.amin(0)]).median(0).values
    return torch.lerp(picture, spoilt, min(1.0, 3 * severity))


def kernel(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Under 5x5 weights drawn by chance that add to 1."""
    weights = torch.randn(5, 5, generator=rng)
    weights = 0.6 * severity * (weights - weights.mean())
    weights[2, 2] += 1
    padded = F.pad(picture[:, None], (2, 2, 2, 2), mode="replicate")
    return F.conv2d(padded, weights[None, None])[:, 0]


def frosted(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Seen through frosted glass: pixels from anywhere within up to 4 pixels."""
    height, width = picture.shape[-2:]
    reach = 4 * severity**0.5
    down, right = ((2 * torch.rand(2, height, width, generator=rng) - 1) * reach).round().long()
    rows = (torch.arange(height)[:, None] + down).clamp(0, height - 1)
    columns = (torch.arange(width)[None] + right).clamp(0, width - 1)
    return torch.lerp(picture, picture[:, rows, columns], min(1.0, 4 * severity))


def solarised(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """A tone curve that goes up and down."""
    turns = 1 + choice(rng, 4)
    return picture + 0.25 * severity * torch.sin(2 * math.pi * (turns * picture + uniform(rng, 0, 1)))


def wavy(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Under rippled water: displaced by waves of 5 to 16 pixels."""
    height, width = picture.shape[-2:]
    y, x = torch.arange(height)[:, None].float(), torch.arange(width)[None].float()
    place = (x + y) if choice(rng, 2) else (x - y)
    wave = 2.5 * severity * torch.sin(2 * math.pi * place / uniform(rng, 5, 16) + uniform(rng, 0, 6))
    grid = torch.stack([(2 * (x + wave) + 1) / width - 1, (2 * (y + wave) + 1) / height - 1], -1)
    return F.grid_sample(picture[None], grid[None], padding_mode="border", align_corners=False)[0]


def lines(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Every second to fifth row or column darker or brighter."""
    upright = picture if choice(rng, 2) else picture.mT
    struck = (torch.arange(upright.shape[-2]) % (2 + choice(rng, 4)) == 0)[:, None]
    spoilt = upright + 0.3 * severity * (1 if choice(rng, 2) else -1) * struck
    return spoilt if upright is picture else spoilt.mT


def moire(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """A wave of brightness or of a colour, 3 to 20 pixels long, in any direction."""
    y, x = torch.arange(picture.shape[-2])[:, None], torch.arange(picture.shape[-1])[None]
    angle, length = uniform(rng, 0, math.pi), uniform(rng, 3, 20)
    wave = torch.sin(2 * math.pi * (x * math.cos(angle) + y * math.sin(angle)) / length)
    tint = torch.ones(3, 1, 1) if choice(rng, 2) else torch.randn(3, 1, 1, generator=rng).clamp(-1, 1)
    return picture + 0.15 * severity * tint * wave


def dithered_palette(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Few levels, and between them a pattern of ordered dots (Bayer 1973)."""
    bayer = torch.tensor([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 0.47
    height, width = picture.shape[-2:]
    dots = bayer.tile(-(-height // 4), -(-width // 4))[:height, :width]
    steps = max(2, round(2.5 / max(severity, 0.02)))
    return torch.lerp(picture, (picture * steps + dots).round() / steps, min(1.0, 8 * severity))


def bleeding(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Colours run beyond their edges, light and shade do not."""
    light = picture.mean(0, keepdim=True)
    return torch.lerp(picture, light + gaussian(picture - light, 1 + 6 * severity), min(1.0, 8 * severity))


def scratches(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Fine bright or dark lines at any angle."""
    y, x = torch.arange(picture.shape[-2])[:, None], torch.arange(picture.shape[-1])[None]
    for _ in range(1 + round(14 * severity)):
        angle = uniform(rng, 0, math.pi)
        row, column = uniform(rng, 0, picture.shape[-2]), uniform(rng, 0, picture.shape[-1])
        off = ((x - column) * math.sin(angle) - (y - row) * math.cos(angle)).abs()
        line = (uniform(rng, 0.8, 1.6) - off).clamp(0, 1)
        picture = torch.lerp(picture, torch.full_like(picture, choice(rng, 2)), 0.9 * min(1.0, 0.3 + severity) * line)
    return picture


def pasted(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Rectangles of it in the wrong places."""
    height, width = picture.shape[-2:]
    spoilt = picture.clone()
    for _ in range(1 + round(12 * severity)):
        down, right = (4 + choice(rng, max(1, side // 5)) for side in (height, width))
        top, left, above, before = (choice(rng, side - size) for side, size in ((height, down), (width, right)) * 2)
        spoilt[:, top : top + down, left : left + right] = picture[:, above : above + down, before : before + right]
    return spoilt


def defocused(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Out of focus: each point a disc of up to 4 pixels around."""
    radius = 4 * severity
    reach = math.ceil(radius) + 1
    off = torch.arange(-reach, reach + 1).float()
    disc = (radius + 0.5 - (off[:, None] ** 2 + off[None] ** 2).sqrt()).clamp(0, 1)
    padded = F.pad(picture[:, None], (reach,) * 4, mode="replicate")
    return F.conv2d(padded, (disc / disc.sum())[None, None])[:, 0]


def fringed(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """One channel out of focus, as by cheap lenses."""
    soft = gaussian(picture, 0.5 + 3 * severity)
    channel = torch.arange(3).view(3, 1, 1) == choice(rng, 3)
    return torch.where(channel, torch.lerp(picture, soft, min(1.0, 4 * severity)), picture)


def mosaiced(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """As a sensor sees it through a filter of colours (Bayer), and what is missing the mean of what is near."""
    height, width = picture.shape[-2:]
    place = 2 * (torch.arange(height)[:, None] % 2) + torch.arange(width)[None] % 2
    seen = torch.stack([place == 0, (place == 1) | (place == 2), place == 3])[torch.randperm(3, generator=rng)]
    near = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])[None, None]
    total, count = (F.conv2d(F.pad(each[:, None], (1,) * 4), near)[:, 0] for each in (picture * seen, seen.float()))
    return torch.lerp(picture, torch.where(seen, picture, total / count), min(1.0, 2 * severity))


def equalised(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Each octave of detail louder or softer, as chance has it."""
    spoilt, finer = picture, picture
    for octave in range(4):
        coarser = gaussian(picture, 0.7 * 2**octave)
        spoilt, finer = spoilt + severity * uniform(rng, -0.9, 0.9) * (finer - coarser), coarser
    return spoilt


def ghosted(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Exposed twice, the second time fainter and from elsewhere."""
    down, right = (choice(rng, 25) - 12 for _ in range(2))
    ghost = picture.roll((down, right or 5), (1, 2))
    return torch.lerp(picture, ghost, 0.5 * severity)


def thresholded(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Faint frequencies silenced, wherever they are: what denoising by a transform leaves."""
    waves = torch.fft.rfft2(picture, norm="ortho")
    spoilt = torch.fft.irfft2(waves * (waves.abs() > 0.25 * severity), picture.shape[-2:], norm="ortho")
    return torch.lerp(picture, spoilt, min(1.0, 8 * severity))


def swollen(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Each value the highest, or the lowest, of those within up to 3 pixels."""
    sign, side = 2 * choice(rng, 2) - 1, 3 + 2 * round(2 * severity)
    spoilt = sign * F.max_pool2d(sign * picture[None], side, 1, side // 2)[0]
    return torch.lerp(picture, spoilt, min(1.0, 0.2 + severity))


def jagged(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Turned, and turned back, by whole pixels."""
    angle = uniform(rng, 0.1, 0.7)
    sine, cosine = math.sin(angle), math.cos(angle)
    y, x = torch.arange(picture.shape[-2])[:, None], torch.arange(picture.shape[-1])[None]
    along, beside = (x * cosine + y * sine).round(), (y * cosine - x * sine).round()
    rows = (along * sine + beside * cosine).round().long().clamp(0, picture.shape[-2] - 1)
    columns = (along * cosine - beside * sine).round().long().clamp(0, picture.shape[-1] - 1)
    return torch.lerp(picture, picture[:, rows, columns], min(1.0, 2 * severity))


def aliased(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Every other pixel or so left out, and filled in smoothly from the others."""
    small = [max(4, round(side / (1 + 2 * severity))) for side in picture.shape[-2:]]
    few = F.interpolate(picture[None], small, mode="nearest-exact")
    return F.interpolate(few, picture.shape[-2:], mode="bicubic")[0]


def combed(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Every other row or column from beside: two moments in one picture."""
    upright = picture if choice(rng, 2) else picture.mT
    every = (torch.arange(upright.shape[-2]) % 2 == 0)[:, None]
    spoilt = torch.where(every, upright.roll(1 + round(5 * severity), 2), upright)
    spoilt = torch.lerp(upright, spoilt, min(1.0, 2 * severity))
    return spoilt if upright is picture else spoilt.mT


ODDITIES: tuple[Degradation, ...] = (
    *(median, kernel, frosted, solarised, wavy, lines),
    *(moire, dithered_palette, bleeding, scratches, pasted),
    *(defocused, fringed, mosaiced, equalised, ghosted),
    *(thresholded, swollen, jagged, aliased, combed),
)


def odd(images: Tensor, seed: int, local: float = 0.3, severity: tuple[float, float] = (0.1, 1.0)) -> Tensor:
    """`images` `[N,3,H,W]` in 0..1, each with an oddity, in a patch by the chance `local`, and the last step."""
    seeds = [subseed(seed, f"oddity {number}") for number in range(len(images))]
    spoilt = [_odd(image, each, local, severity) for image, each in zip(images, seeds, strict=True)]
    return last_step(torch.stack(spoilt), seed)


def _odd(image: Tensor, seed: int, local: float, severity: tuple[float, float]) -> Tensor:
    rng = Generator().manual_seed(seed)
    amount = math.exp(uniform(rng, math.log(severity[0]), math.log(severity[1])))
    spoilt = ODDITIES[choice(rng, len(ODDITIES))](image, amount, rng).clamp(0, 1)
    where = patch(*image.shape[-2:], rng) if uniform(rng, 0, 1) < local else torch.ones(image.shape[-2:])
    return torch.lerp(image, spoilt, where)
