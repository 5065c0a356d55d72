"""Looking at a picture and mending it: overall score, maps by kind, threshold, originals, another model's findings."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.engine.troupe import Clouds, Shade
from tests.watchers import Lamplighter, Watchman
from zoo import Context, Findings
from zoo.engine import Engine
from zoo.engine.local import Local
from zoo.errors import ModelError, RecipeError
from zoo.pictures import Picture
from zoo.recipe import Draw, Recipe, Step, Upload
from zoo.registry import Entry, Zoo
from zoo.store import Store


class Careless(Watchman):
    """Gives what it should not."""

    name = "careless"
    found = Findings({}, torch.zeros(1, 1, 1, 1))

    def detect(self, images, params, context: Context):
        return self.found


def zoo_of(*classes) -> Zoo:
    return Zoo({f"tiny/{cls.name}": Entry(f"tiny/{cls.name}", "tiny", cls, None) for cls in classes})


@pytest.fixture
def engine(tmp_path) -> Engine:
    return Engine(
        zoo_of(Clouds, Shade, Watchman, Lamplighter, Careless), Store(str(tmp_path)), Local("cpu", seconds=60)
    )


def drawn(*steps: Step) -> Recipe:
    return Recipe(source=Draw(model="tiny/clouds", seed=1), steps=steps)


def held(engine: Engine, image: Image.Image) -> str:
    return engine.store.hold(Picture(image, None))


def uploaded(engine: Engine, image: Image.Image, *steps: Step) -> Recipe:
    return Recipe(source=Upload(picture=held(engine, image)), steps=steps)


def noise(seed: int, size: tuple[int, int] = (64, 64)) -> Image.Image:
    values = np.random.RandomState(seed).randint(0, 256, (8, 8, 3)).astype(np.uint8)
    return Image.fromarray(values).resize(size, Image.Resampling.NEAREST)


def test_a_report_says_all_that_was_found(engine):
    report = engine.detect(drawn(), "tiny/watchman")
    assert (report.model, report.detector) == ("tiny/watchman", "tiny/watchman")
    assert report.overall == max(report.scores.values())
    assert set(report.maps) == {"dark", "red"}
    assert {heat.size for heat in (report.map, *report.maps.values())} == {(256, 256)}
    assert report.calibration.on == "5 grey squares"
    assert report.seconds > 0
    assert json.loads(json.dumps(report.facts))["verdict"] == report.verdict


def test_the_overall_score_of_tiles_is_the_worst_and_maps_come_together(engine):
    half = Image.new("RGB", (320, 160), (255, 255, 255))
    half.paste((0, 0, 0), (0, 0, 160, 160))
    report = engine.detect(uploaded(engine, half), "tiny/watchman")
    assert report.overall == pytest.approx(1)
    dark = np.asarray(report.maps["dark"])
    assert dark[:, :120].min() == 255
    assert dark[:, -120:].max() == 0


def test_a_corrector_that_gives_no_overall_score_has_that_of_its_worst_kind(engine):
    report = engine.detect(drawn(), "tiny/lamplighter")
    assert report.overall == report.scores["shadow"]
    assert report.threshold == 0.5
    assert report.false_positives is None


def test_the_threshold_judges_and_moves_no_score(engine):
    low, high = (engine.detect(drawn(), "tiny/watchman", {"threshold": level}) for level in (0.0, 1.0))
    assert low.scores == high.scores
    assert (low.verdict, high.verdict) == ("anomalous", "clean")
    assert (low.false_positives, high.false_positives) == (1, 0)
    assert low.at(1.0).anomalies == high.anomalies == ()


def test_under_the_threshold_a_picture_comes_back_bit_for_bit(engine):
    before, after = engine.run(drawn(Step(model="tiny/watchman", params={"threshold": 1.0}))).pictures
    assert np.array_equal(before, after)
    before, after = engine.run(drawn(Step(model="tiny/watchman", params={"threshold": 0.0}))).pictures
    assert not np.array_equal(before, after)


def test_one_model_mends_what_another_found(engine):
    step = Step(model="tiny/lamplighter", detector="tiny/watchman")
    persona = engine.run(drawn(step))
    report = persona.report
    assert (report.model, report.detector) == ("tiny/lamplighter", "tiny/watchman")
    assert set(report.scores) == {"dark", "red"}
    assert persona.recipe.models == ("tiny/clouds", "tiny/watchman", "tiny/lamplighter")
    assert engine.look(drawn(), step).scores == report.scores


def test_the_threshold_of_a_step_is_its_detectors_where_both_have_one(engine):
    step = Step(model="tiny/watchman", params={"threshold": 0.9}, detector="tiny/watchman")
    assert engine.run(drawn(step)).report.threshold == 0.9
    step = Step(model="tiny/watchman", params={"threshold": 0.9}, detector="tiny/lamplighter")
    assert engine.run(drawn(step)).report.threshold == 0.5


def test_a_restyled_portrait_is_held_against_what_it_was_even_once_mended(engine):
    styled = drawn(Step(model="tiny/shade", params={"amount": 0.3}))
    report = engine.detect(styled, "tiny/watchman")
    assert report.original.comparison == "compared"
    assert report.overall < engine.detect(drawn(), "tiny/watchman").overall
    mended = engine.run(drawn(*styled.steps, Step(model="tiny/watchman", params={"threshold": 0.0})))
    assert mended.report.original.after.psnr > mended.report.original.before.psnr
    assert engine.detect(mended.recipe, "tiny/watchman").original.comparison == "compared"
    assert np.array_equal(engine.original(mended), mended.pictures[0])


def test_a_picture_equal_to_its_original_is_infinitely_near(engine):
    picture = noise(0)
    report = engine.detect(uploaded(engine, picture), "tiny/watchman", original=held(engine, picture))
    assert report.overall == 0
    assert report.facts["original"]["before"] == {"psnr": 100.0, "ssim": 1.0, "delta_e": 0.0}


@pytest.mark.parametrize(
    ("original", "said"),
    [(noise(0, (64, 80)), "other size"), (noise(1), "other picture"), (Image.new("RGB", (64, 64)), "other picture")],
)
def test_an_original_that_is_none_is_not_compared(engine, original, said):
    recipe = uploaded(engine, noise(0))
    report = engine.detect(recipe, "tiny/watchman", original=held(engine, original))
    assert report.original.comparison == said
    assert report.original.before is None
    assert report.scores == engine.detect(recipe, "tiny/watchman").scores


def test_an_original_travels_with_the_step_that_compared(engine):
    dark = noise(0).point(lambda value: value // 2)
    original = held(engine, noise(0))
    step = Step(model="tiny/watchman", params={"threshold": 0.0}, reference=original)
    persona = engine.run(uploaded(engine, dark, step))
    assert persona.report.original.comparison == "compared"
    assert original in persona.recipe.pictures
    assert engine.original(persona).size == (64, 64)


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (1, 1), (0, 0, 0)),
        Image.new("RGB", (32, 1), (255, 255, 255)),
        Image.new("RGB", (1000, 5), (128, 128, 128)),
    ],
)
def test_any_picture_is_looked_at_and_mended(engine, image):
    recipe = uploaded(engine, image, Step(model="tiny/watchman", reference=held(engine, image)))
    persona = engine.run(recipe)
    assert persona.picture.size == persona.report.map.size == image.size
    assert persona.report.original.comparison == "compared"


ONE = torch.ones(1)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (Findings({"dark": ONE}, torch.zeros(1, 1, 64, 64)), "scored other kinds than it names"),
        (Findings({"dark": ONE, "red": ONE}, torch.zeros(1, 1, 8, 8)), "gave a picture of shape"),
        (Findings({"dark": ONE, "red": ONE}, torch.zeros(1, 1, 64, 64), {"dark": torch.zeros(1, 64)}), "of shape"),
        (Findings({"dark": ONE, "red": ONE}, torch.zeros(1, 1, 64, 64), {"zoo": torch.zeros(1, 1, 64, 64)}), "mapped"),
        (Findings({"dark": ONE, "red": ONE * torch.nan}, torch.zeros(1, 1, 64, 64)), "values that are no colours"),
        (Findings({"dark": ONE, "red": ONE}, torch.full((1, 1, 64, 64), torch.nan)), "values that are no colours"),
    ],
)
def test_findings_that_are_none_are_told_in_a_sentence(engine, monkeypatch, found, sentence):
    monkeypatch.setattr(Careless, "found", found)
    with pytest.raises(ModelError, match=sentence):
        engine.detect(uploaded(engine, noise(0)), "tiny/careless")


@pytest.mark.parametrize(
    ("step", "error", "sentence"),
    [
        (Step(model="tiny/shade", detector="tiny/watchman"), RecipeError, "Only a corrector mends"),
        (Step(model="tiny/watchman", detector="tiny/shade"), ModelError, "is a stylizer, not a corrector"),
        (Step(model="tiny/watchman", detector="tiny/nobody"), ModelError, "no model “tiny/nobody”"),
    ],
)
def test_a_detector_that_is_none_is_refused_before_anything_is_drawn(engine, step, error, sentence):
    with pytest.raises(error, match=sentence):
        engine.run(drawn(step))


def test_a_detector_stands_in_a_recipe_only_where_there_is_one():
    assert "detector" not in drawn(Step(model="tiny/watchman")).canonical
    assert '"detector":"tiny/lamplighter"' in drawn(Step(model="tiny/watchman", detector="tiny/lamplighter")).canonical
