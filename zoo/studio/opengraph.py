"""The head of a page as other sites read it, when they show a link to it as a card."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from zoo.language import Language

WIDTH, HEIGHT = 1200, 630
"""Pixels of a card's picture: what Facebook, LinkedIn, X and the chat apps show uncut."""


@dataclass(frozen=True)
class Card:
    """A link as others show it. All plain text; `url` and `image` absolute, where the base is known."""

    title: str
    description: str
    url: str
    image: str
    alt: str


def tags(card: Card, language: Language) -> str:
    """The `<title>`, OpenGraph and Twitter tags of `card`. See https://ogp.me."""
    properties = {
        "og:site_name": "Persona Zoo",
        "og:type": "website",
        "og:locale": "zh_CN" if language == "zh" else "en_US",
        "og:title": card.title,
        "og:description": card.description,
        "og:url": card.url,
        "og:image": card.image,
        "og:image:type": "image/png",
        "og:image:width": str(WIDTH),
        "og:image:height": str(HEIGHT),
        "og:image:alt": card.alt,
    }
    names = {
        "description": card.description,
        "twitter:card": "summary_large_image",
        "twitter:title": card.title,
        "twitter:description": card.description,
        "twitter:image": card.image,
        "twitter:image:alt": card.alt,
    }
    lines = [
        f"<title>{escape(card.title)}</title>",
        f'<link rel="canonical" href="{escape(card.url)}">',
        *(f'<meta property="{name}" content="{escape(text)}">' for name, text in properties.items()),
        *(f'<meta name="{name}" content="{escape(text)}">' for name, text in names.items()),
    ]
    return "\n".join(lines) + "\n"
