"""Peers that anomalib brings: DRAEM and GANomaly. To be trained in an environment of their own, with anomalib 2.x."""

from __future__ import annotations

from pathlib import Path

import torch
from anomalib.data.utils.generators.perlin import PerlinAnomalyGenerator
from anomalib.models.image.draem.loss import DraemLoss
from anomalib.models.image.draem.torch_model import DiscriminativeSubNetwork, DraemModel, ReconstructiveSubNetwork
from anomalib.models.image.ganomaly.loss import DiscriminatorLoss, GeneratorLoss
from anomalib.models.image.ganomaly.torch_model import GanomalyModel
from torch import Tensor, nn

from zoo.training.loop import Budget

WIDTHS = (16, 16)
"""Of DRAEM's two networks, 128 and 64 in the paper: these learn on one core in the time that the detector takes."""
FEATURES = 32
"""Of GANomaly's first layer, 64 in the paper."""
SEEN = 128
"""The side of the squares that GANomaly sees: powers of 2 alone."""
BUDGETS = {
    "draem": Budget(images=640, batch=8, save_every=64),
    "ganomaly": Budget(images=10_400, batch=8, save_every=400),
}
"""Eleven minutes of one core each, in which the detector learns too."""


class Draem:
    """V. Zavrtanik, M. Kristan and D. Skočaj, "DRAEM", ICCV 2021, arXiv:2108.07610. Faults are textures, out of a
    folder of pictures, under Perlin masks."""

    def __init__(self, shown: Tensor, textures: Path) -> None:
        self.net = DraemModel()
        self.net.reconstructive_subnetwork = ReconstructiveSubNetwork(base_width=WIDTHS[0])
        self.net.discriminative_subnetwork = DiscriminativeSubNetwork(6, 2, base_width=WIDTHS[1])
        self.spoil = PerlinAnomalyGenerator(textures, blend_factor=(0.1, 1.0))
        self.loss = DraemLoss()
        self.optimizer = torch.optim.Adam(self.net.parameters(), 1e-4)
        self.parts = {"net": self.net, "optimizer": self.optimizer}
        self.shown = shown

    def step(self, batch: Tensor, progress: float) -> dict[str, Tensor]:
        self.net.train()
        spoilt, masks = self.spoil(batch)
        rebuilt, found = self.net(spoilt)
        loss = self.loss(batch, rebuilt, masks, found)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return {"loss": loss.detach()}

    @torch.no_grad()
    def sample(self) -> Tensor:
        self.net.eval()
        rebuilt = self.net.reconstructive_subnetwork(self.shown)
        return torch.stack([self.shown, rebuilt], dim=1).flatten(0, 1)

    def result(self) -> nn.Module:
        return Mapped(self.net).eval()


class Mapped(nn.Module):
    """Scores `[N]`, the highest place of the map, and maps `[N,1,H,W]`, both in 0..1."""

    def __init__(self, net: DraemModel) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        found = self.net(images)
        return found.pred_score, found.anomaly_map[:, None]


class Ganomaly:
    """S. Akcay, A. Atapour-Abarghouei and T. P. Breckon, "GANomaly", ACCV 2018, arXiv:1805.06725; steps as anomalib
    takes them."""

    def __init__(self, shown: Tensor) -> None:
        self.net = GanomalyModel((SEEN, SEEN), 3, n_features=FEATURES, latent_vec_size=100)
        self.net.generator.apply(self.net.weights_init)
        self.net.discriminator.apply(self.net.weights_init)
        self.optimizers = {
            name: torch.optim.Adam(getattr(self.net, name).parameters(), 2e-4, betas=(0.5, 0.999))
            for name in ("generator", "discriminator")
        }
        self.parts = {"net": self.net, **{f"{name} optimizer": each for name, each in self.optimizers.items()}}
        self.losses = GeneratorLoss(), DiscriminatorLoss()
        self.shown = shown

    def step(self, batch: Tensor, progress: float) -> dict[str, Tensor]:
        self.net.train()
        padded, fake, latent, again = self.net(batch[..., :SEEN, :SEEN])
        real, _ = self.net.discriminator(padded)
        generated = self.losses[0](latent, again, padded, fake, real, self.net.discriminator(fake)[0])
        self.optimizers["generator"].zero_grad()
        generated.backward(retain_graph=True)
        self.optimizers["generator"].step()
        judged = self.losses[1](real, self.net.discriminator(fake.detach())[0])
        self.optimizers["discriminator"].zero_grad()
        judged.backward()
        self.optimizers["discriminator"].step()
        return {"generator": generated.detach(), "discriminator": judged.detach()}

    @torch.no_grad()
    def sample(self) -> Tensor:
        self.net.eval()
        shown = self.shown[..., :SEEN, :SEEN]
        return torch.stack([shown, self.net.generator(shown)[0]], dim=1).flatten(0, 1)

    def result(self) -> nn.Module:
        return Scored(self.net.generator).eval()


class Scored(nn.Module):
    """Scores `[N]`: how far apart the codes of a picture and of it rebuilt are, in the mean over its four corners."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, images: Tensor) -> Tensor:
        ends = slice(0, SEEN), slice(-SEEN, None)
        corners = [images[..., rows, columns] for rows in ends for columns in ends]
        _, latent, again = self.generator(torch.cat(corners))
        return (latent - again).square().mean((1, 2, 3)).unflatten(0, (4, -1)).mean(0)
