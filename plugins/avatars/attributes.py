"""What a portrait is made of: for each style its parts, by the names that a visitor chooses from, and how often each is
drawn where nothing was chosen. Plain tables: the drawing, the network and the page all read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

STYLES = ("lorelei", "notionists", "open-peeps", "micah", "toon-head")
"""DiceBear's names. The first three are CC0 1.0, micah (Micah Lanier) and toon-head (Johan Melin) CC BY 4.0."""

FACTORS = ("hair", "eyes", "eyebrows", "mouth", "nose", "glasses", "beard", "clothes", "head")
"""What varies in shape, each on an axis of the latent of its own."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "hair": ("bald", "short", "curly", "bob", "long", "tied"),
    "eyebrows": ("soft", "raised", "stern"),
    "mouth": ("smile", "laugh", "calm"),
    "glasses": ("none", "glasses", "sunglasses"),
    "beard": ("none", "moustache", "beard"),
}
"""The shapes that a visitor can ask for by name. A kind holds one part or several: which one is left to the seed."""

SHARES: Mapping[str, tuple[float, ...]] = {
    "hair": (0.06, 0.30, 0.16, 0.17, 0.19, 0.12),
    "eyebrows": (0.4, 0.35, 0.25),
    "mouth": (0.45, 0.3, 0.25),
    "glasses": (0.72, 0.18, 0.10),
    "beard": (0.55, 0.2, 0.25),
}
"""How often each kind is drawn, among those that a style has; its parts share this equally."""

BEARDED = ("bald", "short", "curly")
"""The kinds of hair that a beard goes with."""

Parts = Mapping[str, str]


@dataclass(frozen=True)
class Option:
    """One shape of one factor in one style: its kind ("" where the factor has none) and DiceBear's parts."""

    kind: str
    parts: Parts


@cache
def options(style: str, factor: str) -> tuple[Option, ...]:
    """The shapes that a style has for a factor, in the order of `KINDS`; one without parts where it has none."""
    found = tuple(
        Option(kind, parts) for kind, several in _TABLES[style].get(factor, {"": ({},)}).items() for parts in several
    )
    order = KINDS.get(factor, ("",))
    return tuple(sorted(found, key=lambda option: order.index(option.kind) if option.kind in order else 0))


@cache
def shares(style: str, factor: str) -> tuple[float, ...]:
    """How often each of the `options` is drawn; they sum to 1."""
    there = options(style, factor)
    kinds = {option.kind for option in there}
    weight = dict(zip(KINDS.get(factor, ()), SHARES.get(factor, ()), strict=True))
    total = sum(weight.get(kind, 1.0) for kind in kinds)
    return tuple(
        weight.get(option.kind, 1.0) / total / sum(other.kind == option.kind for other in there) for option in there
    )


def _numbered(component: str, *numbers: int) -> tuple[Parts, ...]:
    return tuple({component: f"variant{n:02d}"} for n in numbers)


def _named(component: str, names: str) -> tuple[Parts, ...]:
    return tuple({component: name} for name in names.split())


def _both(some: tuple[Parts, ...], others: tuple[Parts, ...]) -> tuple[Parts, ...]:
    return tuple({**one, **other} for one, other in product(some, others))


_NOTHING: tuple[Parts, ...] = ({},)

