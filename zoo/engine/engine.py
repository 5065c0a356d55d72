"""The engine: follows a recipe from its source through its steps to a persona."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from cachetools import LRUCache
from PIL import Image
from torch import Tensor

from zoo import latents, normals, pictures
from zoo.engine import originals, verbs
from zoo.engine.originals import Held
from zoo.engine.reports import report_on, size
from zoo.errors import ModelError, RecipeError, ZooError
from zoo.label import Label, label_for
from zoo.model import Context, Generator, Stylizer, Writer
from zoo.params import Params, accept, threshold
from zoo.persona import Persona, Report
from zoo.profile import Profile, Traits
from zoo.recipe import Draw, Recipe, Step, Upload, Write, validate
from zoo.registry import Entry, Zoo
from zoo.store import Store

T = TypeVar("T")
Progress = Callable[[float, str], None]
"""Told how far the work is, 0..1, and which model is next."""

PORTRAIT_SIDE = 256
"""Pixels of the shorter side below which a drawn portrait is enlarged: a small GAN's 28 or 64 leave no room to
restyle."""
PICTURE_LIMIT = 1024
"""Pixels of the longer side above which an uploaded picture is shrunk."""
CACHE = 256 * 2**20
"""Bytes of step pictures that are kept."""


class Compute(Protocol):
    """Where models run."""

    def draw(self, entry: Entry, params: Params, latents: Tensor, amounts: Tensor) -> Tensor: ...

    def call(self, entry: Entry, verb: Callable[..., T], *args: Any) -> T:
        """`args` may have to cross into another process: what they are can be pickled."""


class _Made:
    """What one step made."""

    def __init__(self, image: Image.Image, report: Report | None = None) -> None:
        self.image = image
        self.report = report

    @property
    def size(self) -> int:
        return 3 * self.image.width * self.image.height


def quiet(_: float, __: str) -> None:
    """Nobody watches."""


class Engine:
    """Runs recipes. Each step's picture is kept under the recipe so far, so that restyling never redraws."""

    def __init__(self, zoo: Zoo, store: Store, compute: Compute) -> None:
        self.zoo = zoo
        self.store = store
        self._compute = compute
        self._lock = threading.Lock()
        self._made: LRUCache[str, _Made] = LRUCache(CACHE, getsizeof=lambda made: made.size)
        self._seen: LRUCache[str, Report] = LRUCache(CACHE // 4, getsizeof=size)

    def run(self, recipe: Recipe, progress: Progress = quiet) -> Persona:
        """The persona of `recipe`. Raises `ZooError` saying what is wrong with it, before anything is computed where
        that can be known."""
        self.check(recipe)
        made = [self._source(recipe)]
        for count, step in enumerate(recipe.steps, 1):
            progress(count / (len(recipe.steps) + 1), self.zoo.entry(step.model).title)
            made.append(self._step(recipe, count, made))
        report = next((one.report for one in reversed(made) if one.report), None)
        images = tuple(one.image for one in made)
        profile = self._profile(recipe, images[-1])
        incoming = self._incoming(recipe.source)
        return Persona(recipe, images, label_for(recipe, incoming), incoming, report, profile)

    def run_all(self, recipes: Sequence[Recipe], progress: Progress = quiet) -> tuple[Persona, ...]:
        """The personas of many recipes; those that draw with one model and params are drawn together."""
        for recipe in recipes:
            self.check(recipe)
        groups: dict[tuple[str, str], list[Recipe]] = {}
        for recipe in recipes:
            if isinstance(recipe.source, Draw) and recipe.upto(0).id not in self._made:
                groups.setdefault((recipe.source.model, repr(recipe.source.params)), []).append(recipe)
        for done, group in enumerate(groups.values()):
            sources = [recipe.source for recipe in group if isinstance(recipe.source, Draw)]
            progress(done / len(groups), self.zoo.entry(sources[0].model).title)
            for recipe, image in zip(group, self._draw(sources), strict=True):
                self._keep(recipe.upto(0), _Made(image))
        return tuple(self.run(recipe) for recipe in recipes)

    def detect(
        self, recipe: Recipe, model: str, params: dict[str, Any] | None = None, original: str | None = None
    ) -> Report:
        """What the corrector `model` says of the portrait of `recipe`, which stays as it is.

        `original` is the digest of a picture to compare with, in place of the one that the recipe knows.
        """
        self.zoo.entry(model, "corrector")
        return self.look(recipe, validate(Step, {"model": model, "params": params or {}, "reference": original}))

    def look(self, recipe: Recipe, step: Step) -> Report:
        """What `step` would find in the portrait of `recipe`. Another threshold alone is judged anew without another
        look."""
        self._check_step(step)
        entry, detector = self.zoo.entry(step.model, "corrector"), self.zoo.entry(step.detector or step.model)
        params = self._looking(step)
        level = _threshold(params)
        rest = params.model_dump_json(exclude={"threshold"} if level is not None else None)
        key = "\n".join((recipe.upto(len(recipe.steps)).id, detector.id, rest, step.reference or ""))
        with self._lock:
            report = self._seen.get(key)
        if report is None:
            images = self.run(recipe).pictures
            image, held = pictures.to_tensor(images[-1]), self._held(recipe, images, step.reference, detector)
            findings, seconds = self._call(detector, verbs.timed, verbs.detect, params, image, held.context)
            report = report_on(detector, detector, findings, seconds, held.against(image))
            with self._lock:
                self._seen[key] = report
        return dataclasses.replace(report, model=entry.id, threshold=report.threshold if level is None else level)

    def encode(self, model: str, picture: Image.Image, progress: Progress = quiet) -> Draw:
        """What the generator `model` draws nearest to `picture`, of which nothing but the latent is kept."""
        entry = self.zoo.entry(model, "generator")
        if not _encodes(entry):
            titles = [one.title for one in self.zoo.of_kind("generator") if _encodes(one)]
            raise ModelError(
                "“{title}” cannot start from a picture. Those that can: {titles}.",
                title=entry.title,
                titles=", ".join(titles) or "—",
            )
        progress(0, entry.title)
        image = pictures.to_tensor(pictures.fit(picture, PICTURE_LIMIT))
        point = self._call(entry, verbs.encode, image, progress)
        return validate(Draw, {"model": model, "latent": latents.pack(point.numpy())})

    def preview(self, recipe: Recipe, style: str, side: int) -> Image.Image:
        """The portrait of `recipe`, shrunk to `side` pixels, in the stylizer `style` with its defaults."""
        entry = self.zoo.entry(style, "stylizer")
        image = pictures.to_tensor(pictures.fit(self.run(recipe).picture, side))
        return pictures.to_image(self._call(entry, verbs.stylize, entry.cls.Params(), image, None))

    def write(self, write: Write, traits: Traits) -> Profile:
        """The words that `write` asks for, of a portrait with these traits."""
        return _worded(self._call(self.zoo.entry(write.model, "writer"), _write, traits, write), write)

    def check(self, recipe: Recipe) -> None:
        """Raises `ZooError` where the recipe names a model, a param or a direction that there is not."""
        if isinstance(recipe.source, Draw):
            drawer = self.zoo.entry(recipe.source.model, "generator")
            accept(drawer.cls.Params, recipe.source.params)
            _amounts(recipe.source, drawer)
        for step in recipe.steps:
            self._check_step(step)
        if recipe.profile:
            accept(self.zoo.entry(recipe.profile.model, "writer").cls.Params, recipe.profile.params)

    def _check_step(self, step: Step) -> None:
        entry = self.zoo.entry(step.model)
        if entry.kind not in ("stylizer", "corrector"):
            raise RecipeError("“{id}” is a {kind}. A step is a stylizer or a corrector.", id=entry.id, kind=entry.kind)
        accept(entry.cls.Params, step.params)
        if step.detector is None:
            return
        self.zoo.entry(step.detector, "corrector")
        if entry.kind != "corrector":
            raise RecipeError(
                "“{id}” is a {kind}. Only a corrector mends what another one found.", id=entry.id, kind=entry.kind
            )

    def _source(self, recipe: Recipe) -> _Made:
        start = recipe.upto(0)
        if (made := self._kept(start)) is None:
            source = recipe.source
            if isinstance(source, Upload):
                made = _Made(pictures.fit(self.store.get(source.picture).image, PICTURE_LIMIT))
            else:
                made = _Made(self._draw([source])[0])
            self._keep(start, made)
        return made

    def _draw(self, sources: Sequence[Draw]) -> list[Image.Image]:
        """The portraits of sources that share model and params."""
        entry = self.zoo.entry(sources[0].model, "generator")
        params = accept(entry.cls.Params, sources[0].params)
        points = torch.from_numpy(np.stack([_latent(source, entry) for source in sources]))
        amounts = torch.tensor([_amounts(source, entry) for source in sources])
        drawn = self._compute.draw(entry, params, points, amounts)
        return [pictures.enlarge(pictures.to_image(one[None]), PORTRAIT_SIDE) for one in drawn]

    def _step(self, recipe: Recipe, count: int, made: Sequence[_Made]) -> _Made:
        """The picture after step `count`, counted from 1."""
        upto = recipe.upto(count)
        if (kept := self._kept(upto)) is not None:
            return kept
        step = recipe.steps[count - 1]
        entry = self.zoo.entry(step.model)
        params = accept(entry.cls.Params, step.params)
        image = pictures.to_tensor(made[-1].image)
        if issubclass(entry.cls, Stylizer):
            done = self._call(entry, verbs.stylize, params, image, self._reference(step))
            made_now = _Made(pictures.to_image(done))
        else:
            detector = self.zoo.entry(step.detector or step.model)
            held = self._held(recipe.upto(count - 1), [one.image for one in made], step.reference, detector)
            made_now = self._mended(entry, detector, step, params, image, held)
        self._keep(upto, made_now)
        return made_now

    def _mended(self, entry: Entry, detector: Entry, step: Step, params: Params, image: Tensor, held: Held) -> _Made:
        """What a corrector makes of `image` by its own findings, or by those of the step's detector."""
        if step.detector is None:
            (findings, done), seconds = self._call(entry, verbs.timed, verbs.mend, params, image, held.context)
        else:
            known = (self._looking(step), image, held.context)
            findings, looked = self._call(detector, verbs.timed, verbs.detect, *known)
            done, mended = self._call(entry, verbs.timed, verbs.fix, params, image, findings)
            seconds = looked + mended
        report = report_on(entry, detector, findings, seconds, held.against(image, done))
        return _Made(pictures.to_image(done), report)

    def _looking(self, step: Step) -> Params:
        """What the step looks with: its own params; another detector's defaults, and the threshold where both have
        one."""
        params = accept(self.zoo.entry(step.model).cls.Params, step.params)
        if step.detector is None:
            return params
        level, theirs = _threshold(params), self.zoo.entry(step.detector).cls.Params
        return accept(theirs, {"threshold": level} if level is not None and threshold(theirs) else {})

    def _reference(self, step: Step) -> Tensor | None:
        if step.reference is None:
            return None
        return pictures.to_tensor(pictures.fit(self.store.get(step.reference).image, PICTURE_LIMIT))

    def _held(self, recipe: Recipe, images: Sequence[Image.Image], digest: str | None, detector: Entry) -> Held:
        """The last of `images` held against the original: that of `digest`, else the picture before the last style,
        where nothing but mending came after it; and what `detector` may know of its making."""
        styled = self._styled(recipe)
        known = Context()
        if styled is not None:
            stylizer = self.zoo.entry(recipe.steps[styled].model)
            known = Context(None, stylizer.id, normals.read(stylizer, detector))
        if digest is not None:
            original = pictures.fit(self.store.get(digest).image, PICTURE_LIMIT)
        elif styled is not None:
            original = images[styled]
        else:
            return Held(known)
        picture = pictures.to_tensor(images[-1])
        return originals.held(picture, pictures.to_tensor(original), known, sure=digest is None)

    def _styled(self, recipe: Recipe) -> int | None:
        """Which step, counted from 0, was the last that restyled; None where there is none."""
        kinds = [self.zoo.entry(step.model).kind for step in recipe.steps]
        return len(kinds) - 1 - kinds[::-1].index("stylizer") if "stylizer" in kinds else None

    def original(self, persona: Persona) -> Image.Image | None:
        """The picture that correctors compare the portrait with, where nobody brings another."""
        recipe = persona.recipe
        last = recipe.steps[-1] if recipe.steps else None
        if last and last.reference and self.zoo.entry(last.model).kind == "corrector":
            return pictures.fit(self.store.get(last.reference).image, PICTURE_LIMIT)
        styled = self._styled(recipe)
        return persona.pictures[styled] if styled is not None else None

    def _profile(self, recipe: Recipe, image: Image.Image) -> Profile | None:
        write = recipe.profile
        if write is None:
            return None
        styles = tuple(id for id in recipe.models if id != write.model)
        return self.write(write, Traits(styles, pictures.main_colors(image)))

    def _incoming(self, source: Draw | Upload) -> Label | None:
        return self.store.get(source.picture).label if isinstance(source, Upload) else None

    def _call(self, entry: Entry, verb: Callable[..., T], *args: Any) -> T:
        """`verb` on a model; what the plugin says went wrong is told in the plugin's own words."""
        try:
            return self._compute.call(entry, verb, *args)
        except ZooError as error:
            if error.sentence in entry.translations:
                error.translations = {"zh": entry.translations[error.sentence]}
            raise

    def _kept(self, recipe: Recipe) -> _Made | None:
        with self._lock:
            return self._made.get(recipe.id)

    def _keep(self, recipe: Recipe, made: _Made) -> None:
        with self._lock:
            self._made[recipe.id] = made


def _write(model: Writer, traits: Traits, write: Write) -> Profile:
    return model.write(traits, write.seed, write.language, accept(model.Params, write.params))


def _worded(profile: Profile, write: Write) -> Profile:
    """The profile with what the sender typed in place of what the writer wrote."""
    typed = {"nickname": write.nickname, "bio": write.bio}
    return profile.model_copy(update={name: text for name, text in typed.items() if text})


def _encodes(entry: Entry) -> bool:
    return issubclass(entry.cls, Generator) and entry.cls.encodes


def _latent(source: Draw, entry: Entry) -> latents.Latent:
    assert issubclass(entry.cls, Generator)
    shape = entry.cls.latent_shape
    point = latents.unpack(source.latent, shape) if source.latent else latents.latent(source.seed, shape)
    if source.mix:
        point = latents.slerp(point, latents.latent(source.mix.seed, shape), source.mix.weight)
    return point


def _amounts(source: Draw, entry: Entry) -> list[float]:
    """How far to go along each direction of the model, in their order."""
    assert issubclass(entry.cls, Generator)
    directions = list(entry.cls.directions)
    for name in source.shift:
        if name not in directions:
            raise RecipeError(
                "“{title}” has no direction “{name}”. It has: {names}.",
                title=entry.title,
                name=name,
                names=", ".join(directions) or "—",
            )
    return [source.shift.get(name, 0.0) for name in directions]


def _threshold(params: Params) -> float | None:
    """The threshold that `params` set, where their model has one."""
    return params.threshold if threshold(type(params)) else None  # type: ignore[attr-defined]
