"""The words: open lists with hundreds of entries each, and sheets of sentences on one theme or style."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "words"

Slots = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Sketch:
    """A post that is still a template, and the comments that answer it."""

    text: str
    comments: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """What a theme or a style has to say: slots by name, and posts."""

    slots: Slots
    posts: tuple[Sketch, ...]


@dataclass(frozen=True)
class Words:
    """All the words of one language. `readings` tells how a word is spelt in a handle, where that is not plain."""

    open: Slots
    readings: Mapping[str, str]
    general: Sheet
    themes: Mapping[str, Sheet]
    styles: Mapping[str, Sheet]


@cache
def read_words(language: str) -> Words:
    """The words under `words/<language>`: `*.txt` are lists, `themes/` and `styles/` hold sheets."""
    folder = FOLDER / language
    lists = {path.stem: read_list(path.read_text("utf-8")) for path in sorted(folder.glob("*.txt"))}
    return Words(
        open={name: tuple(entries) for name, entries in lists.items()},
        readings={word: reading for entries in lists.values() for word, reading in entries.items() if reading},
        general=read_sheet((folder / "general.sheet").read_text("utf-8")),
        themes=_sheets(folder / "themes"),
        styles=_sheets(folder / "styles"),
    )


def read_list(text: str) -> dict[str, str]:
    """Entries between commas or line ends, each with the reading that may follow it after a `|`."""
    entries = (entry.strip().partition("|") for entry in re.split(r"[,\n]", text))
    return {word: reading for word, _, reading in entries if word}


def read_sheet(text: str) -> Sheet:
    """Lines of `slot: entry`; `post: text` is followed by its comments, one per line after `> `."""
    slots: dict[str, list[str]] = defaultdict(list)
    comments: list[tuple[str, ...]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, entry = line.partition(" ")
        if name == ">":
            comments[-1] += (entry,)
            continue
        slots[name.removesuffix(":")].append(entry)
        comments += [()] if name == "post:" else []
    posts = tuple(map(Sketch, slots.pop("post", ()), comments))
    return Sheet({name: tuple(entries) for name, entries in slots.items()}, posts)


def _sheets(folder: Path) -> dict[str, Sheet]:
    files = sorted(folder.rglob("*.sheet"))
    return {f.relative_to(folder).with_suffix("").as_posix(): read_sheet(f.read_text("utf-8")) for f in files}
