"""Imports point one way, and what is listed in a blink imports nothing heavy."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LAYERS = (
    {"errors", "language", "params", "profile", "latents", "tensors", "hub", "weights", "model", "hookspecs"},
    {"quarantine", "registry", "portraits", "metrics"},
    {
        "normals",
        "recipe",
        "label",
        "metadata",
        "pictures",
        "store",
        "persona",
        "trial",
        "clauses",
        "contract",
        "convert",
    },
    {"engine", "publish"},
    {"studio"},
)
"""Modules of `zoo`, lowest first. One imports from its own layer and from those below it."""

FOR_TRAINERS = {"training"}
"""Imported by the command line and by a plugin's train.py alone. The metrics, which those import as well, are the
engine's too: what a visitor is told of a mended picture is what `zoo evaluate` measures."""

ENTRANCES = {"cli", "__main__", "reference", "scaffold"}
"""Import what they like, and are imported by nobody."""

LEVEL = {module: level for level, layer in enumerate(LAYERS) for module in layer}

HEAVY = {"torch", "torchvision", "numpy", "PIL", "gradio", "huggingface_hub"}


def imported(path: Path) -> Iterator[str]:
    """The first two names of every absolute import in a file, those inside functions too: `zoo.recipe`, `torch`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (".".join(alias.name.split(".")[:2]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "zoo":
            yield from (f"zoo.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield ".".join((node.module or "").split(".")[:2])


def ours(path: Path) -> set[str]:
    """The modules of `zoo` that a file imports."""
    names = {name.removeprefix("zoo.") for name in imported(path) if name.startswith("zoo.")}
    return names & {path.stem for path in (ROOT / "zoo").iterdir()}


HOUSE = sorted(path for path in (ROOT / "zoo").rglob("*.py") if path != ROOT / "zoo" / "__init__.py")


def module(path: Path) -> str:
    return path.relative_to(ROOT / "zoo").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", HOUSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_from_its_own_layer_and_below(path: Path) -> None:
    name = module(path)
    if name in ENTRANCES:
        return
    if name in FOR_TRAINERS:
        assert not ours(path) & ({"studio"} | ENTRANCES)
        return
    assert not ours(path) & (FOR_TRAINERS | ENTRANCES)
    assert [other for other in sorted(ours(path)) if LEVEL[other] > LEVEL[name]] == []


def test_every_module_has_its_layer() -> None:
    modules = {module(path) for path in HOUSE}
    assert modules == set(LEVEL) | FOR_TRAINERS | ENTRANCES


def test_only_the_studio_imports_gradio() -> None:
    assert {module(path) for path in HOUSE if "gradio" in {name.split(".")[0] for name in imported(path)}} <= {"studio"}


def test_only_convert_unpickles() -> None:
    assert {module(path) for path in HOUSE if "pickle" in imported(path)} <= {"convert"}


PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))


def served(folder: Path) -> set[Path]:
    """The files that a plugin computes with: its plugin.py and what that imports. The others train and measure."""
    found, waiting = set(), [folder / "plugin.py", folder / "__init__.py"]
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                names = [node.module] if node.module else [alias.name for alias in node.names]
                waiting += [folder / f"{name}.py" for name in names]
    return found


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_plugin_imports_the_public_names_only(path: Path) -> None:
    import zoo

    names = {name for name in imported(path) if name.split(".")[0] == "zoo"}
    allowed = {f"zoo.{name}" for name in zoo.__all__} | {"zoo"}
    if path not in served(path.parent):
        allowed |= {"zoo.training", "zoo.metrics", "zoo.latents", "zoo.registry", "zoo.contract"}
    assert names <= allowed


def modules_after(code: str) -> set[str]:
    """The top-level modules that are loaded once a fresh Python has run `code`."""
    script = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}}, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(ran.stderr.split())


@pytest.mark.parametrize(
    "code",
    [
        "import zoo",
        "from zoo.registry import discover; discover()",
        "from zoo.cli import main; main(['list'])",
        "from zoo.cli import main; main(['list', '--json'])",
    ],
)
def test_what_answers_in_a_blink_imports_nothing_heavy(code: str) -> None:
    assert not modules_after(code) & HEAVY
