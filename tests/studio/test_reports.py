"""What a report says on the page and in the files to take home; what a look keeps; which threshold a step carries."""

import json

import gradio as gr
import pytest
from PIL import Image

from tests.watchers import CLEAN, Lamplighter, Watchman
from zoo.engine import Engine
from zoo.engine.local import Local
from zoo.errors import RecipeError
from zoo.persona import Likeness, Original, Report
from zoo.pictures import Picture
from zoo.recipe import Recipe, Step, Upload
from zoo.registry import Entry, Zoo
from zoo.store import Store
from zoo.studio.findings import findings_card, findings_lines
from zoo.studio.fix import FixTab
from zoo.studio.look import Look, look_of, read_look
from zoo.studio.overlay import overlay
from zoo.studio.sheet import save, sheet
from zoo.studio.stage import Stage
from zoo.studio.tab import offered
from zoo.studio.uploads import Uploads


class Mender(Watchman):
    """Is chosen before the others."""

    name = "mender"


ZOO = Zoo(
    {
        "lamps/lamplighter": Entry("lamps/lamplighter", "lamps", Lamplighter, None),
        "mender/mender": Entry("mender/mender", "mender", Mender, None),
    }
)
DARK = Image.new("RGB", (40, 30), (90, 20, 20))


def report(**changes) -> Report:
    grey = Image.new("L", DARK.size, 128)
    found = {"scores": {"dark": 0.7, "red": 0.2}, "overall": 0.7, "threshold": 0.5, "maps": {"dark": grey, "red": grey}}
    facts = {"model": "mender/mender", "detector": "mender/mender", "map": grey, "seconds": 0.04, "calibration": CLEAN}
    return Report(**(facts | found | changes))


@pytest.fixture
def engine(tmp_path, monkeypatch) -> Engine:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "temporary"))
    return Engine(ZOO, Store(str(tmp_path / "store")), Local("cpu", seconds=60))


@pytest.fixture
def recipe(engine) -> Recipe:
    return Recipe(source=Upload(picture=engine.store.hold(Picture(DARK, None))))


@pytest.fixture
def tab(engine) -> FixTab:
    with gr.Blocks():
        stage = Stage(engine)
        return FixTab(stage, Uploads(stage))


def test_what_is_not_suspected_is_marked_paler():
    """By how far its overall score is under the threshold; above it, the same in every picture."""
    red = [overlay(DARK, report(overall=score), "red").getpixel((0, 0))[0] for score in (0.9, 0.5, 0.25, 0.0)]
    calm = DARK.convert("L").getpixel((0, 0))
    assert red[0] == red[1] > red[2] > red[3] == calm
    assert red[2] - calm == pytest.approx((red[1] - calm) / 2, abs=1)


def test_a_bar_for_each_score_with_the_threshold_marked():
    card = findings_card(report(), ZOO, "en")
    assert card.count('role="meter"') == 3
    assert card.count('style="left:50.0%"') == 3
    assert "This looks wrong: Darkness 70%." in card
    assert 'style="width:20.0%"' in card


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "At this threshold under 1% of clean pictures (5 grey squares) are suspected."),
        ({"threshold": 0.3}, "At this threshold about 25% of clean pictures (5 grey squares) are suspected."),
        ({"calibration": None}, "From 50% on, a score counts as an anomaly."),
        ({"overall": 0.4}, "Nothing looks wrong here."),
        ({"scores": {"dark": 0.1, "red": 0.2}}, "Something looks wrong here, of no kind that this model knows."),
        ({"original": Original("other size")}, "another size than this picture, so nothing was compared."),
        ({"original": Original("other picture")}, "shows another picture, so nothing was compared."),
        ({"original": Original("compared", Likeness(20, None, 5), Likeness(30, None, 2))}, "20.0 → 30.0 dB · ΔE00 5.0"),
    ],
)
def test_what_it_amounts_to_is_said(changes, sentence):
    assert any(sentence in line for line in findings_lines(report(**changes), ZOO, "en"))


def test_it_is_said_in_chinese():
    assert findings_lines(report(), ZOO, "zh")[0] == "发现异常：Darkness 70%。"
    assert "阈值" in findings_card(report(), ZOO, "zh")


