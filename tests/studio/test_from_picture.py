"""A persona from a picture: what the Generate tab does with an upload."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from tests.engine.troupe import troupe
from zoo.engine import Engine
from zoo.engine.local import Local
from zoo.recipe import Recipe, decode, encode, parse
from zoo.store import Store
from zoo.studio.generate import CANDIDATES, GenerateTab
from zoo.studio.stage import Stage

REDDISH = (200, 90, 40)


@pytest.fixture(scope="module")
def tab(tmp_path_factory) -> GenerateTab:
    engine = Engine(troupe(), Store(str(tmp_path_factory.mktemp("store"))), Local("cpu"))
    with gr.Blocks():
        tab = GenerateTab(Stage(engine))
        tab.bind()
    return tab


@pytest.fixture
def photo(tmp_path) -> str:
    Image.new("RGB", (90, 60), REDDISH).save(tmp_path / "photo.png")
    return str(tmp_path / "photo.png")


def draw(tab: GenerateTab, path: str | None, model: str = "tiny/mirror", seed: int = 7, language: str = "en"):
    """What the button fills, by name."""
    names = ["model", "seed", "fresh", "shape", "mix_seed", "mix_weight", "offered", "candidates", "at_hand"]
    values = tab.reference.draw("", language, model, seed, False, path)
    return SimpleNamespace(**dict(zip(names, values, strict=False)))


def colour(tab: GenerateTab, recipe: Recipe) -> np.ndarray:
    return np.asarray(tab.stage.engine.run(recipe).picture).astype(int).mean((0, 1))


def test_the_nearest_draw_is_at_hand_and_its_link_needs_nothing_else(tab, photo):
    recipe = parse(draw(tab, photo).at_hand)

    assert np.abs(colour(tab, recipe) - REDDISH).max() <= 3
    assert (recipe.source.model, recipe.source.seed, recipe.steps) == ("tiny/mirror", 7, ())
    assert decode(encode(recipe)) == recipe
    assert recipe.pictures == ()


def test_the_other_candidates_are_like_it_and_unlike_each_other(tab, photo):
    shown = draw(tab, photo)
    recipes = [parse(text) for text in json.loads(shown.offered)]
    colours = [colour(tab, recipe) for recipe in recipes]

    assert recipes[0].canonical == shown.at_hand
    assert {recipe.source.latent for recipe in recipes} == {recipes[0].source.latent}
    assert len({tuple(one) for one in colours}) == CANDIDATES
    assert all(recipe.source.mix.weight < 0.5 for recipe in recipes[1:])


def test_what_the_controls_said_before_is_undone(tab, photo):
    shown = draw(tab, photo)

    assert json.loads(shown.shape).items() >= {"params": {}, "shift": {}}.items()
    assert (shown.mix_seed, shown.seed, shown.fresh) == (None, 7, False)
    assert draw(tab, photo).shape != shown.shape  # or the page would leave the sliders where they are


def test_sliders_and_mix_go_on_from_the_picture(tab, photo):
    at_hand = draw(tab, photo).at_hand
    found = parse(at_hand)

    shaped = parse(tab.reshape(at_hand, "en", "tiny/mirror", 0.5, 2.0)[0])
    mixed = parse(tab.mixing.remix(shaped.canonical, "en", 5, 0.2)[0])

    assert mixed.source.latent == found.source.latent
    assert (mixed.source.shift, mixed.source.params) == ({"Warmth": 2.0}, {"contrast": 0.5})
    assert (mixed.source.mix.seed, mixed.source.mix.weight) == (5, 0.2)
    assert parse(tab.mixing.remix(mixed.canonical, "en", None, 0.2)[0]) == shaped


def test_a_candidate_that_is_picked_shows_its_mix(tab, photo):
    offered = draw(tab, photo).offered
    event = SimpleNamespace(index=2)

    mix_seed, mix_weight, at_hand, *_ = tab.pick("", "en", offered, event)

    mix = parse(at_hand).source.mix
    assert (mix_seed, mix_weight) == (mix.seed, mix.weight)


@pytest.mark.parametrize(("model", "there"), [("tiny/clouds", False), ("tiny/mirror", True)])
def test_the_place_for_a_picture_is_there_where_the_model_takes_one(tab, model, there):
    assert tab.describe("en", model)[1].visible is there


def corrupt(folder: Path) -> str:
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    return str(folder / "photo.png")


def test_row_01_what_is_no_picture_is_said_in_a_sentence(tab, tmp_path):
    with pytest.raises(gr.Error, match="Cannot read this picture"):
        draw(tab, corrupt(tmp_path))
    with pytest.raises(gr.Error, match=r"There is no picture yet\. Drop one"):
        draw(tab, None)


def test_a_model_that_cannot_says_so_in_chinese_too(tab, photo):
    with pytest.raises(gr.Error, match="不能从图片开始。可以的模型：Mirror"):
        draw(tab, photo, model="tiny/clouds", language="zh")
