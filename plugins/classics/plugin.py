"""Where generators began: a variational autoencoder, and adversarial networks, fully connected and convolutional."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from zoo import Card, Field, Generator, Params, WeightsRef, hookimpl

if TYPE_CHECKING:
    from torch import Tensor, nn

ZOO_API = 1

DRAWINGS = "Trained on drawings in the style Lorelei by Lisa Wischofsky (CC0 1.0), by way of DiceBear (MIT)"


def variety(default: float) -> Any:
    return Field(
        default,
        ge=0.3,
        le=1.0,
        title="Variety",
        description="Low: portraits near the average, cleanly drawn. High: all kinds, with more mistakes.",
    )


class Spread(Params):
    truncation: float = variety(0.8)


class Mlp(Generator):
    """A fully connected network that draws small grey portraits: the first adversarial network, of 2014."""

    name = "mlp"
    card = Card(
        "Fully connected (2014)",
        "Apache-2.0",
        "https://arxiv.org/abs/1406.2661",
        ("Ian Goodfellow et al.: Generative Adversarial Networks, 2014", DRAWINGS),
    )
    weights = WeightsRef(
        "persona-zoo/classics-mlp", None, "4a9a009744c6fed6f6cee8327b70fcb556aaec9bee82acd73e184a083ec83ed8"
    )
    latent_shape = (64,)
    Params = Spread

    def build(self) -> nn.Module:
        from .net import MlpGenerator

        return MlpGenerator()

    def draw(self, latents: Tensor, params: Any) -> Tensor:
        return self.net(latents * params.truncation).expand(-1, 3, -1, -1)


class Dcgan(Generator):
    """Transposed convolutions that draw portraits in colour, 64 px wide: the network that made GANs work, of 2016."""

    name = "dcgan"
    card = Card(
        "DCGAN (2016)",
        "Apache-2.0",
        "https://arxiv.org/abs/1511.06434",
        (
            "Alec Radford, Luke Metz, Soumith Chintala: Unsupervised Representation Learning with Deep Convolutional "
            "Generative Adversarial Networks, 2016",
            "Yujun Shen, Bolei Zhou: Closed-Form Factorization of Latent Semantics in GANs, 2021",
            "David Donoho, Iain Johnstone: Ideal Spatial Adaptation by Wavelet Shrinkage, 1994",
            DRAWINGS,
        ),
    )
    weights = WeightsRef(
        "persona-zoo/classics-dcgan", None, "e263aa62e045b4739401892dbf625f46d6f0d04cf9e4339295c81cfce9f86ffb"
    )
    latent_shape = (128,)
    directions = {
        "Skin tone": "direction_0",
        "Hair colour": "direction_1",
        "Fringe": "direction_2",
        "Background": "direction_3",
    }

    class Params(Spread):
        smoothing: float = Field(
            0.5, ge=0, le=1, title="Smoothing", description="How much of the grain that the network draws is flattened."
        )

    def build(self) -> nn.Module:
        from .net import DcganGenerator

        return DcganGenerator()

    def draw(self, latents: Tensor, params: Any) -> Tensor:
        from .grain import flatten

        return flatten(self.net(latents * params.truncation), 0.1 * params.smoothing)


class Vae(Generator):
    """An autoencoder that draws soft portraits, 64 px wide, and finds the nearest one to a picture: of 2013."""

    name = "vae"
    card = Card(
        "Variational autoencoder (2013)",
        "Apache-2.0",
        "https://arxiv.org/abs/1312.6114",
        ("Diederik Kingma, Max Welling: Auto-Encoding Variational Bayes, 2013", DRAWINGS),
    )
    weights = WeightsRef(
        "persona-zoo/classics-vae", None, "cc9d797964f60f522a3e891b6e5c16002dd29c6f28b73381dad4177606faac15"
    )
    latent_shape = (64,)
    encodes = True

    class Params(Params):
        truncation: float = variety(1.0)

    def build(self) -> nn.Module:
        from .vae_net import Vae as Net

        return Net()

    def draw(self, latents: Tensor, params: Any) -> Tensor:
        return self.net(latents * params.truncation)

    def encode(self, images: Tensor, progress: Callable[[float], None] = lambda share: None) -> Tensor:
        return self.net.encode(images)


@hookimpl
def zoo_models() -> list[type[Generator]]:
    return [Dcgan, Mlp, Vae]
