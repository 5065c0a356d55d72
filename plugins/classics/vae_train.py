"""How the variational autoencoder came to be: `zoo train classics/vae --data avatars: --out DIR`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, l1_loss

from zoo.training.ema import Average
from zoo.training.loop import Budget, fit
from zoo.training.results import save_results
from zoo.training.sources import batches, pictures, tensor

from .descent import TRAINING_SEED, adam, descend, latents, slow_down
from .vae_net import VAE_LATENT, VAE_SIDE, Vae

PICTURES = 13_000
BUDGET = Budget(40_000, 16, 2_500)
LEVELS = 4
"""Sizes at which pictures are compared: 64, 32, 16 and 8 px."""


@dataclass(frozen=True)
class Setting:
    """How much a picture's likeness is worth, in nats for each 1 of mean L1: higher, and pictures are sharper while
    draws from N(0, I) have more mistakes. 12288 / b for Laplace noise of scale b in each value is the bound itself.

    For the first `denoising` of the budget it is a denoising autoencoder (Vincent 2008): pictures come with `noise`,
    no noise is in the latent, and `keep` of the divergence only holds the latents near the origin. Then the divergence
    comes in, over `ramp` of the budget (Sønderby 2016, arXiv:1602.02282).
    """

    worth: float = 5000.0
    denoising: float = 0.1
    noise: float = 0.1
    keep: float = 0.01
    ramp: float = 0.2


def train(data: str, out: Path, resume: bool = False, tracker: str | None = None, **changed: int) -> None:
    """Train the autoencoder on pictures from `data`; results go to `out`. `changed` are fields of its `Budget`."""
    real = pictures(data, PICTURES, VAE_SIDE, TRAINING_SEED)
    method = Variational(Setting())
    settings = {"model": "vae", "data": data, "side": VAE_SIDE}
    budget = replace(BUDGET, **changed)
    seen = fit(method, batches(real), out, budget, resume, tracker, settings=settings, real=tensor(real[:64]))
    facts = {"model": "classics/vae", "data": data, "pictures": len(real), "seed": TRAINING_SEED, "seen": seen}
    save_results(method.average.net.cpu(), out, facts)


class Variational:
    """Pictures through a latent and back, with as little in the latent as the likeness allows (Kingma and Welling
    2013, arXiv:1312.6114, eq. 10). The weights are averaged."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.net = Vae().to(memory_format=torch.channels_last)
        self.average = Average(self.net, half_life=1500)
        self.optimizer = adam(self.net, 1.5e-3, momentum=0.9)
        self.parts = {"net": self.net, "average": self.average, "optimizer": self.optimizer}

    def step(self, images: Tensor, progress: float) -> dict[str, Tensor]:
        slow_down((self.optimizer,), progress)
        denoising = progress < self.setting.denoising
        mean, log_variance = self.net.posterior(images + self._noise(images) if denoising else images)
        latent = mean if denoising else mean + torch.randn_like(mean) * (log_variance / 2).exp()
        apart, spent = pyramid_l1(self.net(latent), images), divergence(mean, log_variance)
        descend(self.optimizer, self.setting.worth * apart + self.weight(progress) * spent)
        self.average.follow(self.net, len(images))
        return {"pyramid": apart, "divergence": spent}

    def weight(self, progress: float) -> float:
        """What the divergence counts by now."""
        after = progress - self.setting.denoising
        return self.setting.keep if after < 0 else min(1.0, 0.1 + after / self.setting.ramp)

    @torch.no_grad()
    def sample(self) -> Tensor:
        where = next(self.average.net.parameters()).device
        return self.average.net(latents(64, VAE_LATENT).to(where))

    def _noise(self, images: Tensor) -> Tensor:
        return self.setting.noise * torch.randn_like(images)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """The Kullback-Leibler divergence of the posteriors from N(0, I) in nats a picture (Kingma and Welling 2013,
    appendix B). `[N, length]` each → a scalar."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2


def pyramid_l1(drawn: Tensor, images: Tensor) -> Tensor:
    """The mean absolute difference, averaged over `LEVELS` sizes: coarse ones see colours and shapes in place, where
    the finest alone would let all faint detail go. `[N,3,H,W]` → a scalar."""
    apart = l1_loss(drawn, images)
    for _ in range(LEVELS - 1):
        drawn, images = avg_pool2d(drawn, 2), avg_pool2d(images, 2)
        apart = apart + l1_loss(drawn, images)
    return apart / LEVELS
