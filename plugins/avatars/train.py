"""How the portraits came to be: `zoo train avatars/portraits --out DIR`.

Three trainings one after the other, each in a folder of its own: the shapes; the reader that finds a picture's latent;
and the judge, another reader, that only `zoo evaluate` uses.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, optim
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, interpolate

from zoo import Generator
from zoo.latents import latent
from zoo.training.ema import Average
from zoo.training.loop import Budget, Method, TrainingError, fit
from zoo.training.results import save_results

from .adapt import adapt_to, check
from .drawing import coverages
from .evaluation import evaluate_portraits
from .judging import WIDTHS
from .latent import SIZE, STYLES, read
from .net import CELL, PRINCIPAL, SIDE, Portraits, Shapes, paint, paint_cells, palette
from .reader import SIDE as READ_SIDE
from .reader import Reader, reading_loss

SHAPES = Budget(120_000, 16, 4_000)
READING = Budget(48_000, 32, 8_000)
RATE = 2e-3
READING_RATE = 2e-3
SEEN_BY_PRINCIPAL = 768
"""How many portraits the principal directions are of."""

Batch = tuple[Tensor, Tensor]


def train(
    model: str,
    data: str | None,
    out: Path,
    resume: bool = False,
    tracker: str | None = None,
    adapt: Path | None = None,
) -> None:
    """Train the portraits on drawings of their own; `data` is “avatars:”. Results go to `out`.

    With `adapt`, a folder of 10 to 200 pictures, the bundled portraits stay as they are and a look is fitted to those.
    """
    if adapt is not None:
        check(out)
        adapt_to(adapt, bundled(), out, resume, tracker)
        return
    if model != "portraits":
        raise TrainingError("avatars/{model} is a look. Fit it anew: zoo train avatars/portraits --adapt", model=model)
    if data != "avatars:":
        raise TrainingError("avatars/{model} learns from drawings of its own. Use --data avatars:.", model=model)
    net = Portraits()
    shapes, reader, judge = Distillation(), Reading(Reader(), worn=True), Reading(Reader(WIDTHS), worn=False)
    _stage(0, shapes, covered, out / "shapes", SHAPES, resume, tracker)
    _stage(12, reader, portraits, out / "reader", READING, resume, tracker)
    _stage(11, judge, portraits, out / "judge", READING, resume, tracker)
    net.shapes.load_state_dict(shapes.average.net.state_dict())
    net.reader.load_state_dict(reader.net.state_dict())
    find_principal(net)
    facts = {"model": f"avatars/{model}", "data": data, "seeds": [0, 12], "seen": [SHAPES.images, READING.images]}
    save_results(net.cpu(), out, facts)
    save_results(judge.net.cpu(), out / "judge", {"data": data, "seeds": [11], "seen": [READING.images]})


def bundled() -> Portraits:
    """The portraits with the weights that lie beside them."""
    net = Portraits()
    net.load_state_dict(load_file(Path(__file__).parent / "weights" / "portraits" / "model.safetensors"))
    return net.eval().requires_grad_(False)


def evaluate(model: Generator) -> dict[str, float]:
    """What `zoo evaluate` runs. Raises `TrainingError` for a look: no drawn portraits are in it to compare with."""
    if not isinstance(model.net, Portraits):
        raise TrainingError(
            "avatars/{model} is a look, and was measured on pictures kept back from its training: “held_out” in "
            "{metrics} has the figures. To measure it again, adapt it again.",
            model=model.name,
            metrics=Path(__file__).parent / "weights" / model.name / "metrics.json",
        )
    return evaluate_portraits(model.net)


def _stage(
    seed: int,
    method: Method[Batch],
    batch: Callable[[int], Batch],
    out: Path,
    budget: Budget,
    resume: bool,
    tracker: str | None,
) -> None:
    torch.manual_seed(seed)
    settings = {"model": "portraits", "side": SIDE}
    fit(method, batch, out, budget, resume and out.exists(), tracker, settings=settings)


def covered(size: int) -> Batch:
    """Latents, and what the portraits that they stand for cover: `[N, slots, 256, 256]`.

    They are drawn wider than those of seeds: bald heads, glasses and beards lie at the ends of their axes, and need
    more lessons than their shares give them.
    """
    latents = 1.5 * torch.randn(size, SIZE)
    return latents, coverages(read(latents, {}), SIDE)


def portraits(size: int) -> Batch:
    """Latents, and the portraits that they stand for: `[N, 3, 128, 128]`."""
    latents = torch.randn(size, SIZE)
    choice = read(latents, {})
    return latents, paint(coverages(choice, READ_SIDE), palette(choice))


class Distillation:
    """The network learns to cover what the drawing covers, from the latent that made the drawing.

    The loss is the cross-entropy of the slots at each pixel. It is a likelihood: where parts lie is learned as a
    segmentation is, and no discriminator is needed to keep edges sharp.
    """

    def __init__(self) -> None:
        self.net = Shapes().to(memory_format=torch.channels_last)
        self.average = Average(self.net, half_life=1_500)
        self.optimizer = optim.Adam(self.net.parameters(), RATE, betas=(0.9, 0.99), fused=True)
        self.parts = {"net": self.net, "average": self.average, "optimizer": self.optimizer}

    def step(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        latents, covered = batch
        _slow_down(self.optimizer, progress)
        at = _telling(covered)
        features = self.net.features(read(latents, {})).permute(0, 2, 3, 1)[at]
        loss = -(_cells(covered)[at] * self.net.cells(features).log_softmax(1)).sum(1).mean()
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.average.follow(self.net, len(latents))
        return {"coverage": loss}

    @torch.no_grad()
    def sample(self) -> Tensor:
        choice = read(_latents(64).to(self.net.styles.device), {})
        return paint_cells(self.average.net(choice), palette(choice))


class Reading:
    """A reader learns what portraits show; `worn` ones are moved, blurred and grainy as references are."""

    def __init__(self, net: Reader, worn: bool) -> None:
        self.net, self.worn = net, worn
        self.optimizer = optim.AdamW(net.parameters(), READING_RATE, weight_decay=1e-4)
        self.parts = {"net": net, "optimizer": self.optimizer}

    def step(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        latents, images = batch
        _slow_down(self.optimizer, progress)
        self.net.train()
        loss = reading_loss(self.net(wear(images) if self.worn else images), read(latents, {}))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.net.eval()
        return {"reading": loss}

    def sample(self) -> Tensor:
        """What it is shown."""
        choice = read(_latents(64), {})
        shown = paint(coverages(choice, READ_SIDE), palette(choice))
        return wear(shown) if self.worn else shown


def wear(images: Tensor) -> Tensor:
    """Half of the images moved, turned and resized a little; some batches blurred; all with some grain."""
    count = len(images)
    scale = 1 + 0.12 * torch.randn(count).clamp(-1.5, 1.5)
    angle = 0.06 * torch.randn(count)
    move = torch.zeros(count, 2, 3)
    move[:, 0, 0], move[:, 0, 1] = scale * angle.cos(), -scale * angle.sin()
    move[:, 1, 0], move[:, 1, 1] = scale * angle.sin(), scale * angle.cos()
    move[:, :, 2] = 0.05 * torch.randn(count, 2)
    still = (torch.rand(count) < 0.5)[:, None, None]
    grid = affine_grid(torch.where(still, torch.eye(2, 3), move), list(images.shape), align_corners=False)
    moved = grid_sample(images, grid.to(images), padding_mode="border", align_corners=False)
    if torch.rand(()) < 0.3:
        moved = interpolate(avg_pool2d(moved, 2), scale_factor=2.0, mode="bilinear", align_corners=False)
    grain = 0.04 * torch.rand(count, 1, 1, 1) * torch.randn(moved.shape)
    return (moved + grain.to(moved)).clamp(0, 1)


@torch.no_grad()
def find_principal(net: Portraits) -> None:
    """The directions of the latent that go with the first principal components of the pictures (GANSpace, Härkönen
    2020, arXiv:2004.02546), within a style; each orthogonal to those before it."""
    latents = _latents(SEEN_BY_PRINCIPAL)
    small = torch.cat([avg_pool2d(net(some, {}), 8).flatten(1) for some in latents.split(32)])
    style = latents[:, : len(STYLES)].argmax(1)
    means = torch.stack([small[style == n].mean(0) for n in range(len(STYLES))])
    scores = torch.pca_lowrank(small - means[style], PRINCIPAL, center=False)[0]
    slopes = latents.T @ scores
    slopes[: len(STYLES)] = 0
    directions = torch.linalg.qr(slopes).Q.T
    for n, direction in enumerate(directions):
        net.get_buffer(f"principal_{n}").copy_(direction)


def _slow_down(optimizer: optim.Optimizer, progress: float) -> None:
    """A short rise, then half a cosine (Loshchilov 2017, arXiv:1608.03983)."""
    for group in optimizer.param_groups:
        peak = group.setdefault("peak", group["lr"])
        group["lr"] = peak * min(1.0, progress * 60 + 0.02) * 0.5 * (1 + math.cos(math.pi * min(progress, 0.99)))


def _cells(covered: Tensor) -> Tensor:
    """`[N, slots, H, W]` → `[N, H/4, W/4, slots, 4, 4]`, a view."""
    return covered.unflatten(3, (-1, CELL)).unflatten(2, (-1, CELL)).permute(0, 2, 4, 1, 3, 5)


def _telling(covered: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A quarter of the cells, those with an edge more often than the flat ones: where to look."""
    cells = _cells(covered)
    corners = torch.stack([cells[..., y, x] for y, x in ((0, 0), (0, 3), (3, 0), (3, 3), (1, 2), (2, 1))])
    edge = (corners[1:] - corners[0]).abs().amax((0, -1)) > 0.1
    score = (0.5 * edge + torch.rand(edge.shape, device=edge.device)).flatten(1)
    best = score.topk(score.shape[1] // 4, sorted=False).indices
    rows = torch.arange(len(best), device=best.device)[:, None].expand_as(best)
    return rows.flatten(), (best // edge.shape[2]).flatten(), (best % edge.shape[2]).flatten()


def _latents(count: int) -> Tensor:
    """Those of seeds 0, 1, 2, …"""
    return torch.from_numpy(np.stack([latent(seed, (SIZE,)) for seed in range(count)]))
