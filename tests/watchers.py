"""Two correctors that cost nothing: one that says all that a corrector can say, and one that says the least."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo import Calibration, Card, Context, Corrector, Field, Findings, Params

if TYPE_CHECKING:
    from torch import Tensor

CLEAN = Calibration("5 grey squares", (0.0, 0.1, 0.2, 0.3, 0.4))


class Watchman(Corrector):
    """Finds what is dark and what is red; with the original at hand, what is darker and redder than that."""

    name = "watchman"
    card = Card("Watchman", "CC0-1.0", "https://example.org/watchers")
    kinds = {"dark": "Darkness", "red": "Redness"}
    tile = 160

    class Params(Params):
        strength: float = Field(1.0, ge=0, le=1, description="How much of it is mended.")
        threshold: float = Field(0.5, ge=0, le=1, description="From which score on something is wrong.")

    def detect(self, images: Tensor, params: Any, context: Context) -> Findings:
        maps = {"dark": 1 - images.mean(1, keepdim=True), "red": images[:, :1] - images[:, 1:].mean(1, keepdim=True)}
        if context.original is not None:
            known = self.detect(context.original, params, Context()).maps
            maps = {kind: heat - known[kind] for kind, heat in maps.items()}
        maps = {kind: heat.clamp(0, 1) for kind, heat in maps.items()}
        scores = {kind: heat.mean((1, 2, 3)) for kind, heat in maps.items()}
        heat, overall = maps["dark"].maximum(maps["red"]), scores["dark"].maximum(scores["red"])
        return Findings(scores, heat, maps, overall, params.threshold, CLEAN)

    def fix(self, images: Tensor, findings: Findings, params: Any) -> Tensor:
        return images + params.strength * findings.map * (0.6 - images)


class Lamplighter(Corrector):
    """Finds shadows and lights them."""

    name = "lamplighter"
    card = Card("Lamplighter", "CC0-1.0", "https://example.org/watchers")
    kinds = {"shadow": "Shadows"}

    def detect(self, images: Tensor, params: Any, context: Context) -> Findings:
        shadow = (images.mean(1, keepdim=True) < 0.4).float()
        return Findings({"shadow": shadow.mean((1, 2, 3))}, shadow)

    def fix(self, images: Tensor, findings: Findings, params: Any) -> Tensor:
        return images + findings.map * (1 - images) / 2
