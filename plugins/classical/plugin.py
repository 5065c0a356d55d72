"""What can be found by plain statistics and mended by classical filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from zoo import Card, Context, Corrector, Field, Findings, Params, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

ZOO_API = 1


class Filters(Corrector):
    """Finds noise, blocks, checkerboards, bands and casts by plain statistics; mends each by a filter of its own."""

    name = "filters"
    card = Card(
        "Classical filters",
        "Apache-2.0",
        "https://github.com/persona-zoo/persona-zoo",
        (
            "Carlo Tomasi and Roberto Manduchi: Bilateral Filtering for Gray and Color Images, 1998",
            "Antoni Buades, Bartomeu Coll and Jean-Michel Morel: A Non-Local Algorithm for Image Denoising, 2005",
            "Joost van de Weijer, Theo Gevers and Arjan Gijsenij: Edge-Based Color Constancy, 2007",
            "Aria Nosratinia: Enhancement of JPEG-Compressed Images by Re-application of JPEG, 2001",
            "David Donoho and Iain Johnstone: Ideal Spatial Adaptation by Wavelet Shrinkage, 1994",
        ),
    )
    kinds = {
        "colour": "Colour cast",
        "noise": "Noise",
        "blocks": "Blocks",
        "checker": "Checkerboard",
        "banding": "Banding",
    }

    class Params(Params):
        strength: float = Field(
            1.0, ge=0, le=1, title="Strength", description="From the picture as it was (0) to mended in full (1)."
        )
        threshold: float = Field(
            0.5,
            ge=0,
            le=1,
            title="Threshold",
            description="The score from which on something counts as damage. At 0.5 that happens to 1 clean picture in "
            "20.",
        )
        denoising: Literal["non-local means", "bilateral"] = Field(
            "non-local means",
            title="Denoising",
            description="Non-local means keeps more texture; bilateral is faster, and suits flat drawings.",
        )
        white_balance: bool = Field(
            False,
            title="White balance",
            description="Take colour casts out too. What looks like one is often meant, so look at the result.",
        )

    def detect(self, images: Tensor, params: Params, context: Context) -> Findings:
        from .detecting import detect

        return detect(images, context, params.threshold)

    def fix(self, images: Tensor, findings: Findings, params: Params) -> Tensor:
        from .mending import mend

        return mend(images, findings, params.strength, params.denoising, params.white_balance)


@hookimpl
def zoo_models() -> list[type[Corrector]]:
    return [Filters]
