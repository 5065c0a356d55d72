"""From a picture to the recipe that draws what comes nearest."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import numpy as np
import pytest
import torch
from PIL import Image

from tests.engine.troupe import CALLS, Mirror, troupe
from zoo.engine import Engine
from zoo.engine.local import Local
from zoo.errors import ModelError, RecipeError
from zoo.recipe import Draw, Mix, Recipe, Step, decode, encode
from zoo.registry import Entry, Zoo
from zoo.store import Store

REDDISH = Image.new("RGB", (90, 60), (200, 90, 40))


@pytest.fixture
def engine(tmp_path) -> Engine:
    CALLS.clear()
    return Engine(troupe(), Store(str(tmp_path)), Local("cpu", seconds=30))


def pixels(engine: Engine, draw: Draw, *steps: Step) -> np.ndarray:
    return np.asarray(engine.run(Recipe(source=draw, steps=steps)).picture).astype(int)


def test_a_picture_gives_the_draw_that_comes_nearest(engine):
    draw = engine.encode("tiny/mirror", REDDISH)

    assert np.abs(pixels(engine, draw) - (200, 90, 40)).max() <= 3
    assert engine.encode("tiny/mirror", REDDISH) == draw


def test_the_link_alone_makes_it_again_elsewhere(engine, tmp_path):
    draw = engine.encode("tiny/mirror", REDDISH)
    recipe = decode(encode(Recipe(source=draw)))
    elsewhere = Engine(troupe(), Store(str(tmp_path / "empty")), Local("cpu"))

    assert recipe.pictures == ()
    assert np.abs(pixels(elsewhere, recipe.source) - pixels(engine, draw)).max() <= 2


def test_nothing_of_the_picture_is_stored(engine, tmp_path):
    engine.encode("tiny/mirror", REDDISH)

    assert list(tmp_path.rglob("*.*")) == []


def test_sliders_mix_and_steps_go_on_from_there(engine):
    draw = engine.encode("tiny/mirror", REDDISH)
    found = pixels(engine, draw)
    warmer = pixels(engine, draw.model_copy(update={"shift": {"Warmth": 2.0}}))
    nearly = pixels(engine, draw.model_copy(update={"mix": Mix(seed=5, weight=0.05)}))
    other = pixels(engine, draw.model_copy(update={"mix": Mix(seed=5, weight=1.0)}))

    assert np.abs(warmer - found).max() > 0
    assert 0 < np.abs(nearly - found).mean() < np.abs(other - found).mean()
    assert np.abs(other - pixels(engine, Draw(model="tiny/mirror", seed=5))).max() <= 2
    assert pixels(engine, draw, Step(model="tiny/shade")).mean() < found.mean()


def test_the_work_is_told_as_it_goes_to_whoever_asked_for_it(engine):
    who = ContextVar("who")
    heard = []

    def ask(name):
        who.set(name)
        engine.encode("tiny/mirror", REDDISH, lambda share, title: heard.append((who.get(), share, title)))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, ["Ada", "Bo"]))

    for name in ("Ada", "Bo"):
        shares = [share for one, share, _ in heard if one == name]
        assert shares == [step / 40 for step in range(41)]
    assert {title for _, _, title in heard} == {"Mirror"}


@pytest.mark.parametrize(("size", "given"), [((1, 1), (1, 3, 1, 1)), ((2048, 512), (1, 3, 256, 1024))])
def test_a_picture_of_any_size_is_taken_and_a_large_one_shrunk(engine, size, given):
    engine.encode("tiny/mirror", Image.new("RGB", size))

    (call,) = CALLS
    assert call == f"mirror {given}"


def test_a_model_that_cannot_says_which_can(engine):
    with pytest.raises(ModelError, match=r"“Tiny” cannot start from a picture\. Those that can: Mirror\."):
        engine.encode("tiny/clouds", REDDISH)
    with pytest.raises(ModelError, match="is a stylizer, not a generator"):
        engine.encode("tiny/shade", REDDISH)


class Lost(Mirror):
    name = "lost"

    def encode(self, images, progress):
        return torch.full((1, 12), float("nan"))


class Far(Mirror):
    name = "far"

    def encode(self, images, progress):
        return torch.full((1, 12), 1e5)  # more than a recipe's 16 bits hold


class Odd(Mirror):
    name = "odd"

    def encode(self, images, progress):
        return torch.zeros(12)


class Sick(Mirror):
    name = "sick"

    def encode(self, images, progress):
        raise RuntimeError("no luck")


class Vast(Mirror):
    name = "vast"
    latent_shape = (600,)

    def encode(self, images, progress):
        return torch.zeros(1, 600)


@pytest.mark.parametrize(
    ("cls", "error", "sentence"),
    [
        (Lost, ModelError, "found nothing that comes near this picture"),
        (Far, ModelError, "found nothing that comes near this picture"),
        (Odd, ModelError, r"a latent of shape \[12\] where \[1, 12\] is due"),
        (Sick, ModelError, "failed: .*no luck"),
        (Vast, RecipeError, "“latent” cannot be used"),
    ],
)
def test_an_encoder_that_fails_says_so_and_draws_on(tmp_path, cls, error, sentence):
    zoo = Zoo({f"tiny/{cls.name}": Entry(f"tiny/{cls.name}", "tiny", cls, None)})
    engine = Engine(zoo, Store(str(tmp_path)), Local("cpu"))

    with pytest.raises(error, match=sentence):
        engine.encode(f"tiny/{cls.name}", REDDISH)
    if cls is not Vast:
        assert pixels(engine, Draw(model=f"tiny/{cls.name}", seed=1)).shape == (256, 256, 3)
