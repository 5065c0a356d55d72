"""A grammar that writes profiles. A slot's word depends on the seed and the slot's own path, and on nothing else.

There is no stream of random numbers, so a new slot, or a new sentence around one, leaves all other words as they
are; and a slot gives the same word wherever it is named: a persona has one best friend and one favourite food.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TypeVar

from zoo import Post, Profile, Traits

from .colors import color_names
from .words import Sheet, Sketch, Words, read_words

T = TypeVar("T")

_SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")  # {food}, or {given:friend}: an entry of "given" known as the friend
_SENTENCE_START = re.compile(r"(^|[.!?] )([a-zà-ÿ])")
_SMALL_WORDS = {"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "the", "to", "with"}

HANDLE_LENGTH = 30
TAGLINE_LENGTH = 76  # leaves room for an emoji


class Voice:
    """One persona's way of saying things: a seed and a portrait, in the words of a language."""

    def __init__(self, traits: Traits, seed: int, language: str, words: Words) -> None:
        self.seed = seed
        self.general = general = words.general
        self.theme = words.themes[self.pick("theme", sorted(words.themes))]
        self.style, self.neutral = _style(traits, words.styles), words.styles["neutral"]
        color = self.pick("color", color_names(traits.colors))
        self.readings = {**words.readings, color.zh: color.pinyin}
        self.slots = {**words.open, **general.slots, **self.theme.slots, "color": (getattr(color, language),)}
        for shared in ("about", "tagline"):
            sheets = (self.theme, self.style, general)
            self.slots[shared] = tuple(line for sheet in sheets for line in sheet.slots.get(shared, ()))

    def number(self, path: str) -> int:
        """A number in 0..2^64 that is this persona's own at `path`."""
        return int.from_bytes(blake2b(f"{self.seed}/{path}".encode(), digest_size=8).digest(), "big")

    def pick(self, path: str, options: Sequence[T]) -> T:
        return options[self.number(path) % len(options)]

    def shuffled(self, path: str, options: Sequence[str]) -> list[str]:
        """`options` in this persona's order of preference; a new option leaves the order of the others alone."""
        return sorted(options, key=lambda option: self.number(f"{path}/{option}"))

    def fact(self, slot: str, name: str | None = None) -> str:
        """What this persona has in `slot`; under another `name`, another one."""
        return self.fill(self.pick(f"{slot}/{name}" if name else slot, self.slots[slot]))

    def fill(self, template: str) -> str:
        return _SLOT.sub(lambda slot: self.fact(slot[1], slot[2]), template)

    def say(self, template: str) -> str:
        return _SENTENCE_START.sub(lambda start: start[1] + start[2].upper(), self.fill(template))

    def favourite(self, slot: str, length: int) -> str:
        """The template of `slot` that this persona likes best among those that fit in `length` characters."""
        return next(t for t in self.shuffled(slot, self.slots[slot]) if len(self.say(t)) <= length)

    def handle(self, nickname: str) -> str:
        """`@` and the readings of the slots in the template `nickname`, as many as fit."""
        facts = [self.fact(slot[1], slot[2]) for slot in _SLOT.finditer(nickname)]
        parts = list(filter(None, (_slug(self.readings.get(fact, fact)) for fact in facts)))
        spellings = ["_".join(parts), "".join(parts), "_".join(parts[-2:]), parts[0]]
        return "@" + next(spelling for spelling in spellings if len(spelling) <= HANDLE_LENGTH)

    def interests(self) -> tuple[str, ...]:
        """Three to five: the theme's and this persona's own hobbies, by turns."""
        first, second, *more = self.shuffled("interest", self.theme.slots["interest"])
        ranked = dict.fromkeys([first, second, self.fact("hobby"), more[0], self.fact("hobby", "second"), *more[1:]])
        return tuple(ranked)[: self.pick("interests", (3, 4, 4, 5))]

    def posts(self, emoji: bool) -> tuple[Post, ...]:
        """Two on the theme, and one on the portrait or on any day, in an order of the persona's own."""
        first, second = sorted(self.theme.posts, key=lambda post: self.number(f"post/{post.text}"))[:2]
        other = self.pick("post/other", (self.style, self.style, self.neutral, self.general))
        sketches = [first, second, self.pick("post/third", other.posts)]
        turn = self.pick("post/turn", (0, 1, 2))
        return tuple(self.post(sketch, emoji) for sketch in sketches[turn:] + sketches[:turn])

    def post(self, sketch: Sketch, emoji: bool) -> Post:
        path = f"post/{sketch.text}"
        comments = self.shuffled(path, sketch.comments)[: self.pick(f"{path}/comments", (1, 2, 2, 3))]
        text = self.decorate(path, self.say(sketch.text), emoji)
        return Post(text=text, comments=tuple(map(self.say, comments)))

    def decorate(self, path: str, text: str, emoji: bool) -> str:
        """`text`, now and then with an emoji of the theme after it."""
        decorated = emoji and self.pick(f"emoji/{path}", (True, False, False))
        return f"{text} {self.fact('emoji', path)}" if decorated else text


def profile(traits: Traits, seed: int, language: str, emoji: bool) -> Profile:
    """The profile of the persona `seed`, in words that suit its portrait."""
    voice = Voice(traits, seed, language, read_words(language))
    nickname = voice.favourite("nickname", 40)
    return Profile(
        language=language,
        nickname=_title(voice.fill(nickname)),
        handle=voice.handle(nickname),
        tagline=voice.decorate("tagline", voice.say(voice.favourite("tagline", TAGLINE_LENGTH)), emoji),
        bio=voice.say(voice.favourite("bio", 160)),
        interests=voice.interests(),
        posts=voice.posts(emoji),
    )


def _style(traits: Traits, styles: Mapping[str, Sheet]) -> Sheet:
    """The sheet of the last style that has one: it is what the eye sees."""
    return next((styles[style] for style in reversed(traits.styles) if style in styles), styles["neutral"])


def _title(text: str) -> str:
    return " ".join(w if w in _SMALL_WORDS and i else w[:1].upper() + w[1:] for i, w in enumerate(text.split(" ")))


def _slug(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")
