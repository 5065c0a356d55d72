"""`zoo`, the command line. Its verbs are functions: the docstring is the help, and the page `docs/cli.md` too.

Every verb imports what it needs inside, so that `zoo list` answers in a blink, and `list`, `check`, `new` and `pull`
work with every plugin broken.
"""

from __future__ import annotations

import inspect
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import ModelError, RecipeError, ZooError

if TYPE_CHECKING:
    from zoo.engine import Engine
    from zoo.recipe import Recipe
    from zoo.registry import Entry, Zoo


@dataclass(frozen=True)
class Argument:
    """One argument of a verb: its name or option, and what argparse should know of it."""

    name: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Verb:
    """One thing to do: `run` returns None where all is well, else the exit status."""

    name: str
    text: str
    arguments: tuple[Argument, ...]
    run: Callable[[Namespace], int | None]


VERBS: dict[str, Verb] = {}


def argument(name: str, help: str, **settings: Any) -> Argument:
    return Argument(name, {"help": help, **settings})


def verb(*arguments: Argument) -> Callable[[Callable[[Namespace], int | None]], Callable[[Namespace], int | None]]:
    """Makes a function a verb of `zoo`."""

    def add(run: Callable[[Namespace], int | None]) -> Callable[[Namespace], int | None]:
        name = run.__name__.strip("_")
        VERBS[name] = Verb(name, inspect.cleandoc(run.__doc__ or ""), arguments, run)
        return run

    return add


