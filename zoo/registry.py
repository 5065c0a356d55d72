"""Discovery: which models are in the zoo, and which plugins are kept out, and why.

One plugin at a time goes through import → register → describe. All of its models are admitted, or none: pluggy by
itself isolates nothing, one raising hook would lose everybody's result.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pluggy

from zoo import hookspecs, weights
from zoo.errors import ModelError, PluginError
from zoo.language import read_catalogue
from zoo.model import Card, Corrector, Generator, Kind, Model, Stylizer, Writer
from zoo.params import Params
from zoo.quarantine import Quarantined, RefusedError, stage

ENTRY_POINTS = "persona_zoo"
IMPORT_SECONDS = 30.0
"""What a plugin's import may take; a light one takes milliseconds."""

_HERE = Path(__file__).parent.parent
BUNDLED = next((f for f in (_HERE / "plugins", _HERE / "zoo_plugins") if f.is_dir()), _HERE / "plugins")
"""The bundled plugins: beside `zoo/` in a clone, `zoo_plugins` where the package is installed."""


@dataclass(frozen=True)
class Entry:
    """An admitted model: its class, and where its plugin lies."""

    id: str
    plugin: str
    cls: type[Model]
    folder: Path | None

    @property
    def kind(self) -> Kind:
        return self.cls.kind

    @property
    def title(self) -> str:
        return self.cls.card.title

    @property
    def about(self) -> str:
        """The first line of the class's docstring."""
        return _about(self.cls)

    @property
    def weights_folder(self) -> Path | None:
        """Where bundled weights lie."""
        return self.folder / "weights" / self.cls.name if self.folder else None

    @cached_property
    def translations(self) -> Mapping[str, str]:
        """The plugin's own Chinese words, English to Chinese."""
        return read_catalogue(self.folder / "zh.json") if self.folder else {}

    def open(self, device: str = "cpu") -> Model:
        """The model, its weights found, checked and loaded, on `device`. Raises `WeightsError`."""
        import torch

        model = self.cls()
        model.device = torch.device(device)
        model.net = model.build()
        if self.cls.weights is not None and model.net is not None:
            expected = {name: tuple(tensor.shape) for name, tensor in model.net.state_dict().items()}
            path = weights.find(self.cls.weights, self.weights_folder)
            model.net = model.load(weights.read(path, self.cls.weights, expected))
        if model.net is not None:
            model.net.to(model.device).eval().requires_grad_(False)
        return model


@dataclass(frozen=True)
class Zoo:
    """All admitted models by id, and the quarantine."""

    models: Mapping[str, Entry]
    quarantine: tuple[Quarantined, ...] = ()

    def entry(self, id: str, kind: Kind | None = None) -> Entry:
        """The model `id`, of `kind` where that is asked for. Raises `ModelError` naming the nearest."""
        found = self.models.get(id)
        if found and kind in (None, found.kind):
            return found
        if found:
            raise ModelError("“{id}” is a {found}, not a {kind}.", id=id, found=found.kind, kind=kind)
        from difflib import get_close_matches

        ids = [entry.id for entry in self.models.values() if kind in (None, entry.kind)]
        near = get_close_matches(id, ids, n=1, cutoff=0.3)
        if near:
            raise ModelError("There is no model “{id}” in this zoo. The nearest is “{near}”.", id=id, near=near[0])
        raise ModelError("There is no model “{id}” in this zoo. The Models tab lists those there are.", id=id)

    def of_kind(self, kind: Kind) -> tuple[Entry, ...]:
        """The models of one kind, in the order they were found."""
        return tuple(entry for entry in self.models.values() if entry.kind == kind)


@dataclass(frozen=True)
class _Source:
    """A plugin that was found and not yet imported."""

    name: str
    load: Callable[[], ModuleType]


def discover(
    folder: Path = BUNDLED,
    only: tuple[str, ...] | None = None,
    strict: bool = False,
    seconds: float = IMPORT_SECONDS,
) -> Zoo:
    """The zoo: plugins in `folder` by name, then those of installed packages by name.

    `only`, or the environment's `ZOO_PLUGINS=a,b`, restricts it to some. `strict` raises `PluginError` at the first
    that would be quarantined.
    """
    only = only or tuple(filter(None, os.environ.get("ZOO_PLUGINS", "").split(","))) or None
    models: dict[str, Entry] = {}
    quarantine: list[Quarantined] = []
    taken: set[str] = set()
    for source in _sources(folder, only):
        try:
            models.update(_admit(source, taken, seconds))
        except RefusedError as refused:
            if strict:
                raise PluginError("{plugin}: {error}", plugin=source.name, error=str(refused)) from refused
            quarantine.append(Quarantined(source.name, refused.stage, str(refused)))
        taken.add(source.name)
    return Zoo(models, tuple(quarantine))


def _sources(folder: Path, only: tuple[str, ...] | None) -> list[_Source]:
    """What there is to import. A name in `only` that there is no plugin for stays, to be refused by name."""
    found = [*_in_folder(folder), *_installed()]
    if not only:
        return found
    missing = set(only) - {source.name for source in found}
    return [source for source in found if source.name in only] + [
        _Source(name, partial(_absent, name)) for name in sorted(missing)
    ]


def _absent(name: str) -> ModuleType:
    raise PluginError("There is no plugin “{name}”. Correct its name in ZOO_PLUGINS, or install it.", name=name)


