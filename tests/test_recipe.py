"""Recipes and the links that carry them."""

import base64
import hashlib
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import RecipeError
from zoo.recipe import (
    CODE_LIMIT,
    Draw,
    Mix,
    Recipe,
    Step,
    Upload,
    Write,
    decode,
    encode,
    from_link,
    from_query,
    parse,
    validate,
)

RECIPE = Recipe(
    source=Draw(model="classics/dcgan", seed=42, mix=Mix(seed=7, weight=0.25), shift={"Hair": -1.5}),
    steps=(Step(model="ink/hatch", params={"strength": 0.5, "lines": 3}), Step(model="autoencoder/baseline")),
    profile=Write(model="phrases/grammar", seed=42, language="zh", nickname="小明"),
)


def code_of(text: str | bytes) -> str:
    """A code with a right checksum around any text."""
    raw = text.encode() if isinstance(text, str) else text
    squeeze = zlib.compressobj(9, wbits=-15)
    body = base64.urlsafe_b64encode(squeeze.compress(raw) + squeeze.flush()).decode().rstrip("=")
    check = base64.urlsafe_b64encode(hashlib.sha256(b"persona-zoo/1\0" + body.encode()).digest()[:3]).decode()
    return "1" + body + check


def test_a_link_carries_the_recipe():
    assert decode(encode(RECIPE)) == RECIPE
    assert decode(encode(RECIPE)).id == RECIPE.id
    assert len(encode(RECIPE)) < 400


def test_the_code_of_today_is_read_for_ever():
    """A link that somebody saved. It must never change its meaning."""
    saved = "1q1YqSy0qzszPU7Iy1FEqzi8tSk5VsqpWys7MS1GyUkopSixX0lHKzU9JzQFyk3MSi4szk4v1U5LTE_OAEsWpqUBlJka1tQAIgA6"
    recipe = Recipe(source=Draw(model="classics/dcgan", seed=42))
    assert decode(saved) == recipe
    assert recipe.canonical == '{"version":1,"source":{"kind":"draw","model":"classics/dcgan","seed":42}}'


def test_equal_recipes_have_one_text_whatever_the_order_of_their_params():
    a = Recipe(source=Draw(model="a/b", params={"x": 1, "y": 2}))
    b = Recipe(source=Draw(model="a/b", params={"y": 2, "x": 1}))
    assert a.canonical == b.canonical
    assert a.id == b.id


def test_a_changed_copy_is_another_recipe():
    assert RECIPE.model_copy(update={"steps": ()}).id != RECIPE.id


params = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    max_size=4,
)
recipes = st.builds(
    Recipe,
    source=st.builds(Draw, model=st.just("a/b"), seed=st.integers(0, 2**32 - 1), params=params),
    steps=st.lists(st.builds(Step, model=st.just("c/d"), params=params), max_size=3).map(tuple),
)


@settings(max_examples=200, deadline=None)
@given(recipes)
def test_every_recipe_comes_back(recipe):
    assert decode(encode(recipe)) == recipe
    assert parse(recipe.canonical) == recipe


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: "1" + base64.urlsafe_b64encode(raw).decode()))
def test_rubbish_is_refused_with_a_sentence(code):
    with pytest.raises(RecipeError):
        decode(code)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_one_changed_character_is_noticed(data):
    code = encode(RECIPE)
    place = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from("abcXYZ019-_"))
    changed = code[:place] + other + code[place + 1 :]
    if changed != code:
        with pytest.raises(RecipeError):
            decode(changed)


GOOD = RECIPE.canonical


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (encode(RECIPE)[:-1], "damaged"),
        (encode(RECIPE) + "x", "damaged"),
        ("9" + encode(RECIPE)[1:], "newer version"),
        ("1" + "A" * 100_000, "too long"),
        (
            code_of(json.dumps({"version": 1, "source": {"kind": "draw", "model": "a/b"}, "x": "y" * 100_000})),
            "damaged",
        ),
        (code_of(GOOD.replace('"seed":42', '"seed":42,"seed":43')), "damaged|twice"),
        (code_of(GOOD.replace('"seed":42', '"seed":NaN')), "not a number"),
        (code_of(GOOD.replace('"seed":42', '"seed":1e999')), "seed"),
        (code_of("[" * 4000), "not JSON"),
        (code_of(GOOD.replace(",", ", ")), "damaged"),
        (code_of(GOOD.replace('"version":1', '"version":2')), "newer version"),
        (code_of(b"\xff\xfe"), "damaged"),
        (code_of('"\\ud800"'), "recipe"),
        ("", "damaged"),
    ],
)
def test_row_26_a_damaged_link_says_so(code, sentence):
    with pytest.raises(RecipeError, match=sentence):
        decode(code)


@pytest.mark.parametrize("seed", [float("nan"), float("inf"), -1, 2**32, 1e300, "abc", None, True])
def test_row_22_a_seed_is_a_whole_number_in_range(seed):
    with pytest.raises(RecipeError, match="seed"):
        validate(Recipe, {"source": {"kind": "draw", "model": "a/b", "seed": seed}})


@pytest.mark.parametrize(
    "model", ["../../evil", "os:system", "https://evil.example/x", "A/B", "a", "a/b/c", "a/" + "b" * 99]
)
def test_row_25_only_ids_name_models(model):
    with pytest.raises(RecipeError, match="model"):
        validate(Recipe, {"source": {"kind": "draw", "model": model}})


def test_what_the_sender_typed_is_cleaned():
    write = Write(model="a/b", nickname="A\u202eB" + "x" * 5000, bio="one\ntwo\u0000")
    assert write.nickname == "AB" + "x" * 38
    assert write.bio == "one two"
    assert Write(model="a/b", nickname=" \u200b ").nickname is None


def test_a_recipe_too_long_for_a_link_says_so():
    steps = tuple(
        Step(model="a/b", params={f"p{i}-{n}": hashlib.sha256(b"%d %d" % (i, n)).hexdigest() for n in range(8)})
        for i in range(8)
    )
    with pytest.raises(RecipeError, match="Undo a step"):
        encode(Recipe(source=Upload(picture="0123456789abcdef" * 4), steps=steps))
    assert CODE_LIMIT == 1800


def test_links_are_read_in_every_form():
    code = encode(RECIPE)
    for link in (code, f"https://zoo.example/p/{code}", f"http://127.0.0.1:7860/?p={code}&lang=zh", f" /p/{code}\n"):
        assert from_link(link) == RECIPE
    short = from_link("http://127.0.0.1:7860/?g=classics/dcgan&s=7")
    assert short == Recipe(source=Draw(model="classics/dcgan", seed=7))
    assert from_query({}) is None
    with pytest.raises(RecipeError, match="damaged"):
        from_link("http://[broken")
    with pytest.raises(RecipeError, match="whole number"):
        from_query({"g": "classics/dcgan", "s": "-1"})


def test_row_29_p_goes_before_g():
    assert from_query({"p": encode(RECIPE), "g": "a/b"}) == RECIPE


def test_the_pictures_and_models_of_a_recipe_are_named():
    recipe = Recipe(source=Upload(picture="0" * 64), steps=(Step(model="a/b", reference="1" * 64),))
    assert recipe.pictures == ("0" * 64, "1" * 64)
    assert RECIPE.pictures == ()
    assert RECIPE.models == ("classics/dcgan", "ink/hatch", "autoencoder/baseline", "phrases/grammar")
