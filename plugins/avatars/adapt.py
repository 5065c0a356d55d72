"""`zoo train avatars/portraits --adapt FOLDER`: the portraits in the look of 10 to 200 pictures."""

from __future__ import annotations

import re
from pathlib import Path
from shutil import copyfile

import numpy as np
import torch
from torch import Tensor, optim
from torch.nn.functional import avg_pool2d, conv2d
from tqdm import tqdm

from zoo.latents import latent
from zoo.metrics.swd import sliced_wasserstein
from zoo.training.loop import Budget, TrainingError, fit
from zoo.training.results import save_results
from zoo.training.sources import pictures, tensor

from .encoding import encode
from .latent import SIZE
from .look_net import Look
from .net import SIDE, Portraits

FEWEST, MOST = 10, 200
KEPT_BACK = 5
"""Every fifth picture is not learned from, and tells what was gained."""
BUDGET = Budget(2_000, 4, 500)
RATE = 5e-3
SCREEN_RATE = 2e-2
"""Each number of the screen is used in one cell only, so it has less to learn from than a weight."""
TEXTURE = 2.0
"""Weight of the texture against the pixels: these alone would smooth away every stroke whose place cannot be told."""
CROP, PATCH, FILTERS = 64, 5, 16

Batch = tuple[Tensor, Tensor]


def adapt_to(folder: Path, base: Portraits, out: Path, resume: bool, tracker: str | None) -> None:
    """Fit a look to the pictures in `folder`, and leave its weights, what was gained and a sheet in `out`.

    The latent of each picture is found first; then the look is fitted so that the latents draw the pictures. Raises
    `SourceError` where there are too few.
    """
    torch.manual_seed(0)
    found = tensor(pictures(str(folder), MOST, SIDE, least=FEWEST))
    latents = torch.cat([encode(base, image[None]) for image in tqdm(found, unit="picture")])
    held = torch.arange(len(found)) % KEPT_BACK == 0
    look = Look()
    look.rest_on(base.state_dict())
    method = Adaptation(look)

    def batch(size: int) -> Batch:
        some = (~held).nonzero()[:, 0][torch.randint(int((~held).sum()), (size,))]
        return latents[some], found[some]

    before = _apart(look, latents[held], found[held])
    settings = {"adapted to": folder.resolve().name, "pictures": len(found)}
    seen = fit(method, batch, out, BUDGET, resume, tracker, settings=settings)
    after = _apart(look.cpu(), latents[held], found[held])
    facts = {
        "model": f"avatars/{out.resolve().name}",
        "base": "avatars/portraits",
        "data": folder.resolve().name,
        "pictures": len(found),
        "seen": seen,
        "held_out": after | {f"{name}_before": value for name, value in before.items()},
    }
    save_results(look, out, facts)
    copyfile(out / "samples" / f"{seen:08d}.png", out / "samples.png")
    print("\n".join(f"{name} on pictures kept back: {before[name]}, now {after[name]}" for name in after))
    place = Path(__file__).parent / "weights" / out.resolve().name
    print(f"The model avatars/{place.name}" + ("" if place == out.resolve() else f", once the folder is {place}"))


class Adaptation:
    """The look learns to draw each picture from the latent that was found for it."""

    def __init__(self, look: Look) -> None:
        self.look = look
        rest = [each for each in look.parameters() if each is not look.finish.screen]
        screen = {"params": [look.finish.screen], "lr": SCREEN_RATE}
        self.optimizer = optim.Adam([{"params": rest}, screen], RATE)
        self.parts = {"look": look, "optimizer": self.optimizer}

    def step(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        latents, images = batch
        for group in self.optimizer.param_groups:
            peak = group.setdefault("peak", group["lr"])
            group["lr"] = peak * min(1, 0.02 + 20 * progress) * (1 - 0.9 * progress)
        drawn = self.look(latents, {})
        pixels = torch.stack([(_smaller(drawn, by) - _smaller(images, by)).abs().mean() for by in (1, 4, 16)]).sum()
        texture = torch.stack([texture_apart(_smaller(drawn, by), _smaller(images, by)) for by in (1, 2, 4)]).sum()
        self.optimizer.zero_grad()
        (pixels + TEXTURE * texture).backward()
        torch.nn.utils.clip_grad_norm_(self.look.parameters(), 1.0)
        self.optimizer.step()
        return {"pixels": pixels.detach(), "texture": texture.detach()}

    @torch.no_grad()
    def sample(self) -> Tensor:
        """The portraits of seeds 0 to 63."""
        latents = torch.from_numpy(np.stack([latent(seed, (SIZE,)) for seed in range(64)]))
        return torch.cat([self.look(some.to(self.look.tint.device), {}) for some in latents.split(16)])


def texture_apart(drawn: Tensor, images: Tensor) -> Tensor:
    """How far the patches of each picture are from those of its pair, wherever in a crop they lie: the sliced
    Wasserstein distance (Elnekave 2022, arXiv:2203.11862)."""
    top, left = (int(torch.randint(drawn.shape[-1] - CROP + 1, ())) for _ in range(2))
    filters = torch.randn(FILTERS, 3, PATCH, PATCH).to(drawn)
    filters = filters - filters.mean((2, 3), keepdim=True)  # flat areas of whatever colour are nothing to them
    filters = filters / filters.flatten(1).norm(dim=1)[:, None, None, None]
    crops = (each[..., top : top + CROP, left : left + CROP] for each in (drawn, images))
    first, second = (conv2d(crop, filters).flatten(2).sort(2).values for crop in crops)
    return (first - second).abs().mean()


def check(out: Path) -> None:
    """Raises `TrainingError` where the folder's name is none that a model could have."""
    name = out.resolve().name
    if not re.fullmatch("[a-z][a-z0-9_-]{0,31}", name) or name in ("portraits", "judge"):
        raise TrainingError(
            "{folder} gives the look its name. Use small letters, digits, _ and -, such as --out {example}.",
            folder=out,
            example=out.parent / "my_look",
        )


def _smaller(images: Tensor, by: int) -> Tensor:
    return images if by == 1 else avg_pool2d(images, by)


@torch.no_grad()
def _apart(look: Look, latents: Tensor, images: Tensor) -> dict[str, float]:
    """Of pictures and what their latents draw: the mean difference of pixels in 0..1, and the sliced Wasserstein
    distance of the finest level of their Laplacian pyramids."""
    drawn = torch.cat([look(some, {}) for some in latents.split(16)])
    real, fake = ((each * 255).round().byte() for each in (images, drawn))
    finest = sliced_wasserstein(real, fake)[SIDE]
    return {"l1": round(float((drawn - images).abs().mean()), 5), f"swd_{SIDE}": round(finest, 2)}