def _in_folder(folder: Path) -> Iterator[_Source]:
    package = _package(folder)
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        single = path.suffix == ".py" and path.stem != "__init__"
        if single or (path / "__init__.py").is_file():
            yield _Source(path.stem, partial(importlib.import_module, f"{package}.{path.stem}"))


def _installed() -> Iterator[_Source]:
    if not _declared():
        return
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        yield _Source(point.name, cast("Callable[[], ModuleType]", point.load))


def _declared() -> bool:
    """Whether any installed package brings plugins, by a look at the files in which installers write that down. Most
    often none does, and importing importlib.metadata would take as long as all plugins together."""
    files = (file for place in sys.path for file in Path(place).glob("*-info/entry_points.txt"))
    return any(ENTRY_POINTS in file.read_text("utf-8", "replace") for file in files)


def _package(folder: Path) -> str:
    """The name of a package whose modules are the plugins in `folder`: `zoo_plugins` for the bundled ones."""
    bundled = folder.resolve() == BUNDLED.resolve()
    name = "zoo_plugins" if bundled else "zoo_plugins_" + re.sub(r"\W", "_", str(folder.resolve()))
    package = sys.modules.setdefault(name, ModuleType(name))
    package.__path__ = [str(folder.resolve())]
    return name


def _admit(source: _Source, taken: set[str], seconds: float) -> dict[str, Entry]:
    """The entries of one plugin, all of them or an exception."""
    name = source.name
    with stage("import", seconds):
        if name in taken:
            raise PluginError("The name “{name}” is taken by another plugin. Rename this one.", name=name)
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", name):
            raise PluginError("“{name}” cannot name a plugin. Use lower-case letters, digits, _ and -.", name=name)
        module = source.load()
    with stage("register", seconds):
        manager = _register(name, module)
    with stage("describe", seconds):
        classes = [cls for found in manager.hook.zoo_models() for cls in _listed(found)]
        if not classes:
            raise PluginError("zoo_models() returned no model. Return a list of model classes.")
        folder = Path(module.__file__).parent if hasattr(module, "__path__") and module.__file__ else None
        entries = [Entry(_id(name, cls), name, cls, folder) for cls in classes]
        if len({entry.id for entry in entries}) < len(entries):
            raise PluginError("Two models of this plugin have the same name. Rename one of them.")
    return {entry.id: entry for entry in entries}


def _register(name: str, module: ModuleType) -> pluggy.PluginManager:
    api = getattr(module, "ZOO_API", None)
    if api is None:
        raise PluginError(
            "It does not say which plugin API it is written for. Write ZOO_API = {ours} at its top.",
            ours=hookspecs.ZOO_API,
        )
    if api != hookspecs.ZOO_API:
        raise PluginError(
            "It is written for plugin API {theirs}; this zoo speaks {ours}. Set ZOO_API = {ours} after reading "
            "docs/upgrading.md.",
            theirs=api,
            ours=hookspecs.ZOO_API,
        )
    manager = pluggy.PluginManager("zoo")
    manager.add_hookspecs(hookspecs)
    manager.register(module, name)
    manager.check_pending()
    if not manager.hook.zoo_models.get_hookimpls():
        raise PluginError("It has no hook. Define zoo_models() and mark it with @hookimpl from zoo.")
    return manager


def _listed(found: Any) -> list[Any]:
    try:
        return list(found)
    except TypeError:
        raise PluginError(
            "zoo_models() returned {what}. Return a list of model classes.", what=type(found).__name__
        ) from None


def _id(plugin: str, cls: Any) -> str:
    """The id of a model class that is fit to be shown. Raises `PluginError` saying what it lacks."""
    label = getattr(cls, "__name__", repr(cls))
    if not (inspect.isclass(cls) and issubclass(cls, (Generator, Stylizer, Corrector, Writer))):
        raise PluginError(
            "{label} is not a model. Derive it from Generator, Stylizer, Corrector or Writer.", label=label
        )
    if inspect.isabstract(cls):
        missing = ", ".join(sorted(cls.__abstractmethods__))
        raise PluginError("{label} is half a model: define {missing}.", label=label, missing=missing)
    name = getattr(cls, "name", None)
    if not (isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", name)):
        raise PluginError("{label} needs a name of lower-case letters, digits, _ and -.", label=label)
    if not isinstance(getattr(cls, "card", None), Card):
        raise PluginError("{label} needs card = Card(title, license, source).", label=label)
    if not (isinstance(cls.weights, weights.WeightsRef) or cls.weights is None):
        raise PluginError("The weights of {label} are no WeightsRef. Write WeightsRef(repo_id, …).", label=label)
    if not (inspect.isclass(cls.Params) and issubclass(cls.Params, Params)):
        raise PluginError("The Params of {label} do not derive from zoo.Params.", label=label)
    if not _about(cls):
        raise PluginError("{label} has no docstring. Its first line is what a visitor reads.", label=label)
    if issubclass(cls, Generator) and not getattr(cls, "latent_shape", None):
        raise PluginError("{label} needs a latent_shape, such as (64,).", label=label)
    if issubclass(cls, Corrector) and not getattr(cls, "kinds", None):
        raise PluginError("{label} needs kinds: the anomalies it scores, and their names.", label=label)
    return f"{plugin}/{name}"


def _about(cls: type[Model]) -> str:
    return (inspect.cleandoc(cls.__doc__ or "").splitlines() or [""])[0]
