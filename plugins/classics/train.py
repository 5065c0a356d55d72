"""How the two adversarial generators came to be: `zoo train classics/dcgan --data avatars: --out DIR`."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from zoo.training.codes import PrincipalCodes
from zoo.training.ema import Average, calibrate
from zoo.training.loop import Budget, fit
from zoo.training.losses import gradient_penalty, relativistic_discriminator, relativistic_generator
from zoo.training.results import save_results
from zoo.training.sources import Pictures, batches, pictures, tensor

from . import vae_train
from .descent import TRAINING_SEED, adam, descend, latents, slow_down
from .net import (
    DCGAN_LATENT,
    DCGAN_SIDE,
    MLP_LATENT,
    MLP_SIDE,
    DcganDiscriminator,
    DcganGenerator,
    MlpDiscriminator,
    MlpGenerator,
)

DIRECTIONS = (1, 1), (3, 1), (5, 1), (9, 1)
"""The directions that a visitor gets, by looking: which of the strongest, and its sign."""

PENALISED = 2
"""Pictures of each kind on which the discriminator's slope is held down."""


@dataclass(frozen=True)
class Classic:
    """What makes one of the two: its networks, the latent's length, the pictures it learns from, and how long."""

    generator: type[nn.Module]
    discriminator: type[nn.Module]
    latent: int
    side: int
    grey: bool
    pictures: int
    budget: Budget


CLASSICS = {
    "mlp": Classic(MlpGenerator, MlpDiscriminator, MLP_LATENT, MLP_SIDE, True, 4_000, Budget(300_000, 64, 20_000)),
    "dcgan": Classic(
        DcganGenerator, DcganDiscriminator, DCGAN_LATENT, DCGAN_SIDE, False, 13_000, Budget(80_000, 16, 5_000)
    ),
}


def train(model: str, data: str, out: Path, resume: bool = False, tracker: str | None = None, **changed: int) -> None:
    """Train a classic on pictures from `data`; results go to `out`. `changed` are fields of its `Budget`."""
    torch.manual_seed(0)
    if model == "vae":
        vae_train.train(data, out, resume, tracker, **changed)
        return
    classic = replace(CLASSICS[model], budget=replace(CLASSICS[model].budget, **changed))
    real = pictures(data, classic.pictures, classic.side, TRAINING_SEED, least=classic.latent)
    method = Adversarial(classic, real)
    settings = {"model": model, "data": data, "side": classic.side}
    some = method.view(tensor(real[:64])).expand(-1, 3, -1, -1)
    seen = fit(method, batches(real), out, classic.budget, resume, tracker, settings=settings, real=some)
    facts = {"model": f"classics/{model}", "data": data, "pictures": len(real), "seed": TRAINING_SEED, "seen": seen}
    save_results(method.result(), out, facts)


class Adversarial:
    """A generator against a discriminator (Goodfellow 2014, arXiv:1406.2661), with what a small budget needs.

    The loss is relativistic with R1 and R2 (Huang 2024, arXiv:2501.05441), the weights are averaged, and half of each
    batch starts from the principal components of real pictures and is pulled towards those pictures, less and less
    (after VAE-GAN, Larsen 2016, arXiv:1512.09300).
    """

    def __init__(self, classic: Classic, real: Pictures) -> None:
        self.classic = classic
        self.generator, self.discriminator = classic.generator(), classic.discriminator()
        self.codes = PrincipalCodes(real, classic.latent)
        self.average = Average(self.generator, half_life=300 * classic.budget.batch)
        self.optimizers = adam(self.generator, 1e-3, 0.5), adam(self.discriminator, 5e-4, 0.5)
        self.parts = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "codes": self.codes,
            "average": self.average,
            "optimizer0": self.optimizers[0],
            "optimizer1": self.optimizers[1],
        }

    def step(self, images: Tensor, progress: float) -> dict[str, Tensor]:
        slow_down(self.optimizers, progress)
        paired, random = images.chunk(2)
        drawn = self.generator(torch.cat([self.codes(paired), self.noise(random)]))
        seen = self.view(images)
        real = self.discriminator(seen)
        loss = relativistic_discriminator(real, self.discriminator(drawn.detach()))
        some = slice(0, PENALISED)
        penalty = gradient_penalty(self.discriminator, torch.cat([seen[some], drawn[some].detach()]))
        descend(self.optimizers[1], loss + 0.5 * 0.2**progress * penalty / 2)
        self.discriminator.requires_grad_(False)
        fooled = relativistic_generator(real.detach(), self.discriminator(drawn))
        self.discriminator.requires_grad_(True)
        apart = (drawn[: len(paired)] - seen[: len(paired)]).abs().mean()
        descend(self.optimizers[0], fooled + 10 * (1 - progress) ** 2 * apart)
        self.average.follow(self.generator, len(images))
        return {"discriminator": loss, "generator": fooled, "pairs": apart}

    def view(self, images: Tensor) -> Tensor:
        """What the discriminator sees of real pictures."""
        return images.mean(1, keepdim=True) if self.classic.grey else images

    def noise(self, images: Tensor) -> Tensor:
        """A latent for each of the images."""
        return torch.randn(len(images), self.classic.latent).to(images.device)

    def result(self) -> nn.Module:
        """The averaged generator, its running statistics set anew, and its directions found."""
        net = copy.deepcopy(self.average.net).cpu()
        calibrate(net, latents(512, self.classic.latent))
        if isinstance(net, DcganGenerator):
            net.find_directions(DIRECTIONS)
        return net

    @torch.no_grad()
    def sample(self) -> Tensor:
        return self.result()(latents(64, self.classic.latent)).expand(-1, 3, -1, -1)
