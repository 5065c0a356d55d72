"""What `zoo evaluate avatars/portraits` measures: its portraits against drawn ones that no training has seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from zoo import Generator
from zoo.latents import latent
from zoo.metrics.bootstrap import bootstrap
from zoo.metrics.frechet import frechet
from zoo.metrics.memorised import memorised_interval, memorised_share
from zoo.metrics.modes import mode_coverage, mode_kl
from zoo.metrics.ms_ssim import ms_ssim
from zoo.metrics.prdc import Prdc, prdc_values
from zoo.metrics.swd import sliced_wasserstein
from zoo.registry import discover

from .drawing import coverages
from .encoding import encode
from .judging import Judged, asked, judge, judged, shown
from .latent import SIZE, read
from .net import SIDE, Portraits, paint, palette

HELD_OUT, FLOOR, TRAINING = 2001, 2002, 1
"""Seeds of drawn portraits: those compared with, a second such set for the floors, and a set like the training's."""
COUNT, INVERTED = 8192, 500
"""How many portraits are compared, and how many of the held-out ones turned into latents and back."""
BATCH = 32
DIMENSIONS = 32
"""Of the judge's features, the first principal components of held-out portraits: nearest neighbours need few."""
PEERS = ("classics/dcgan", "classics/mlp")
"""Where generators began, compared with the same drawn portraits; theirs are enlarged."""
CELLS = ("style", "hair", "glasses", "beard")
"""The attributes whose combinations are the modes."""
COARSE = ("style", "hair", "hair_colour", "skin", "glasses", "beard", "clothes_colour", "background")


def evaluate_portraits(net: Portraits, count: int = COUNT, inverted: int = INVERTED) -> dict[str, float]:
    """Metric name → value, of the portraits of seeds 0, 1, 2, …; `…_floor` is what a second set of drawn ones gets,
    and names that begin with a peer's are the peer's."""
    reader = judge()
    real, wanted = drawn(HELD_OUT, count)
    seen = judged(reader, real)
    other, others = drawn(FLOOR, count)
    read_others = judged(reader, other)
    floors = _compared(real, other, seen, read_others) | _accuracies(read_others, others)
    del other
    latents = torch.from_numpy(np.stack([latent(seed, (SIZE,)) for seed in range(count)]))
    fake = generated(net, latents)
    read_fake = judged(reader, fake)
    figures = _compared(real, fake, seen, read_fake) | _accuracies(read_fake, latents)
    figures |= {f"{name}_floor": value for name, value in floors.items() if not name.endswith(("_low", "_high"))}
    figures |= _memorised(read_fake.features, judged(reader, drawn(TRAINING, count)[0]).features, seen.features)
    figures |= _inverted(net, real[:inverted], wanted[:inverted])
    for peer in PEERS:
        fake = enlarged(peer, count)
        compared = _compared(real, fake, seen, judged(reader, fake))
        figures |= {f"{peer.rpartition('/')[2]}_{name}": value for name, value in compared.items()}
    return {name: round(float(value), 5) for name, value in figures.items()}


def drawn(seed: int, count: int) -> tuple[Tensor, Tensor]:
    """`count` drawn portraits, bytes `[N,3,256,256]`, and their latents."""
    latents = torch.randn(count, SIZE, generator=torch.Generator().manual_seed(seed))
    pictures = []
    for some in latents.split(BATCH):
        choice = read(some, {})
        pictures.append(_bytes(paint(coverages(choice, SIDE), palette(choice))))
    return torch.cat(pictures), latents


@torch.no_grad()
def generated(net: Portraits, latents: Tensor) -> Tensor:
    """The network's portraits of these latents, bytes."""
    return torch.cat([_bytes(net(some, {})) for some in latents.split(BATCH)])


@torch.no_grad()
def enlarged(peer: str, count: int) -> Tensor:
    """The portraits of seeds 0, 1, 2, … by another generator of the zoo, at the size of these; bytes."""
    model = discover().entry(peer, "generator").open()
    assert isinstance(model, Generator)
    latents = torch.from_numpy(np.stack([latent(seed, model.latent_shape) for seed in range(count)]))
    large = (_large(model.draw(some, model.Params())) for some in latents.split(BATCH))
    return torch.cat([_bytes(images) for images in large])


def _large(images: Tensor) -> Tensor:
    return interpolate(images, (SIDE, SIDE), mode="bicubic", antialias=True)


def _bytes(images: Tensor) -> Tensor:
    return (images * 255).round().clamp(0, 255).byte()


def _compared(real: Tensor, fake: Tensor, seen: Judged, read: Judged) -> dict[str, float]:
    levels = sliced_wasserstein(real, fake)
    figures = {"swd": sum(levels.values()) / len(levels), **{f"swd_{side}": far for side, far in levels.items()}}
    figures["frechet"] = frechet(seen.features, read.features)
    spread = _principal(seen.features)
    for name, values in zip(Prdc._fields, prdc_values(spread(seen.features), spread(read.features)), strict=True):
        figures |= _estimate(name, values)
    figures["mode_coverage"] = mode_coverage(_cells(seen), _cells(read))
    figures["mode_kl"] = mode_kl(_cells(seen), _cells(read))
    return figures


def _principal(features: Tensor) -> Callable[[Tensor], Tensor]:
    """What projects features on their first principal components."""
    mean = features.mean(0)
    axes = torch.linalg.svd(features - mean, full_matrices=False).Vh[:DIMENSIONS]
    return lambda each: (each - mean) @ axes.T


def _cells(judged: Judged) -> Tensor:
    return torch.stack([judged.named[name] for name in CELLS], 1)


def _accuracies(read: Judged, latents: Tensor) -> dict[str, float]:
    right = {name: _right(name, read.named, asked(latents)) for name in read.named}
    every = torch.cat(list(right.values()))
    coarse = torch.cat([right[name] for name in COARSE])
    figures = _estimate("attribute_accuracy", every) | _estimate("attribute_accuracy_coarse", coarse)
    return figures | {f"attribute_accuracy_{name}": float(values.mean()) for name, values in right.items()}


def _right(name: str, read: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Tensor:
    """1 where the attribute was read as it was wanted, else 0, of the portraits that show it."""
    return (read[name] == wanted[name])[shown(name, wanted["style"])].double()


def _estimate(name: str, values: Tensor) -> dict[str, float]:
    low, high = bootstrap(torch.mean, values)
    return {name: float(values.mean()), f"{name}_low": low, f"{name}_high": high}


def _memorised(fake: Tensor, trained: Tensor, held_out: Tensor) -> dict[str, float]:
    low, high = memorised_interval(fake, trained, held_out)
    share = memorised_share(fake, trained, held_out)
    return {"memorised_share": share, "memorised_share_low": low, "memorised_share_high": high}


def _inverted(net: Portraits, pictures: Tensor, wanted: Tensor) -> dict[str, float]:
    """How well held-out portraits come back from the latents that they were encoded to."""
    found = encode(net, pictures.float() / 255)
    again = generated(net, found)
    alike = torch.cat([ms_ssim(a.float() / 255, b.float() / 255) for a, b in _pairs(again, pictures)])
    true, back = asked(wanted), asked(found)
    right = torch.cat([_right(name, back, true) for name in true])
    return _estimate("inversion_ms_ssim", alike) | _estimate("inversion_attribute_accuracy", right)


def _pairs(first: Tensor, second: Tensor) -> list[tuple[Tensor, Tensor]]:
    return list(zip(first.split(BATCH), second.split(BATCH), strict=True))
