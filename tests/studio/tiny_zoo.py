"""A zoo of two models that cost nothing: a generator of plain colours and a writer of one-liners."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zoo import Card, Generator, Post, Profile, Writer
from zoo.engine import Engine
from zoo.engine.local import Local
from zoo.registry import Entry, Zoo
from zoo.store import Store

if TYPE_CHECKING:
    from torch import Tensor

    from zoo import Params, Traits
    from zoo.language import Language

CARD = Card("Tiny", "CC0-1.0", "https://example.org/tiny")


class Plain(Generator):
    """Draws one colour."""

    name = "plain"
    card = CARD
    latent_shape = (3,)

    def draw(self, latents: Tensor, params: Params) -> Tensor:
        return latents.sigmoid()[:, :, None, None].expand(-1, -1, 32, 32)


class Scribe(Writer):
    """Writes one line."""

    name = "scribe"
    card = CARD

    def write(self, traits: Traits, seed: int, language: Language, params: Params) -> Profile:
        return Profile(
            language=language,
            nickname=f"Robin {seed}",
            handle="@robin",
            tagline="Of one colour",
            bio="Collects quiet afternoons.",
            interests=("tea", "maps", "moss"),
            posts=(Post(text="One"), Post(text="Two"), Post(text="Three")),
        )


def tiny_zoo() -> Zoo:
    return Zoo({f"tiny/{cls.name}": Entry(f"tiny/{cls.name}", "tiny", cls, None) for cls in (Plain, Scribe)})


def tiny_engine(folder: Path) -> Engine:
    return Engine(tiny_zoo(), Store(str(folder)), Local())
