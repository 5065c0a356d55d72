"""The plugin `phrases`: profiles from a seeded grammar. Read as a reader would: thousands of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from plugins.phrases import samples
from plugins.phrases.colors import NAMES, color_name, color_names
from plugins.phrases.grammar import Voice, profile
from plugins.phrases.words import FOLDER, Words, read_list, read_sheet, read_words
from zoo import Profile, Traits
from zoo.language import LANGUAGES
from zoo.profile import clean
from zoo.registry import discover

TEAL = "#15807c"
PORTRAITS = (
    Traits(),
    Traits(styles=("classics/dcgan", "ink/hatch"), colors=(TEAL,)),
    Traits(styles=("ink/oil", "autoencoder/baseline"), colors=("#cc8a22", "#ffffff", "#2b2b2b")),
    Traits(styles=("stranger/unheard-of",), colors=("#000000",)),
)
FORBIDDEN = {
    "mail": r"\S@\S",
    "address on the web": r"https?:|www\.|\b[a-z0-9-]+\.(com|net|org|io|cn|co|me)\b",
    "phone number": r"\d[\d ().-]{5,}\d",
    "markup": r"[<>`*_\[\](){}|#\\$&=~^]",
    "slur": r"(?i)\b(idiot|moron|dumb|crazy|gypsy|eskimo|midget|retard\w*|hitler|nazi\w*)\b|傻|蠢|笨|死|杀",
    "brand": r"(?i)\b(google|disney|marvel|lego|pokemon|pikachu|nintendo|coca|pepsi|nutella|oreo|starbucks|netflix)\b"
    r"|星巴克|微信|微博|抖音|淘宝|迪士尼|可口可乐|麦当劳|肯德基|高达|乐高|龙猫",
}

every_language = pytest.mark.parametrize("language", LANGUAGES)
every_list = pytest.mark.parametrize("path", sorted(FOLDER.glob("*/*.txt")), ids=lambda p: f"{p.parent.name}/{p.stem}")


def many(language: str, seeds: range, traits: Traits | None = None) -> Iterator[Profile]:
    for seed in seeds:
        yield profile(traits or PORTRAITS[seed % len(PORTRAITS)], seed, language, emoji=True)


def texts(p: Profile) -> list[str]:
    """All that a profile says, but for the handle."""
    spoken = [line for post in p.posts for line in (post.text, *post.comments)]
    return [p.nickname, p.tagline, p.bio, *p.interests, *spoken]


def templates(words: Words) -> Iterator[str]:
    """Every entry and every sentence of a language, with its slots unfilled."""
    yield from (entry for entries in words.open.values() for entry in entries)
    for sheet in (words.general, *words.themes.values(), *words.styles.values()):
        yield from (entry for entries in sheet.slots.values() for entry in entries)
        yield from (line for post in sheet.posts for line in (post.text, *post.comments))


def test_it_is_a_writer_that_the_zoo_admits() -> None:
    writer = discover(only=("phrases",), strict=True).entry("phrases/grammar").open()
    assert writer.write(PORTRAITS[1], 7, "en", writer.Params()) == profile(PORTRAITS[1], 7, "en", emoji=True)


def test_another_process_writes_the_same() -> None:
    code = (
        "from plugins.phrases.grammar import profile; from zoo import Traits\n"
        "print(*(profile(Traits(('ink/oil',)), 5, l, True).model_dump_json() for l in ('en', 'zh')), sep='\\n')"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"}
    output = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True).stdout
    here = [profile(Traits(("ink/oil",)), 5, language, emoji=True).model_dump_json() for language in ("en", "zh")]
    assert output.decode().splitlines() == here


@every_language
def test_texts_are_plain_and_hold_nothing_forbidden(language: str) -> None:
    for p in many(language, range(2000)):
        said = texts(p)
        assert said == [clean(text, 280) for text in said]
        assert not [what for what, pattern in FORBIDDEN.items() if re.search(pattern, "\n".join(said))], said


@every_language
def test_no_entry_holds_anything_forbidden(language: str) -> None:
    for template in templates(read_words(language)):
        bare = re.sub(r"\{[\w:]+\}", "", template)
        assert not [what for what, pattern in FORBIDDEN.items() if re.search(pattern, bare)], template


@every_language
def test_nicknames_and_profiles_are_distinct(language: str) -> None:
    written = list(many(language, range(2000), Traits(styles=("ink/oil",), colors=(TEAL,))))
    assert len({p.nickname for p in written}) > 0.95 * len(written)
    assert len({p.model_dump_json() for p in written}) > 0.99 * len(written)


@every_list
def test_open_lists_have_three_hundred_entries_and_name_each_once(path: Path) -> None:
    entries = [entry.strip() for entry in re.split(r"[,\n]", path.read_text("utf-8")) if entry.strip()]
    assert len(entries) == len(read_list(path.read_text("utf-8"))) >= 300


def test_every_chinese_nickname_word_has_its_pinyin() -> None:
    words = read_words("zh")
    for name in ("image", "predicate", "modifier", "thing", "name"):
        assert all(re.fullmatch("[a-z]{2,}", words.readings[word]) for word in words.open[name])


@every_language
def test_a_new_slot_leaves_every_other_as_it_was(language: str) -> None:
    words = read_words(language)
    more = replace(words, open={**words.open, "drink": ("tea", "茶")})
    for seed in range(100):
        before, after = (Voice(PORTRAITS[1], seed, language, w) for w in (words, more))
        assert {slot: after.fact(slot) for slot in before.slots} == {slot: before.fact(slot) for slot in before.slots}
        assert after.fact("drink") in ("tea", "茶")


def test_a_new_sentence_is_said_by_some_and_changes_nobody_else() -> None:
    words = read_words("en")
    slots = {**words.general.slots, "tagline": (*words.general.slots["tagline"], "Something new")}
    more = replace(words, general=replace(words.general, slots=slots))
    said = [
        tuple(Voice(PORTRAITS[1], seed, "en", w).favourite("tagline", 76) for w in (words, more)) for seed in range(300)
    ]
    assert {after for before, after in said if before != after} == {"Something new"}
    assert sum(before != after for before, after in said) < 60


@every_language
def test_entries_keep_colour_words_to_the_portrait(language: str) -> None:
    edge = r"\b" if language == "en" else ""
    basic = r"\b(red|orange|yellow|green|blue|purple|pink|brown|black|white|gr[ea]y|gold(en)?|silver)\b|[红橙黄绿蓝紫]"
    colour = re.compile("|".join(f"{edge}{getattr(name, language)}{edge}" for name in NAMES) + "|" + basic, re.I)
    assert not [template for template in templates(read_words(language)) if colour.search(template)]


@every_language
def test_a_teal_portrait_speaks_of_teal_and_of_no_other_family(language: str) -> None:
    edge = r"\b" if language == "en" else ""
    teal, others = (
        re.compile(
            "|".join(f"{edge}{getattr(n, language)}{edge}" for n in NAMES if (n.family == "teal") is is_teal), re.I
        )
        for is_teal in (True, False)
    )
    told = [" ".join(texts(p)) for p in many(language, range(300), Traits(colors=(TEAL, "#a6e2d6", "#ffffff")))]
    assert sum(bool(teal.search(text)) for text in told) > 100
    assert not [text for text in told if others.search(text)]


@pytest.mark.parametrize(
    ("rgb", "family"),
    [("#ff0000", "red"), ("#008080", "teal"), ("#00008b", "blue"), ("#ffc0cb", "pink"), ("#808080", "grey")],
)
def test_colours_have_the_name_people_give_them(rgb: str, family: str) -> None:
    assert color_name(rgb).family == family


def test_greys_are_named_only_where_there_is_no_colour() -> None:
    assert [name.en for name in color_names(("#ffffff", TEAL, "#808080"))] == ["teal"]
    assert [name.family for name in color_names(("#ffffff", "#000000"))] == ["white", "black"]


@pytest.mark.parametrize("styles", [("ink/oil",), ("ink/hatch", "ink/oil"), ("ink/oil", "stranger/unheard-of")])
def test_the_last_known_style_is_spoken_of(styles: tuple[str, ...]) -> None:
    words = read_words("en")
    assert Voice(Traits(styles=styles), 3, "en", words).style is words.styles["ink/oil"]


def test_a_seed_has_one_theme_in_every_language() -> None:
    english, chinese = (read_words(language).themes for language in ("en", "zh"))
    assert list(english) == list(chinese)
    assert len(english) >= 20
    for seed in range(50):
        en, zh = (Voice(Traits(), seed, language, read_words(language)).theme for language in ("en", "zh"))
        assert [name for name in english if english[name] is en] == [name for name in chinese if chinese[name] is zh]


def test_a_persona_has_one_friend_in_all_it_says() -> None:
    voice = Voice(Traits(), 1, "en", read_words("en"))
    assert voice.fill("{given:friend} and {given:friend}") == " and ".join([voice.fact("given", "friend")] * 2)
    assert voice.fact("given", "friend") != voice.fact("given")


def test_chinese_has_latin_letters_in_the_handle_alone() -> None:
    for p in many("zh", range(500)):
        assert not re.search("[A-Za-z,;!?]", "".join(texts(p)))
        assert re.fullmatch("@[a-z]{2,}(_[a-z]+)*", p.handle)


def test_english_sentences_begin_with_a_capital_and_articles_agree() -> None:
    for p in many("en", range(500)):
        assert not re.search(r"(^|[.!?] )[a-z]", " ".join([p.bio, *(post.text for post in p.posts)]))
        assert not re.search(r"\ba (?!one\b)[aeio]", " ".join(texts(p)))


@every_language
def test_without_emoji_the_words_are_the_same(language: str) -> None:
    for seed in range(200):
        plain, decorated = (profile(PORTRAITS[1], seed, language, emoji=emoji) for emoji in (False, True))
        assert all(whole.startswith(words) for words, whole in zip(texts(plain), texts(decorated), strict=True))
        assert all(ord(char) < 0x2600 or "\u3000" <= char <= "\uffef" for text in texts(plain) for char in text)


def test_a_sheet_is_slots_and_posts_with_their_comments() -> None:
    sheet = read_sheet("role: baker\nrole: cook\npost: First: {food}.\n> Good.\n> More!\npost: Second.\n> Yes.")
    assert sheet.slots == {"role": ("baker", "cook")}
    assert [(post.text, post.comments) for post in sheet.posts] == [
        ("First: {food}.", ("Good.", "More!")),
        ("Second.", ("Yes.",)),
    ]


@every_language
def test_every_sheet_is_whole(language: str) -> None:
    words = read_words(language)
    for theme in words.themes.values():
        assert {name: len(entries) >= 3 for name, entries in theme.slots.items()} == dict.fromkeys(
            ("role", "interest", "tagline", "about", "emoji"), True
        )
        assert len(theme.posts) >= 6
    for sheet in (words.general, *words.themes.values(), *words.styles.values()):
        assert all(len(post.comments) >= 3 for post in sheet.posts)
        assert len(sheet.posts) >= 3


def test_the_readme_shows_what_the_grammar_writes() -> None:
    readme = samples.README.read_text("utf-8")
    assert samples.renew(readme) == readme
