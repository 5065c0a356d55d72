"""The default corrector: statistics that name what is wrong, and a residual network that mends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zoo import Calibration, Card, Context, Corrector, Field, Findings, Params, WeightsRef, hookimpl

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .detector import Making

ZOO_API = 1

_ON = ("{count} clean drawings, photographs and scenes", "{count} clean pictures by the same stylizer")


class Mender(Corrector):
    """Names eight kinds of fault, shows where they are and mends them; with the original at hand it compares."""

    name = "mender"
    card = Card(
        "Mender",
        "Apache-2.0",
        "https://github.com/persona-zoo/persona-zoo",
        (
            "Anish Mittal, Anush Moorthy and Alan Bovik: No-Reference Image Quality Assessment in the Spatial Domain, "
            "2012",
            "Anish Mittal, Rajiv Soundararajan and Alan Bovik: Making a Completely Blind Image Quality Analyzer, 2013",
            "Olaf Ronneberger, Philipp Fischer, Thomas Brox: U-Net, 2015",
            "Liangyu Chen, Xiaojie Chu, Xiangyu Zhang, Jian Sun: Simple Baselines for Image Restoration, 2022",
            "Ethan Perez et al.: FiLM, Visual Reasoning with a General Conditioning Layer, 2018",
            "Taught on drawings in styles by Lisa Wischofsky, Zoish and Pablo Stanley (CC0 1.0), Micah Lanier and "
            "Johan Melin (CC BY 4.0), on free pictures that come with scikit-image, and on photographs of the Budgie "
            "Desktop and of WordPress themes (CC0 1.0), and by Aitzol Berasategi, Trevor “Freespace”, Jakub Mede and "
            "Tobias Alt (CC BY 4.0), Michael Gäbler and EpicV27 (CC BY 3.0), Clemens Engelhardt (CC0 1.0), Toyah and "
            "Petr Kratochvil (public domain)",
        ),
    )
    weights = WeightsRef(
        "persona-zoo/mender-mender", None, "48e8a118d233ff43d8fe8c701cf7382644aed51f12a0be1f29ed736ceccbcf6e"
    )
    kinds = {
        "colour": "Colour distortion",
        "blur": "Lost texture",
        "noise": "Noise",
        "blocks": "Compression blocks",
        "checker": "Checkerboard",
        "banding": "Banding",
        "clipping": "Clipping",
        "halo": "Halo",
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
            description="From which score on a picture has a fault. At a half, 1 clean picture in 20 is suspected.",
        )

    def build(self) -> nn.Module:
        from .mending import Mender

        return Mender()

    def detect(self, images: Tensor, params: Any, context: Context) -> Findings:
        making = self.net.making(context, len(images))
        known = context.stylizer is None or making.told.any()
        original = context.original if known else None
        verdict = self.net.verdict(images, making, original)
        maps = self.net.maps(images, verdict, original if context.stylizer is None else None)
        return Findings(
            dict(zip(self.kinds, verdict.kinds.unbind(1), strict=True)),
            maps.amax(1, keepdim=True),
            dict(zip(self.kinds, maps.split(1, 1), strict=True)),
            verdict.overall,
            params.threshold,
            _calibration(making, original is not None),
        )

    def normal(self, images: Tensor, originals: Tensor) -> Mapping[str, Tensor]:
        from .guests import normal

        return normal(self.net.detector, images, originals)

    def fix(self, images: Tensor, findings: Findings, params: Any) -> Tensor:
        scores = [*findings.scores.values()] if findings.overall is None else [findings.overall]
        found = sum(score >= findings.threshold for score in scores) > 0
        where = params.strength * self.net.gate(findings.map) * found.view(-1, 1, 1, 1)
        if not where.any():
            return images.clone()
        unknown = images.new_zeros(len(images))
        mended, _ = self.net.fixed(images, [findings.scores.get(kind, unknown) for kind in self.kinds])
        return images.lerp(mended, where)


def _calibration(making: Making, compared: bool) -> Calibration:
    """Of which pictures scores were set by, and what these scored."""
    mode, which = int(compared), making.which[0]
    of = making.makings
    words = _ON[int(making.told[0])].format(count=int(of.counts[mode, which]))
    return Calibration(words, tuple(of.quantiles[mode, which].tolist()))


@hookimpl
def zoo_models() -> list[type[Corrector]]:
    return [Mender]
