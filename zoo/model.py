"""What a plugin author writes: a class that computes. Files, devices, seeds and pictures are the host's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from zoo.errors import PluginError
from zoo.language import Language
from zoo.params import Params
from zoo.profile import Profile, Traits
from zoo.weights import WeightsRef

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Kind = Literal["generator", "stylizer", "corrector", "writer"]


@dataclass(frozen=True)
class Card:
    """Where a model comes from. Shown beside everything it makes.

    `license` is an SPDX expression; `source` a URL; `credits` the people and works it is owed to.
    `photoreal` pictures could be taken for photographs.
    """

    title: str
    license: str
    source: str
    credits: tuple[str, ...] = ()
    photoreal: bool = False

    def __post_init__(self) -> None:
        try:
            spdx = canonicalize_license_expression(self.license)
        except InvalidLicenseExpression:
            raise PluginError(
                "The licence “{license}” of “{title}” is no SPDX expression. Use one from https://spdx.org/licenses/, "
                "or LicenseRef-<name> for a licence of its own.",
                license=self.license,
                title=self.title,
            ) from None
        object.__setattr__(self, "license", str(spdx))
        if not self.source.startswith(("https://", "http://")):
            raise PluginError("The source of “{title}” is not a URL: “{url}”.", title=self.title, url=self.source)

    @property
    def noncommercial(self) -> bool:
        """Whether the licence forbids commercial use."""
        return "-NC" in self.license.upper() or "NONCOMMERCIAL" in self.license.upper()


@dataclass(frozen=True)
class Context:
    """What a corrector may know of a picture's making: the picture before it was restyled, and by which model; and what
    is usual in that model's pictures, as the corrector's own `normal` put it when somebody called `zoo calibrate`."""

    original: Tensor | None = None
    stylizer: str | None = None
    normal: Mapping[str, Tensor] | None = None


@dataclass(frozen=True)
class Calibration:
    """Clean pictures that a detector's scores were set by.

    `on` is what a visitor reads of them: "160 clean avatars and photographs"; `scores` their overall scores, ascending:
    all of them, or evenly spaced quantiles from the least to the highest.
    """

    on: str
    scores: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.scores or list(self.scores) != sorted(self.scores):
            raise PluginError("A calibration needs the scores of clean pictures, in ascending order.")

    def false_positives(self, threshold: float) -> float:
        """The share of clean pictures that is to be expected at or above `threshold`, between two scores linear."""
        above = bisect_left(self.scores, threshold)
        if above in (0, len(self.scores)):
            return 0.0 if above else 1.0
        low, high = self.scores[above - 1 : above + 1]
        return 1 - (above - 1 + (threshold - low) / (high - low)) / (len(self.scores) - 1)


@dataclass(frozen=True)
class Findings:
    """What a corrector sees.

    `scores`, kind to `[N]` in 0..1, and `map`, `[N,1,H,W]` in 0..1: where, of any kind; `maps` has the kinds that are
    mapped apart, each like `map`. `overall`, `[N]` in 0..1, says whether anything is wrong at all: the highest of the
    scores where it is None. From `threshold` on, the overall score and a kind's are anomalies; `calibration` says how
    often that happens to clean pictures.
    """

    scores: Mapping[str, Tensor]
    map: Tensor
    maps: Mapping[str, Tensor] = field(default_factory=dict)
    overall: Tensor | None = None
    threshold: float = 0.5
    calibration: Calibration | None = None


class Model(ABC):
    """A member of the zoo. The first line of the docstring is what a visitor reads about it."""

    kind: ClassVar[Kind]
    name: ClassVar[str]
    card: ClassVar[Card]
    weights: ClassVar[WeightsRef | None] = None
    Params: ClassVar[type[Params]] = Params

    net: nn.Module | None = None
    device: torch.device

    def build(self) -> nn.Module | None:
        """The network with random weights, or None where there is none. Import torch in here, not above."""
        return None

    def load(self, tensors: Mapping[str, Tensor]) -> nn.Module | None:
        """The network with `tensors` (float32, by name) for weights. Names and shapes match exactly or it raises."""
        net = self.build()
        if net is not None:
            net.load_state_dict(tensors, strict=True)
        return net


class Generator(Model):
    """Draws portraits from latents."""

    kind = "generator"
    latent_shape: ClassVar[tuple[int, ...]]
    directions: ClassVar[Mapping[str, str]] = {}
    """Named edits of a latent: the name a visitor sees, to the buffer of `net` that holds the unit vector."""
    encodes: ClassVar[bool] = False
    """Whether a reference picture can be turned into a latent."""

    @abstractmethod
    def draw(self, latents: Tensor, params: Any) -> Tensor:
        """`[N, *latent_shape]`, standard normal → `[N,3,H,W]` in 0..1. Same latent, same picture, in any batch."""

    def encode(self, images: Tensor, progress: Callable[[float], None] = lambda share: None) -> Tensor:
        """`[N,3,H,W]` in 0..1, of any size → the latents `[N, *latent_shape]` that draw what comes nearest.

        `progress` is told the share of the work that is done. A model that sets `encodes` brings this.
        """
        raise NotImplementedError(f"{self.name} does not encode")


class Stylizer(Model):
    """Restyles a picture and keeps its size."""

    kind = "stylizer"
    takes_reference: ClassVar[bool] = False
    multiple: ClassVar[int] = 1
    """The host pads height and width to a multiple of this."""
    tile: ClassVar[int | None] = None
    """The host cuts what is larger into tiles of this side, in pixels; None: give it whole."""

    @abstractmethod
    def stylize(self, images: Tensor, params: Any, reference: Tensor | None = None) -> Tensor:
        """`[N,3,H,W]` in 0..1 → the same shape and range. `reference` is `[1,3,h,w]`."""


class Corrector(Model):
    """Finds what went wrong in a picture, and mends it."""

    kind = "corrector"
    kinds: ClassVar[Mapping[str, str]]
    """The kinds of anomaly it scores: the key in `Findings.scores`, to the words a visitor reads."""
    multiple: ClassVar[int] = 1
    tile: ClassVar[int | None] = None

    @abstractmethod
    def detect(self, images: Tensor, params: Any, context: Context) -> Findings:
        """`[N,3,H,W]` in 0..1 → what is wrong with each, and where.

        Params with a field `threshold` in 0..1 set `Findings.threshold`, and move nothing else that is found.
        """

    @abstractmethod
    def fix(self, images: Tensor, findings: Findings, params: Any) -> Tensor:
        """The images, mended where the map says so; where it is 0 nothing changes, and nothing at all in a picture
        whose `overall` is under the threshold. The findings may be another model's, of other kinds and without maps
        of them."""

    def normal(self, images: Tensor, originals: Tensor) -> Mapping[str, Tensor]:
        """What is usual in clean pictures by one stylizer, `[N,3,H,W]` in 0..1, and made of `originals`: tensors for
        `Context.normal`, under 64 kB. Empty where all stylizers' pictures are looked at alike."""
        return {}

    def correct(self, images: Tensor, params: Any, context: Context) -> Tensor:
        """Detect, then fix."""
        return self.fix(images, self.detect(images, params, context), params)


class Writer(Model):
    """Gives a portrait a name and a voice."""

    kind = "writer"

    @abstractmethod
    def write(self, traits: Traits, seed: int, language: Language, params: Any) -> Profile:
        """A profile. Same arguments, same words; no random state but `seed`."""
