"""Every plugin is taken in whole or kept out with a reason, and no plugin can harm another."""

import shutil
from pathlib import Path

import pytest

from zoo.errors import ModelError, PluginError
from zoo.portraits import portraits
from zoo.registry import Zoo, discover

GOOD = (Path(__file__).parent.parent / "docs" / "example_plugin.py").read_text("utf-8")
"""The plugin of the docs: one stylizer, `duotone`."""


def changed(old: str, new: str) -> str:
    """The good plugin, made bad in one place."""
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def with_weights(ref: str) -> str:
    return changed("    card", f"    weights = {ref}\n    card").replace("import", "import WeightsRef,")


PINNED = f'"a/b", "{"0" * 40}", "{"0" * 64}"'

BROKEN = {
    "syntax error": ("class Duotone(:\n", "import", "Python cannot read broken.py, line 1"),
    "missing dependency": ("import face_alignment.api\n", "import", "Try: pip install face_alignment"),
    "missing module of its own": ("from .net import Net\n", "import", "It imports its own net, which is not there"),
    "sys.exit at import": ("import sys\nsys.exit(0)\n", "import", "Remove the call"),
    "raise at import": ("\n1 / 0\n", "import", "ZeroDivisionError: division by zero (broken.py, line 2)"),
    "hang at import": ("while True: pass\n", "import", "still busy after 1 s. Move slow work into build()"),
    "a name zoo does not have": (changed("Color,", "Colour,"), "import", "cannot import name 'Colour'"),
    "branch as revision": (with_weights('WeightsRef("a/b", "main", "0")'), "import", "pin a commit's 40 hex digits"),
    "short digest": (with_weights(f'WeightsRef("a/b", "{"0" * 40}", "0")'), "import", "64 hex digits that sha256sum"),
    "pickle file name": (with_weights(f'WeightsRef({PINNED}, "a.pt")'), "import", "with `zoo convert`"),
    "no description": (changed(', description="The ink of the dark parts."', ""), "import", "has no description"),
    "no default": (changed('"#2b1055", ', ""), "import", "shadows has no default"),
    "default out of range": (changed("Field(1.2", "Field(9.9"), "import", "does not allow its own default, 9.9"),
    "no control for it": (changed("shadows: Color", "shadows: list[str]"), "import", "no control can show"),
    "bad licence": (changed("Apache-2.0", "free for all"), "import", "https://spdx.org/licenses/"),
    "source is no URL": (changed("https://en", "en"), "import", "is not a URL"),
    "misspelt hook": (changed("def zoo_models", "def zoo_model"), "register", "The one hook is zoo_models()"),
    "wrong hook arguments": (changed("zoo_models()", "zoo_models(zoo)"), "register", "without arguments"),
    "forgotten marker": (changed("@hookimpl\n", ""), "register", "mark it with @hookimpl"),
    "an empty file": ("", "register", "Write ZOO_API = 1"),
    "other API number": (changed("ZOO_API = 1", "ZOO_API = 2"), "register", "docs/upgrading.md"),
    "no API number": (changed("ZOO_API = 1", ""), "register", "Write ZOO_API = 1"),
    "hook raises": (changed("return [Duotone]", "return 1 / 0"), "describe", "division by zero (broken.py, line 33)"),
    "hook exits": (changed("return [Duotone]", "raise SystemExit"), "describe", "Remove the call"),
    "hook raises half-way": (changed("return [Duotone]", "yield Duotone; 1 / 0"), "describe", "ZeroDivisionError"),
    "hook returns nothing": (changed("return [Duotone]", "[Duotone]"), "describe", "Return a list of model"),
    "hook returns no model": (changed("[Duotone]\n", "[]\n"), "describe", "Return a list of model"),
    "hook returns a class": (changed("return [Duotone]", "return Duotone"), "describe", "Return a list of model"),
    "an instance": (changed("[Duotone]", "[Duotone()]"), "describe", "is not a model. Derive it from Generator"),
    "not a model": (changed("[Duotone]", "[Duotone, Card]"), "describe", "Card is not a model. Derive it from"),
    "of no kind": (changed("(Stylizer)", "(Model)").replace("Card,", "Card, Model,"), "describe", "Derive it from Gen"),
    "half a model": (changed("def stylize", "def stylise"), "describe", "is half a model: define stylize"),
    "half a plugin": (changed("[Duotone]", "[Duotone, Stylizer]"), "describe", "Stylizer is half a model"),
    "the same twice": (changed("[Duotone]", "[Duotone, Duotone]"), "describe", "Rename one of them"),
    "bad model name": (changed('"duotone"', '"Duo Tone"'), "describe", "needs a name of lower-case letters"),
    "no card": (changed("card = Card", "kard = Card"), "describe", "needs card = Card("),
    "no docstring": (changed('"""Prints', 'print; """Prints'), "describe", "has no docstring"),
    "weights that are none": (with_weights('"model.safetensors"'), "describe", "Write WeightsRef("),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of plugins, with a good one that comes before any broken one and a good one after."""
    for name in ("a_good", "z_good"):
        (tmp_path / f"{name}.py").write_text(GOOD, "utf-8")
    return tmp_path


def runs(zoo: Zoo, id: str) -> bool:
    model = zoo.entry(id).open()
    picture = portraits(1, 32, 32)
    return model.stylize(picture, model.Params()).shape == picture.shape


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_kept_out_and_harms_nobody(case: str, folder: Path) -> None:
    source, stage, reason = BROKEN[case]
    (folder / "broken.py").write_text(source, "utf-8")

    zoo = discover(folder, seconds=1)

    assert [(one.plugin, one.stage) for one in zoo.quarantine] == [("broken", stage)]
    assert reason in zoo.quarantine[0].error
    assert list(zoo.models) == ["a_good/duotone", "z_good/duotone"]
    assert all(runs(zoo, id) for id in zoo.models)


@pytest.mark.parametrize("case", BROKEN)
def test_where_discovery_is_strict_a_broken_plugin_stops_it(case: str, folder: Path) -> None:
    source, _, reason = BROKEN[case]
    (folder / "broken.py").write_text(source, "utf-8")

    with pytest.raises(PluginError) as caught:
        discover(folder, strict=True, seconds=1)

    assert str(caught.value).startswith("broken: ")
    assert reason in str(caught.value)


def test_all_of_them_at_once_leave_the_good_ones_at_work(folder: Path) -> None:
    for number, (source, _, _) in enumerate(BROKEN.values()):
        (folder / f"broken{number}.py").write_text(source, "utf-8")

    zoo = discover(folder, seconds=1)

    assert len(zoo.quarantine) == len(BROKEN)
    assert list(zoo.models) == ["a_good/duotone", "z_good/duotone"]


def test_a_taken_name_is_refused_before_it_is_imported(folder: Path) -> None:
    (folder / "a_good").mkdir()
    (folder / "a_good" / "__init__.py").write_text(GOOD, "utf-8")
    (folder / "a_good.py").write_text("raise SystemExit('imported')", "utf-8")

    zoo = discover(folder)

    assert [(one.plugin, one.stage) for one in zoo.quarantine] == [("a_good", "import")]
    assert "Rename" in zoo.quarantine[0].error
    assert runs(zoo, "a_good/duotone")


def test_a_file_name_that_cannot_be_an_id_is_refused(folder: Path) -> None:
    (folder / "My Plugin.py").write_text(GOOD, "utf-8")
    assert "cannot name a plugin" in discover(folder).quarantine[0].error


@pytest.fixture
def installed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that brings the plugins `a_good` and `outsider`."""
    site = tmp_path_factory.mktemp("site")
    (site / "outsider_package.py").write_text(GOOD, "utf-8")
    facts = site / "outsider_package-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: outsider-package\nVersion: 1.0\n")
    points = "[persona_zoo]\noutsider = outsider_package\na_good = outsider_package\n"
    (facts / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(site)


@pytest.mark.usefixtures("installed")
def test_an_installed_plugin_comes_after_those_in_the_folder(folder: Path) -> None:
    zoo = discover(folder)

    assert list(zoo.models) == ["a_good/duotone", "z_good/duotone", "outsider/duotone"]
    assert [(one.plugin, one.stage) for one in zoo.quarantine] == [("a_good", "import")]
    assert runs(zoo, "outsider/duotone")


def test_zoo_plugins_restricts_the_zoo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "z_good,zz_good")

    zoo = discover(folder)

    assert list(zoo.models) == ["z_good/duotone"]
    assert [one.plugin for one in zoo.quarantine] == ["zz_good"]
    assert "ZOO_PLUGINS" in zoo.quarantine[0].error


def test_a_plugin_may_be_a_folder_with_its_translations(folder: Path) -> None:
    (folder / "duo").mkdir()
    (folder / "duo" / "__init__.py").write_text("from .plugin import ZOO_API, zoo_models", "utf-8")
    (folder / "duo" / "plugin.py").write_text(GOOD, "utf-8")
    (folder / "duo" / "zh.json").write_text('{"Duotone": "双色调"}', "utf-8")

    entry = discover(folder).entry("duo/duotone")

    assert entry.translations == {"Duotone": "双色调"}
    assert entry.weights_folder == folder / "duo" / "weights" / "duotone"


def test_an_unknown_model_gets_the_nearest_one_named(folder: Path) -> None:
    zoo = discover(folder)
    with pytest.raises(ModelError, match="The nearest is “a_good/duotone”"):
        zoo.entry("a_god/duotone")
    with pytest.raises(ModelError, match="is a stylizer, not a writer"):
        zoo.entry("a_good/duotone", "writer")
    shutil.rmtree(folder)
    with pytest.raises(ModelError, match="no model “a_good/duotone”"):
        discover(folder).entry("a_good/duotone")
