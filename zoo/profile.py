"""What a persona says of itself, and the rules that keep every text plain."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from zoo.language import Language

NICKNAME_LENGTH = 40
BIO_LENGTH = 160

_KEPT_FORMATS = {"\u200d", "\ufe0f"}  # the joiner and the selector that emoji are built with
_MARKS_PER_LETTER = 2


@dataclass(frozen=True)
class Traits:
    """What a writer knows of the portrait: the models that made it, and its main colours as `#rrggbb`."""

    styles: tuple[str, ...] = ()
    colors: tuple[str, ...] = ()


class _Text(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Post(_Text):
    """One short post, and what others answered."""

    text: Annotated[str, Field(max_length=280)]
    comments: Annotated[tuple[Annotated[str, Field(max_length=140)], ...], Field(max_length=5)] = ()


class Profile(_Text):
    """A persona in words. Plain text throughout: no markup, no links, no way to reach anybody."""

    language: Language
    nickname: Annotated[str, Field(min_length=1, max_length=NICKNAME_LENGTH)]
    handle: Annotated[str, Field(pattern=r"^@[a-z0-9_]{3,30}$")]
    tagline: Annotated[str, Field(max_length=80)]
    bio: Annotated[str, Field(max_length=BIO_LENGTH)]
    interests: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(min_length=3, max_length=5)]
    posts: Annotated[tuple[Post, ...], Field(min_length=3, max_length=3)]


def clean(text: str, length: int) -> str:
    """`text` as one plain line of at most `length` characters.

    Controls, direction overrides, invisible and unpaired characters go, as do combining marks beyond
    two on a letter; emoji joined by ZWJ stay whole.
    """
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") and char not in _KEPT_FORMATS else 0
        if marks > _MARKS_PER_LETTER or (category in ("Cf", "Cs", "Co", "Cn") and char not in _KEPT_FORMATS):
            continue
        kept.append(" " if category in ("Cc", "Zl", "Zp") else char)
    return re.sub(r"\s+", " ", "".join(kept)).strip()[:length].strip()
