"""Recipes, run: what comes out, what is kept, what is said when it cannot be."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from tests.engine.troupe import CALLS, Broken, troupe
from zoo.engine import Engine
from zoo.engine.local import Local
from zoo.errors import ModelError, ParamsError, RecipeError, StoreError, ZooError
from zoo.language import tell
from zoo.latents import latent, pack
from zoo.pictures import Picture
from zoo.recipe import Draw, Mix, Recipe, Step, Upload
from zoo.registry import discover
from zoo.store import Store


@pytest.fixture
def engine(tmp_path) -> Engine:
    CALLS.clear()
    return Engine(troupe(), Store(str(tmp_path)), Local("cpu", seconds=5))


def drawn(seed: int = 1, *steps: Step, **more: object) -> Recipe:
    return Recipe(source=Draw(model="tiny/clouds", seed=seed, **more), steps=steps)


def pixels(engine: Engine, recipe: Recipe) -> np.ndarray:
    return np.asarray(engine.run(recipe).picture).astype(int)


def test_a_recipe_gives_a_picture_for_each_step(engine):
    persona = engine.run(drawn(1, Step(model="tiny/shade"), Step(model="tiny/lamp")))
    assert len(persona.pictures) == 3
    assert {image.mode for image in persona.pictures} == {"RGB"}
    source, shaded, mended = (np.asarray(image).mean() for image in persona.pictures)
    assert shaded < source
    assert mended > shaded


def test_small_portraits_are_enlarged_to_work_on(engine):
    assert engine.run(drawn()).picture.size == (256, 256)


def test_the_same_recipe_gives_the_same_picture_in_any_company(engine, tmp_path):
    recipes = [drawn(seed) for seed in range(5)]
    together = [np.asarray(persona.picture).astype(int) for persona in engine.run_all(recipes)]
    assert "clouds 5" in CALLS
    alone = Engine(troupe(), Store(str(tmp_path)), Local("cpu"))
    for recipe, picture in zip(recipes, together, strict=True):
        assert np.abs(pixels(alone, recipe) - picture).max() <= 2
    assert np.abs(together[0] - together[1]).max() > 20


def test_restyling_never_redraws(engine):
    engine.run(drawn(1, Step(model="tiny/shade")))
    engine.run(drawn(1, Step(model="tiny/shade", params={"amount": 0.9})))
    assert CALLS == ["clouds 1", "shade", "shade"]


def test_requests_at_the_same_moment_share_a_batch(engine):
    engine.run(drawn(99))  # opens the model
    CALLS.clear()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda seed: engine.run(drawn(seed)), range(8)))
    assert sum(int(call.split()[1]) for call in CALLS) == 8


def test_mix_shift_and_latent_say_where_a_portrait_is_drawn_from(engine):
    plain, other = pixels(engine, drawn(1)), pixels(engine, drawn(2))
    assert (pixels(engine, drawn(1, mix=Mix(seed=2, weight=0))) == plain).all()
    assert np.abs(pixels(engine, drawn(1, mix=Mix(seed=2, weight=1))) - other).max() <= 1
    assert (pixels(engine, drawn(1, shift={"Warmth": 2.0})) != plain).any()
    stored = pixels(engine, drawn(0, latent=pack(latent(1, (12,)))))
    assert np.abs(stored - plain).max() <= 1


def test_a_corrector_is_told_what_the_picture_was_before_it_was_restyled(engine):
    engine.run(drawn(1, Step(model="tiny/shade"), Step(model="tiny/lamp")))
    assert CALLS[-1] == "lamp tiny/shade"
    report = engine.detect(drawn(1), "tiny/lamp")
    assert CALLS[-1] == "lamp None"
    assert set(report.scores) == {"dark"}
    assert report.map.size == (256, 256)


def test_where_the_map_is_0_nothing_changes(engine):
    persona = engine.run(drawn(1, Step(model="tiny/lamp")))
    before, after = (np.asarray(image) for image in persona.pictures)
    untouched = np.asarray(persona.report.map) == 0
    assert (before[untouched] == after[untouched]).all()
    assert (before[~untouched] != after[~untouched]).any()


def test_an_upload_is_worked_on_at_its_own_size_and_its_reference_found(engine):
    grey = Image.new("RGB", (50, 70), (200, 200, 200))
    green = Image.new("RGB", (40, 40), (0, 250, 0))
    digest, reference = (engine.store.hold(Picture(image, None)) for image in (grey, green))
    step = Step(model="tiny/shade", params={"amount": 1.0}, reference=reference)
    picture = engine.run(Recipe(source=Upload(picture=digest), steps=(step,))).picture
    assert picture.size == (50, 70)
    assert picture.getpixel((9, 9)) == (0, 250, 0)


def test_a_picture_that_was_not_shared_is_asked_for(engine):
    with pytest.raises(StoreError, match="again"):
        engine.run(Recipe(source=Upload(picture="0" * 64)))


@pytest.mark.parametrize(
    ("recipe", "error", "sentence"),
    [
        (Recipe(source=Draw(model="tiny/cloud")), ModelError, "nearest is “tiny/clouds”"),
        (Recipe(source=Draw(model="tiny/shade")), ModelError, "is a stylizer, not a generator"),
        (drawn(1, Step(model="tiny/clouds")), RecipeError, "A step is a stylizer or a corrector"),
        (drawn(1, Step(model="tiny/shade", params={"amount": 7})), ParamsError, "amount"),
        (drawn(1, Step(model="tiny/shade", params={"amuont": 0.1})), ParamsError, "amuont"),
        (drawn(1, shift={"Beard": 1.0}), RecipeError, "It has: Warmth"),
        (drawn(0, latent="AAAA"), RecipeError, "does not fit"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_reason(engine, recipe, error, sentence):
    with pytest.raises(error, match=sentence):
        engine.run(recipe)


@pytest.mark.parametrize(
    ("way", "sentence"),
    [("raise", "failed: .*no luck"), ("shape", "shape"), ("nan", "no colours"), ("hang", "took longer than 0.5 s")],
)
def test_row_36_a_model_that_fails_says_so_and_the_rest_goes_on(tmp_path, way, sentence):
    engine = Engine(troupe(), Store(str(tmp_path)), Local("cpu", seconds=0.5))
    Broken.stop.clear()
    try:
        with pytest.raises(ModelError, match=sentence):
            engine.run(drawn(1, Step(model="tiny/broken", params={"way": way})))
        assert engine.run(drawn(1, Step(model="tiny/shade"))).picture.size == (256, 256)
    finally:
        Broken.stop.set()


def test_a_plugins_own_words_reach_a_chinese_visitor(tmp_path):
    engine = Engine(discover(only=("ink",)), Store(str(tmp_path)), Local("cpu"))
    upload = Upload(picture=engine.store.hold(Picture(Image.new("RGB", (40, 40)), None)))
    with pytest.raises(ZooError, match="reference picture") as caught:
        engine.run(Recipe(source=upload, steps=(Step(model="ink/palette"),)))
    assert "参考图" in tell(caught.value, "zh")