_TABLES: Mapping[str, Mapping[str, Mapping[str, tuple[Parts, ...]]]] = {
    "lorelei": {
        "hair": {
            "bald": _numbered("hair", 28),
            "short": _numbered("hair", 1, 2, 4, 6, 8),
            "curly": _numbered("hair", 5, 22, 24),
            "bob": _numbered("hair", 13, 19, 23),
            "long": _numbered("hair", 15, 21, 35),
            "tied": _numbered("hair", 14, 26, 31),
        },
        "eyes": {"": _numbered("eyes", 4, 9, 10, 14, 19, 24)},
        "eyebrows": {
            "soft": _numbered("eyebrows", 1, 2),
            "raised": _numbered("eyebrows", 7, 9),
            "stern": _numbered("eyebrows", 10, 13),
        },
        "mouth": {
            "smile": _named("mouth", "happy01 happy02 happy04"),
            "laugh": _named("mouth", "happy06 happy18"),
            "calm": _named("mouth", "happy10 sad05"),
        },
        "nose": {"": _numbered("nose", 1, 2, 4)},
        "glasses": {
            "none": _NOTHING,
            "glasses": _numbered("glasses", 1, 4),
            "sunglasses": _numbered("glasses", 2),
        },
        "head": {"": _both(_numbered("head", 1, 3), (*_NOTHING, *_numbered("earrings", 3), *_numbered("freckles", 1)))},
    },
    "notionists": {
        "hair": {
            "bald": _numbered("hair", 60),
            "short": _numbered("hair", 5, 12, 13, 17, 35),
            "curly": _numbered("hair", 20, 33, 40),
            "bob": _numbered("hair", 4, 11, 43),
            "long": _numbered("hair", 2, 23, 41),
            "tied": _numbered("hair", 47, 48, 59),
        },
        "eyes": {"": _numbered("eyes", 1, 3, 4, 5)},
        "eyebrows": {
            "soft": _numbered("eyebrows", 4, 9),
            "raised": _numbered("eyebrows", 5, 12),
            "stern": _numbered("eyebrows", 2, 7),
        },
        "mouth": {
            "smile": _numbered("mouth", 3, 17, 23),
            "laugh": _numbered("mouth", 14, 25, 27),
            "calm": _numbered("mouth", 13, 21),
        },
        "nose": {"": _numbered("nose", 1, 5, 9)},
        "glasses": {
            "none": _NOTHING,
            "glasses": _numbered("glasses", 8, 11),
            "sunglasses": _numbered("glasses", 2),
        },
        "beard": {"none": _NOTHING, "moustache": _numbered("beard", 6, 10), "beard": _numbered("beard", 1, 2)},
        "clothes": {"": _numbered("clothes", 1, 3, 5, 13, 14, 19, 23)},
        "head": {"": _numbered("head", 1)},
    },
    "open-peeps": {
        "hair": {
            "bald": _named("head", "noHair1"),
            "short": _named("head", "short1 short2 short5 flatTop pomp"),
            "curly": _named("head", "afro twists dreads2"),
            "bob": _named("head", "bangs2 medium1 mediumBangs"),
            "long": _named("head", "long longBangs mediumStraight"),
            "tied": _named("head", "bun2 buns grayBun"),
        },
        "mouth": {
            "smile": _named("expression", "smile cheeky eatingHappy"),
            "laugh": _named("expression", "smileBig smileTeethGap"),
            "calm": _named("expression", "calm blank serious"),
        },
        "glasses": {
            "none": _NOTHING,
            "glasses": _named("accessories", "glasses2 glasses3"),
            "sunglasses": _named("accessories", "sunglasses"),
        },
        "beard": {
            "none": _NOTHING,
            "moustache": _named("facialHair", "moustache5 moustache9"),
            "beard": _named("facialHair", "full2 chin full"),
        },
    },
    "micah": {
        "hair": {
            "bald": _named("hair", "mrClean"),
            "short": _named("hair", "fonze dannyPhantom"),
            "curly": _named("hair", "mrT"),
            "bob": _named("hair", "pixie"),
            "long": _named("hair", "full"),
        },
        "eyes": {"": _named("eyes", "eyes eyesShadow round smiling")},
        "eyebrows": {"raised": _named("eyebrows", "up"), "stern": _named("eyebrows", "down")},
        "mouth": {
            "smile": _named("mouth", "smile smirk"),
            "laugh": _named("mouth", "laughing"),
            "calm": _named("mouth", "pucker sad"),
        },
        "nose": {"": _named("nose", "curve pointed tound")},
        "glasses": {"none": _NOTHING, "glasses": _named("glasses", "round square")},
        "beard": {"none": _NOTHING, "beard": _named("facialHair", "beard")},
        "clothes": {"": _named("clothes", "collared crew open")},
        "head": {"": _both(({"head": "standard", "ears": "attached"},), (*_NOTHING, *_named("earrings", "hoop stud")))},
    },
    "toon-head": {
        "hair": {
            "short": _named("hair", "sideComed spiky undercut"),
            "bob": (
                {"hair": "sideComed", "rearHair": "neckHigh"},
                {"hair": "sideComed", "rearHair": "shoulderHigh"},
            ),
            "long": (
                {"hair": "sideComed", "rearHair": "longStraight"},
                {"hair": "spiky", "rearHair": "longWavy"},
            ),
            "tied": ({"hair": "bun"}, {"hair": "bun", "rearHair": "longWavy"}),
        },
        "eyes": {"": _named("eyes", "bow happy humble wide wink")},
        "eyebrows": {
            "soft": _named("eyebrows", "happy neutral"),
            "raised": _named("eyebrows", "raised sad"),
            "stern": _named("eyebrows", "angry"),
        },
        "mouth": {
            "smile": _named("mouth", "smile"),
            "laugh": _named("mouth", "laugh agape"),
            "calm": _named("mouth", "sad"),
        },
        "beard": {
            "none": _NOTHING,
            "moustache": _named("beard", "moustacheTwirl chinMoustache"),
            "beard": _named("beard", "fullBeard longBeard"),
        },
        "clothes": {"": _named("clothes", "dress openJacket shirt tShirt turtleNeck")},
        "head": {"": ({"head": "head", "body": "body"},)},
    },
}