def main(words: Sequence[str] | None = None) -> int:
    """Does what `words` say, by default those of the command line. The exit status: 1 for a problem, told in a
    sentence; 2 for words that make no sense."""
    words = sys.argv[1:] if words is None else words
    asked = parser(words[:1]).parse_args(words)
    try:
        return VERBS[asked.verb].run(asked) or 0
    except (ZooError, OSError) as error:
        print(f"zoo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser(wanted: Sequence[str] = ()) -> ArgumentParser:
    """The grammar of `zoo`; of the `wanted` verb alone, where it is one, because making all of them takes longer than
    listing the zoo."""
    top = ArgumentParser("zoo", description="Persona Zoo: a studio for virtual personas, and the models in it.")
    verbs = top.add_subparsers(prog="zoo", dest="verb", metavar="VERB", required=True)
    for one in [VERBS[name] for name in wanted if name in VERBS] or VERBS.values():
        summary = one.text.splitlines()[0]
        sub = verbs.add_parser(
            one.name, help=summary, description=one.text, formatter_class=RawDescriptionHelpFormatter
        )
        for each in one.arguments:
            sub.add_argument(each.name, **each.settings)
    return top


_PLUGINS = argument("--plugins", "a folder of plugins to use in place of the bundled ones", type=Path, metavar="FOLDER")
_NAMES = "ids of models, or names of plugins for all models in them"


@verb(_PLUGINS, argument("--json", "print JSON, for programs", action="store_true"))
def _list(asked: Namespace) -> None:
    """List the models of the zoo, and the plugins in quarantine.

    Where a model has weights, says whether they are bundled, downloaded, on the Hub, or missing.
    ZOO_PLUGINS=a,b restricts the zoo to some plugins, here and everywhere.
    """
    zoo = _zoo(asked.plugins)
    if asked.json:
        import json

        models = [_facts(entry) for entry in zoo.models.values()]
        quarantine = [vars(kept_out) for kept_out in zoo.quarantine]
        print(json.dumps({"models": models, "quarantine": quarantine}, ensure_ascii=False, indent=2))
        return
    for entry in zoo.models.values():
        print(f"{entry.id:24} {entry.kind:10} {entry.cls.card.license:16} {_weights(entry) or '-':12} {entry.about}")
    for kept_out in zoo.quarantine:
        print(f"{kept_out.plugin:24} quarantine at {kept_out.stage}: {kept_out.error}")


@verb(
    argument("name", "the plugin's name: lower-case letters, digits, _ and -"),
    argument("--kind", "what its model does", choices=("generator", "stylizer", "corrector", "writer"),
             default="stylizer"),
    _PLUGINS,
)  # fmt: skip
def _new(asked: Namespace) -> None:
    """Write a new plugin: a folder with a model that works, its test and its card.

    The model keeps the contract as it is; change it step by step and run `zoo check` after each.
    """
    from zoo.registry import BUNDLED
    from zoo.scaffold import new

    folder = asked.plugins or BUNDLED
    for file in new(asked.name, asked.kind, folder):
        print(file)
    elsewhere = f" --plugins {folder}" if asked.plugins else ""
    print(f"Next: zoo check {asked.name}{elsewhere}")


@verb(
    argument("names", _NAMES + "; none: the whole zoo", nargs="*", metavar="NAME"),
    argument("--weights", "try the real weights: found, of the pinned digest, and still making the same picture",
             action="store_true"),
    argument("--write-golden", "keep what the real weights make now as the golden picture", action="store_true"),
    _PLUGINS,
)  # fmt: skip
def _check(asked: Namespace) -> int:
    """Check models against the contract, clause by clause.

    Offline and on random weights, unless --weights is given. Exit status 1 where a clause is broken
    or a plugin is in quarantine.
    """
    from zoo.contract import check, write_golden

    zoo = _zoo(asked.plugins)
    entries = _chosen(zoo, asked.names)
    broken = 0
    for entry in entries:
        if asked.write_golden:
            print(f"{entry.id}: {write_golden(entry)}")
        results = check(entry, asked.weights or asked.write_golden)
        failed = [result for result in results if not result.passed]
        print(f"{entry.id}: keeps {len(results) - len(failed)} of {len(results)} clauses")
        for result in failed:
            print(f"  {result.clause}: {result.detail}")
        broken += bool(failed)
    if not asked.names:
        for kept_out in zoo.quarantine:
            print(f"{kept_out.plugin}: in quarantine at {kept_out.stage}. {kept_out.error}")
        broken += len(zoo.quarantine)
    return min(broken, 1)


@verb(
    argument("file", "the checkpoint", type=Path, metavar="FILE"),
    argument("--out", "the safetensors file to write", type=Path, required=True, metavar="FILE"),
    argument("--model", "prove that this model loads the result", metavar="ID"),
    argument("--key", "take only the tensors under this dotted name, such as g_ema"),
)
def _convert(asked: Namespace) -> None:
    """Convert a foreign checkpoint to safetensors, without running what is in it.

    Reads what torch.save wrote, and the pickles of StyleGAN2-ADA and StyleGAN3.
    """
    from zoo.convert import convert

    entry = _zoo().entry(asked.model) if asked.model else None
    made = convert(asked.file, entry, asked.out, asked.key)
    print(f"{made.file}: {made.tensors} tensors, {made.values:,} values\nsha256 {made.sha256}")


@verb(argument("names", _NAMES + "; none: the whole zoo", nargs="*", metavar="NAME"), _PLUGINS)
def _pull(asked: Namespace) -> None:
    """Fetch the weights of models from the Hub, so that they work offline.

    What is here already is checked against its pinned digest, and a damaged download is replaced.
    """
    from zoo.publish import pull

    for entry in _chosen(_zoo(asked.plugins), asked.names):
        print(f"{entry.id}: {pull(entry) if entry.cls.weights else 'needs no weights'}")


@verb(
    argument("id", "the model", metavar="ID"),
    argument("--repo", "the Hub repo to publish to", required=True, metavar="OWNER/NAME"),
    argument("--folder", "what to publish; the weights beside the plugin by default", type=Path),
    argument("--private", "make a new repo private", action="store_true"),
)
def _publish(asked: Namespace) -> None:
    """Publish a model's weights on the Hugging Face Hub, with their card and metrics.

    Needs a token that may write: HF_TOKEN, or `hf auth login`. Prints the pin for the model's class.
    """
    from zoo.publish import publish

    entry = _zoo().entry(asked.id)
    folder = asked.folder or entry.weights_folder
    if folder is None or not folder.is_dir():
        raise ModelError("{id} brings no weights. Name the folder they are in with --folder.", id=entry.id)
    print(f"weights = {publish(entry, folder, asked.repo, asked.private)!r}")


@verb(
    argument("recipe", "a recipe's JSON file, a code, or a link", metavar="RECIPE"),
    argument("--out", "the folder to write to", type=Path, required=True, metavar="FOLDER"),
    argument("--reference", "draw what comes nearest to this picture, with a model that encodes", type=Path,
             metavar="FILE"),
)  # fmt: skip
def _run(asked: Namespace) -> None:
    """Run a recipe: write the same labelled avatar, recipe and profile as the studio.

    ZOO_DEVICE is auto, cuda, mps or cpu; ZOO_STORE is where shared pictures lie.
    """
    recipe = _recipe(asked.recipe)
    from zoo.engine import open_engine
    from zoo.store import Store

    engine = open_engine(_zoo(), Store())
    if asked.reference:
        recipe = nearest(engine, recipe, asked.reference)
    for file in engine.run(recipe).save(asked.out):
        print(file)


def nearest(engine: Engine, recipe: Recipe, picture: Path) -> Recipe:
    """`recipe`, drawn from the latent that comes nearest to `picture`."""
    from zoo.pictures import open_picture
    from zoo.recipe import Draw

    source = recipe.source
    if not isinstance(source, Draw):
        raise RecipeError("This recipe starts from an upload. Give one that draws, such as ?g=MODEL&s=SEED.")
    found = engine.encode(source.model, open_picture(picture).image)
    return recipe.model_copy(update={"source": source.model_copy(update={"latent": found.latent})})


@verb(
    argument("--host", "the address to listen on; 0.0.0.0 is every one", default="127.0.0.1"),
    argument("--port", "the port to listen on", type=int, default=7860),
)
def _serve(asked: Namespace) -> None:
    """Open the studio, in the browser at the address it prints."""
    from zoo.studio import serve

    serve(asked.host, asked.port)


@verb(
    argument("model", "the model to train", metavar="ID"),
    argument("--data", "a folder of pictures, or the name of a source", metavar="SOURCE"),
    argument("--out", "the folder for weights, metrics and card; runs/ID by default", type=Path, metavar="FOLDER"),
    argument("--resume", "go on where the last run in this folder stopped", action="store_true"),
    argument("--tracker", "where the curves go; tensorboard by default, where it is installed",
             choices=("tensorboard", "trackio", "wandb", "none")),
    argument("--adapt", "fit the model as it is to the pictures in a folder, 10 to 200 of one look", type=Path,
             metavar="PICTURES"),
    argument("--adversarial", "harden the model against adversarial examples", action="store_true"),
)  # fmt: skip
def _train(asked: Namespace) -> None:
    """Train a model: write its weights, metrics and card, laid out as `zoo publish` takes them.

    Sources: avatars: (drawn here), celeba:, mnist:, fashionmnist:, hub:OWNER/NAME, or a folder.
    A training that was stopped or killed goes on with --resume and ends with the weights it would have had.
    ZOO_DEVICE=cpu keeps it off the GPU; `accelerate launch -m zoo train …` spreads it over several.
    --adapt and --adversarial are for the models whose training knows them.
    """
    from zoo.training import train

    entry = _zoo().entry(asked.model)
    name = entry.id.replace("/", "-") + (f"-{asked.adapt.resolve().name}" if asked.adapt else "")
    out = asked.out or Path("runs") / name
    train(entry, asked.data, out, asked.resume, asked.tracker, asked.adapt, asked.adversarial)


@verb(
    argument("model", "the model to evaluate", metavar="ID"),
    argument("--out", "write the metrics to this file too, as JSON: one object of names and numbers", type=Path,
             metavar="FILE"),
    argument("--attack", "measure a corrector on adversarial examples, beside the clean ones", choices=("fgsm", "pgd")),
    argument("--epsilon", "grey levels, of 255, by which an attack may change any value", type=float, default=2.0,
             metavar="LEVELS"),
    _PLUGINS,
)  # fmt: skip
def _evaluate(asked: Namespace) -> None:
    """Evaluate a model: print its metrics, with intervals of 95 percent where they are estimates.

    Those of bundled weights go into their metrics.json and the README of the plugin too, where that shows them.
    What real pictures get is the metric of the same name that ends in _floor.
    """
    from zoo.training.attacks import attack
    from zoo.training.evaluation import evaluate
    from zoo.training.results import write_facts
    from zoo.training.tables import table

    entry = _zoo(asked.plugins).entry(asked.model)
    metrics = evaluate(entry, attack(asked.attack, asked.epsilon) if asked.attack else None)
    print(table(metrics))
    if asked.out:
        write_facts(asked.out, metrics)


@verb(
    argument("names", "stylizers, or names of plugins for all stylizers in them", nargs="+", metavar="NAME"),
    argument("--corrector", "the model that is to know them", default="mender/mender", metavar="ID"),
    argument("--data", "what is restyled: a folder of pictures, or the name of a source as for `zoo train`",
             default="avatars:", metavar="SOURCE"),
    _PLUGINS,
)  # fmt: skip
def _calibrate(asked: Namespace) -> None:
    """Teach a corrector what is normal for a stylizer: a good cartoon is not a bad photograph.

    Restyles pictures, and keeps what the corrector makes of them beside the stylizer's plugin, in `normals/`, under
    64 kB for each. From then on the studio judges that stylizer's pictures by it. The bundled stylizers are known to
    the bundled corrector as it is. Where the corrector's weights change, call it again.
    """
    from zoo.training.calibrating import calibrate

    zoo = _zoo(asked.plugins)
    corrector = (zoo if asked.corrector in zoo.models else _zoo()).entry(asked.corrector, "corrector")
    stylizers = [entry for entry in _chosen(zoo, asked.names) if entry.kind == "stylizer"]
    if not stylizers:
        raise ModelError("Among {names} is no stylizer. See `zoo list`.", names=", ".join(asked.names))
    for entry in stylizers:
        print(calibrate(entry, corrector, asked.data))


@verb(
    argument("what", "generators; or one of correctors, ink and list, the other benchmarks. None: the zoo's first "
             "generator", nargs="*", metavar="ID"),
    argument("--out", "the folder for bench.md and bench.json; docs/results by default", type=Path, metavar="FOLDER"),
)  # fmt: skip
def _bench(asked: Namespace) -> None:
    """Measure what drawing costs, as ratios of times taken in turn in one run.

    A generator's portraits through the engine against its network alone and that network's bare convolutions, many at
    once against one by one, and the first picture after start against starting. Needs a clone of the repository.
    """
    from runpy import run_path

    folder = Path(__file__).parent.parent / "benchmarks"
    if not folder.is_dir():
        raise ZooError("Benchmarks are no part of the installed package. Run `zoo bench` in a clone of the repository.")
    if asked.what in (["correctors"], ["ink"], ["list"]):
        run_path(str(folder / f"{asked.what[0]}.py"))["main"]()
        return
    zoo = _zoo()
    ids = asked.what or [entry.id for entry in zoo.of_kind("generator")][:1]
    entries = [zoo.entry(id, "generator") for id in ids]
    portraits = run_path(str(folder / "portraits.py"))
    print(portraits["save"](portraits["measure"](zoo, entries), asked.out or portraits["RESULTS"]))


def _zoo(folder: Path | None = None) -> Zoo:
    """The zoo of `folder`, or the bundled one. What plugins print meanwhile stays out of what the verb prints."""
    from zoo.registry import BUNDLED, discover

    if folder and not folder.is_dir():
        raise ZooError("There is no folder “{folder}”. Name one that holds plugins.", folder=folder)
    with redirect_stdout(sys.stderr):
        return discover(folder or BUNDLED)


def _chosen(zoo: Zoo, names: Sequence[str]) -> list[Entry]:
    """The models that `names` mean, in their order; all, where there are none."""
    if not names:
        return list(zoo.models.values())
    return [entry for name in names for entry in _named(zoo, name)]


def _named(zoo: Zoo, name: str) -> list[Entry]:
    kept_out = next((one for one in zoo.quarantine if one.plugin == name.split("/")[0]), None)
    if kept_out:
        raise ModelError(
            "{plugin} is in quarantine at {stage}. {why}",
            plugin=kept_out.plugin,
            stage=kept_out.stage,
            why=kept_out.error,
        )
    return [entry for entry in zoo.models.values() if entry.plugin == name] or [zoo.entry(name)]


def _facts(entry: Entry) -> dict[str, Any]:
    card = entry.cls.card
    return {
        "id": entry.id,
        "kind": entry.kind,
        "title": card.title,
        "about": entry.about,
        "license": card.license,
        "source": card.source,
        "credits": card.credits,
        "photoreal": card.photoreal,
        "weights": _weights(entry),
    }


def _weights(entry: Entry) -> str | None:
    """Where the weights are; None for a model that needs none."""
    from zoo import weights

    return weights.status(entry.cls.weights, entry.weights_folder) if entry.cls.weights else None


def _recipe(text: str) -> Recipe:
    """The recipe in a JSON file, a code, or a link."""
    from zoo.errors import RecipeError
    from zoo.recipe import from_link, parse

    if not text.endswith(".json"):
        return from_link(text)
    try:
        return parse(Path(text).read_text("utf-8", errors="replace"))
    except OSError as error:
        raise RecipeError("{file} cannot be read: {why}. Name another.", file=text, why=error.strerror) from error