def test_a_sheet_has_a_panel_for_every_map_and_the_numbers_are_json(tmp_path):
    plain, whole = sheet(DARK, None, report(maps={}), ZOO), sheet(DARK, DARK, report(), ZOO)
    assert plain.width == whole.width
    assert whole.height > plain.height
    facts = json.loads(save(report(), tmp_path / "report.json").read_text("utf-8"))
    assert facts["verdict"] == "anomalous"
    assert facts["scores"] == {"dark": 0.7, "red": 0.2}
    assert facts["calibration"] == {"on": "5 grey squares", "false_positives": 0.0}


def test_a_look_comes_back_from_the_page(recipe):
    look = Look(recipe, Step(model="lamps/lamplighter", detector="mender/mender"), mended=True)
    assert read_look(look.text) == look


@pytest.mark.parametrize("text", ["", "7", "{}", '{"recipe": 1, "step": {}, "mended": true}', '{"recipe": "{}"}'])
def test_what_is_no_look_is_told_in_a_sentence(text):
    with pytest.raises(RecipeError):
        read_look(text)


def test_a_look_belongs_to_a_persona_that_was_mended_last(engine, recipe):
    assert look_of(engine.run(recipe)) is None
    step = Step(model="mender/mender")
    assert look_of(engine.run(recipe.model_copy(update={"steps": (step,)}))) == Look(recipe, step, mended=True)


def test_the_default_corrector_is_chosen_first():
    assert [entry.id for entry in offered(ZOO, "corrector")] == ["mender/mender", "lamps/lamplighter"]


def shown(tab: FixTab, answer: list) -> dict:
    return {component.elem_id: value for component, value in zip(tab.report.outputs, answer, strict=True)}


def test_detect_shows_scores_chips_and_a_heat_map(tab, recipe):
    found = shown(tab, tab.detect(recipe.canonical, "en", "mender/mender", "", 0.5, "", 1.0))
    assert "Darkness" in found["report"]
    assert [kind for _, kind in found["chips"].choices] == ["", "dark", "red"]
    assert found["heat"].visible
    look, level = found["look"], found["threshold"]
    assert level == 0.5
    calm, paler = tab.report.judge(recipe.canonical, "en", look, 1.0, "")
    assert "Nothing looks wrong" in calm
    of_all, of_red = (tab.report.judge(recipe.canonical, "en", look, level, kind)[1] for kind in ("", "red"))
    assert len({heat.value["path"] for heat in (of_all, of_red, paler)}) == 3
    assert len(tab.report.save(recipe.canonical, "en", look, 0.3).value) == 2


def test_a_step_carries_the_threshold_where_both_models_have_one(tab):
    assert tab._step("mender/mender", "", 0.3, "", (1.0,)).params == {"threshold": 0.3}
    assert tab._step("mender/mender", "", 0.5, "", (1.0,)).params == {}
    mixed = tab._step("mender/mender", "lamps/lamplighter", 0.3, "", (1.0,))
    assert (mixed.params, mixed.detector) == ({}, "lamps/lamplighter")
    assert tab._step("mender/mender", "mender/mender", 0.5, "", (1.0,)).detector is None


def test_the_slider_shows_where_it_does_something(tab):
    assert tab.offer("en", "mender/mender", "").visible
    assert not tab.offer("en", "mender/mender", "lamps/lamplighter").visible
    assert not tab.offer("en", "lamps/lamplighter", "").visible


def test_an_original_that_is_no_digest_is_told_in_a_sentence(tab, recipe):
    with pytest.raises(gr.Error, match="reference"):
        tab.detect(recipe.canonical, "en", "mender/mender", "", 0.5, "../../etc/passwd", 1.0)


def test_mending_keeps_the_original_that_was_brought(tab, recipe, engine):
    digest = engine.store.hold(Picture(DARK, None))
    answer = tab.fix(recipe.canonical, "en", "mender/mender", "", 0.1, digest, 1.0, progress=lambda *_, **__: None)
    filled = dict(zip(tab.stage.outputs, answer, strict=True))
    assert filled[tab.original.brought] == digest
    assert filled[tab.original.place]
    assert "PSNR" in filled[tab.report.card]
    place, brought = tab.original.forget(filled[tab.stage.at_hand], "en")
    assert (place, brought) == (None, "")
