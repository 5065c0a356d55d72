"""The command line: verbs that do what their help says, and problems told in a sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from zoo.cli import VERBS, main
from zoo.pictures import Picture, to_image
from zoo.portraits import portraits
from zoo.recipe import Recipe, Step, Upload, Write, encode
from zoo.registry import discover
from zoo.store import Store

ROOT = Path(__file__).parent.parent
DOCS = str(ROOT / "docs")

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here touches the store of whoever runs the tests."""
    monkeypatch.setenv("ZOO_STORE", str(tmp_path / "store"))


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder where every plugin is broken."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "torn.py").write_text("class Torn(:", "utf-8")
    (folder / "loud.py").write_text("print('hello')\nraise SystemExit(3)", "utf-8")
    return folder


def test_list_names_every_model_and_where_its_weights_are(capsys: Captured) -> None:
    assert main(["list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    for entry, line in zip(discover().models.values(), listed, strict=False):
        assert line.startswith(entry.id)
        assert entry.about in line


def test_list_json_is_for_programs(capsys: Captured) -> None:
    assert main(["list", "--json", "--plugins", DOCS]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["models"] == [
        {
            "id": "example_plugin/duotone",
            "kind": "stylizer",
            "title": "Duotone",
            "about": "Prints a portrait in two inks, one for the shadows and one for the light.",
            "license": "Apache-2.0",
            "source": "https://en.wikipedia.org/wiki/Duotone",
            "credits": [],
            "photoreal": False,
            "weights": None,
        }
    ]
    assert listed["quarantine"] == []


def test_with_every_plugin_broken_list_says_why(broken: Path, capsys: Captured) -> None:
    assert main(["list", "--json", "--plugins", str(broken)]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed == {
        "models": [],
        "quarantine": [
            {
                "plugin": "loud",
                "stage": "import",
                "error": "It calls sys.exit while it is loaded. Remove the call: a plugin only defines things.",
            },
            {"plugin": "torn", "stage": "import", "error": "Python cannot read torn.py, line 1: invalid syntax."},
        ],
    }


def test_with_every_plugin_broken_check_says_what_to_do(broken: Path, capsys: Captured) -> None:
    assert main(["check", "--plugins", str(broken)]) == 1
    assert "torn: in quarantine at import. Python cannot read torn.py, line 1" in capsys.readouterr().out
    assert main(["check", "torn", "--plugins", str(broken)]) == 1
    assert "zoo: torn is in quarantine at import. Python cannot read torn.py, line 1" in capsys.readouterr().err


def test_with_every_plugin_broken_a_new_one_can_be_written_and_fetched(broken: Path, capsys: Captured) -> None:
    assert main(["new", "hope", "--plugins", str(broken)]) == 0
    assert main(["check", "hope", "--plugins", str(broken)]) == 0
    assert main(["pull", "hope", "--plugins", str(broken)]) == 0
    assert "hope/poster: needs no weights" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["generator", "stylizer", "corrector", "writer"])
def test_a_new_plugin_keeps_the_contract_as_it_is(kind: str, tmp_path: Path, capsys: Captured) -> None:
    assert main(["new", "first-try", "--kind", kind, "--plugins", str(tmp_path)]) == 0
    assert f"Next: zoo check first-try --plugins {tmp_path}" in capsys.readouterr().out

    assert main(["check", "first-try", "--plugins", str(tmp_path)]) == 0

    entry = next(iter(discover(tmp_path, strict=True).models.values()))
    assert (entry.kind, entry.title) == (kind, "First Try")
    assert entry.about in entry.translations


def test_the_test_of_a_new_plugin_passes(tmp_path: Path) -> None:
    main(["new", "first_try", "--plugins", str(tmp_path)])
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "first_try"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
    )
    assert ran.returncode == 0, ran.stdout.decode()


@pytest.mark.parametrize("name", ["Bad Name", "../up", "1st"])
def test_new_refuses_a_name_that_cannot_be_one(name: str, tmp_path: Path, capsys: Captured) -> None:
    assert main(["new", name, "--plugins", str(tmp_path)]) == 1
    assert "cannot name a plugin. Use lower-case letters" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_new_never_writes_over_what_is_there(tmp_path: Path, capsys: Captured) -> None:
    main(["new", "mine", "--plugins", str(tmp_path)])
    (tmp_path / "mine" / "plugin.py").write_text("# years of work", "utf-8")
    assert main(["new", "mine", "--plugins", str(tmp_path)]) == 1
    assert "is there already. Choose another name" in capsys.readouterr().err
    assert (tmp_path / "mine" / "plugin.py").read_text("utf-8") == "# years of work"


def test_check_names_the_clause_and_the_fix(tmp_path: Path, capsys: Captured) -> None:
    source = (ROOT / "docs" / "example_plugin.py").read_text("utf-8")
    (tmp_path / "loud.py").write_text(source.replace("contrast + 0.5).clamp(0, 1)", "contrast * 0.8 + 0.5)"), "utf-8")
    assert main(["check", "loud/duotone", "--plugins", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "loud/duotone: keeps 8 of 9 clauses\n  survives both ends: With {" in told
    assert "Its values leave 0..1. Clamp them, or end in a sigmoid." in told


def test_run_makes_a_persona_from_a_file_a_code_and_a_link(tmp_path: Path, capsys: Captured) -> None:
    recipe = shared_portrait()
    file = tmp_path / "recipe.json"
    file.write_text(recipe.canonical, "utf-8")
    code = encode(recipe)
    links = [str(file), code, f"https://zoo.example/?p={code}&lang=zh", f"https://zoo.example/p/{code}"]

    for number, asked in enumerate(links):
        assert main(["run", asked, "--out", str(tmp_path / str(number))]) == 0, capsys.readouterr().err

    personas = [tmp_path / str(number) for number in range(len(links))]
    assert {file.name for file in personas[0].iterdir()} == {"avatar.png", "recipe.json", "profile.json", "profile.txt"}
    assert len({(folder / "avatar.png").read_bytes() for folder in personas}) == 1
    assert {(folder / "recipe.json").read_text("utf-8").strip() for folder in personas} == {recipe.canonical}
    assert Image.open(personas[0] / "avatar.png").size == (64, 64)


MIRROR = '''
"""A generator of plain colours that encodes."""

from zoo import Card, Generator, hookimpl

ZOO_API = 1


class Mirror(Generator):
    """Draws one colour."""

    name = "mirror"
    card = Card("Mirror", license="CC0-1.0", source="https://example.org/mirror")
    latent_shape = (3,)
    encodes = True

    def draw(self, latents, params):
        return latents.sigmoid()[:, :, None, None].expand(-1, -1, 64, 64)

    def encode(self, images, progress=lambda share: None):
        return images.mean((2, 3)).logit(0.01)


@hookimpl
def zoo_models():
    return [Mirror]
'''


def test_run_draws_what_comes_nearest_to_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (tmp_path / "mirror_plugin.py").write_text(MIRROR, "utf-8")
    facts = tmp_path / "mirror-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: mirror\nVersion: 1\n", "utf-8")
    (facts / "entry_points.txt").write_text("[persona_zoo]\nmirror = mirror_plugin\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    photo = tmp_path / "photo.png"
    Image.new("RGB", (90, 60), (200, 90, 40)).save(photo)
    asked = ["https://zoo.example/?g=mirror/mirror&s=7", "--reference", str(photo)]

    assert main(["run", *asked, "--out", str(tmp_path / "near")]) == 0, capsys.readouterr().err
    again = [str(tmp_path / "near" / "recipe.json"), "--out", str(tmp_path / "again")]
    assert main(["run", *again]) == 0, capsys.readouterr().err

    drawn = Image.open(tmp_path / "again" / "avatar.png").convert("RGB").getpixel((128, 128))
    assert drawn == pytest.approx((200, 90, 40), abs=3)

    upload = [encode(shared_portrait()), "--reference", str(photo), "--out", str(tmp_path / "upload")]
    assert main(["run", *upload]) == 1
    assert "This recipe starts from an upload. Give one that draws" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "nowhere.json", "--out", "x"], "nowhere.json"),
        (["run", "not-a-code", "--out", "x"], "This link is damaged"),
        (["run", "https://zoo.example/", "--out", "x"], "Copy the whole link again"),
        (["run", "https://zoo.example/?g=ink/hatch&s=1", "--out", "x"], "is a stylizer, not a generator"),
        (["run", "https://zoo.example/?g=classics/dcgan&s=1", "--reference", "no.png", "--out", "x"], "cannot be read"),
        (["check", "ink/hach"], "The nearest is “ink/hatch”"),
        (["list", "--plugins", "nowhere"], "There is no folder “nowhere”"),
        (["pull", "nobody"], "There is no model “nobody”"),
        (["publish", "example/none", "--repo", "a/b"], "There is no model “example/none”"),
        (["publish", "ink/hatch", "--repo", "a/b"], "Name the folder they are in with --folder"),
        (["convert", "nowhere.pth", "--out", "x.safetensors"], "nowhere.pth cannot be read"),
        (["train", "ink/hatch", "--data", "avatars:", "--out", "x"], "there is no train"),
    ],
)
def test_a_problem_is_a_sentence_and_status_1(
    words: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    told = capsys.readouterr().err
    assert told.startswith("zoo: ")
    assert sentence in told
    assert "Traceback" not in told


@pytest.mark.parametrize("words", [[], ["lst"], ["run"], ["new", "x", "--kind", "robot"], ["serve", "--port", "web"]])
def test_words_that_make_no_sense_are_status_2(words: list[str], capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "usage: zoo" in capsys.readouterr().err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        main([verb, "--help"])
    assert caught.value.code == 0
    assert VERBS[verb].text in capsys.readouterr().out


def test_it_is_a_module_too() -> None:
    ran = subprocess.run([sys.executable, "-m", "zoo", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(verb in ran.stdout for verb in VERBS)


def shared_portrait() -> Recipe:
    """A recipe that restyles a portrait which lies in the store."""
    store = Store()
    name = store.hold(Picture(to_image(portraits(1, 64, 64))))
    store.share(name)
    words = Write(model="phrases/grammar", seed=7)
    return Recipe(source=Upload(picture=name), steps=(Step(model="ink/halftone"),), profile=words)
