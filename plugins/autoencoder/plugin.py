"""The corrector of record: an autoencoder that was taught to give back clean pictures from damaged ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo import Card, Context, Corrector, Field, Findings, Params, WeightsRef, hookimpl

if TYPE_CHECKING:
    from torch import Tensor, nn

ZOO_API = 1


class Baseline(Corrector):
    """Finds colour casts and spoilt detail by how far an autoencoder would change them, and mends them."""

    name = "baseline"
    card = Card(
        "Autoencoder",
        "Apache-2.0",
        "https://github.com/persona-zoo/persona-zoo",
        (
            "Pascal Vincent et al.: Extracting and Composing Robust Features with Denoising Autoencoders, 2008",
            "Olaf Ronneberger, Philipp Fischer, Thomas Brox: U-Net, 2015",
            "Trained on drawings in the styles Lorelei by Lisa Wischofsky and Open Peeps by Pablo Stanley (CC0 1.0)",
        ),
    )
    weights = WeightsRef(
        "persona-zoo/autoencoder-baseline", None, "77e17068d463faa9d4717cd9d91b72e1dfc36fc18ba0c3d1defe8f9b22fc0ad3"
    )
    kinds = {"colour": "Colour cast", "texture": "Lost or spoilt detail"}
    multiple = 8

    class Params(Params):
        strength: float = Field(
            1.0, ge=0, le=1, title="Strength", description="From the picture as it was (0) to mended in full (1)."
        )
        sensitivity: float = Field(
            0.5,
            ge=0,
            le=1,
            title="Sensitivity",
            description="Low: only gross damage is found. Half: 1 clean picture in 20 is suspected of each kind. High: "
            "more are.",
        )

    def build(self) -> nn.Module:
        from .net import Baseline

        return Baseline()

    def detect(self, images: Tensor, params: Any, context: Context) -> Findings:
        errors = self.net.errors(images)
        restyled = context.stylizer is not None
        scores = self.net.scores(errors, restyled, shift=2 * params.sensitivity - 1)
        return Findings(dict(zip(self.kinds, scores.unbind(1), strict=True)), self.net.map(errors, scores, restyled))

    def fix(self, images: Tensor, findings: Findings, params: Any) -> Tensor:
        where = params.strength * (4 * findings.map).clamp(0, 1)
        return (images + where * (self.net.autoencoder(images) - images)).clamp(0, 1)


@hookimpl
def zoo_models() -> list[type[Corrector]]:
    return [Baseline]
