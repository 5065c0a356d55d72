"""The contract: what every model of the zoo keeps.

Each clause is a function whose docstring is the clause. `zoo check` and the tests run the same functions, offline, on
random weights, or on the real ones. A clause returns where it is kept and raises where it is broken.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import inspect
import json
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from zoo import tensors, weights
from zoo.errors import PluginError, ZooError
from zoo.latents import pack, unpack
from zoo.model import Context, Corrector, Findings, Generator, Kind, Model, Stylizer
from zoo.params import accept, describe, threshold
from zoo.portraits import portraits
from zoo.profile import clean
from zoo.recipe import Draw, validate
from zoo.registry import Entry
from zoo.trial import encoded, fit_to_show, gap, must, pictures, profiles, restyled, settings, sitters, strip, within
from zoo.weights import WeightsRef

TOLERANCE = 2.0
"""Grey levels that the same picture may be off, across batches and devices."""
CLEAN_PSNR = 30.0
"""dB between a clean picture and what a corrector leaves of it."""
SHAPES = ((1, 32, 32), (2, 40, 72), (1, 97, 33))
"""Count, height, width of the pictures that a stylizer or a corrector has to keep in shape."""
SIZES = ((1, 1), (33, 97))
"""Height and width of the pictures that a generator has to encode, where it encodes."""
GOLDEN = "golden.png"
"""Beside the weights: what they made when they were new."""

_KINDS: tuple[Kind, ...] = get_args(Kind)
_HEAVY = {"torch", "torchvision", "numpy", "PIL", "gradio"}
_NOT_PLAIN = re.compile(r"[<>]|https?:|www\.|\S@\S+\.\w|\d[\d\s().-]{6,}\d")


@dataclass(frozen=True)
class Clause:
    """One clause: its words, the kinds of model it binds, and whether it is about the real weights."""

    name: str
    text: str
    kinds: tuple[Kind, ...]
    weights: bool
    keep: Callable[[Entry, Model], None]

    def binds(self, entry: Entry, weights: bool) -> bool:
        """Whether `entry` has to keep it, tried with its real weights or with random ones."""
        return entry.kind in self.kinds and (not self.weights or (weights and entry.cls.weights is not None))


CLAUSES: dict[str, Clause] = {}


def clause(*kinds: Kind, weights: bool = False) -> Callable[[Callable[[Entry, Model], None]], Clause]:
    """Makes a function a clause that binds models of `kinds`; of every kind, where none is named."""

    def add(keep: Callable[[Entry, Model], None]) -> Clause:
        name = keep.__name__.replace("_", " ")
        CLAUSES[name] = Clause(name, inspect.cleandoc(keep.__doc__ or ""), kinds or _KINDS, weights, keep)
        return CLAUSES[name]

    return add


@clause()
def opens(entry: Entry, model: Model) -> None:
    """It opens: `build()` returns a network, or None for a model that has no weights. Pinned weights are found, have
    the pinned digest, and fit the network name for name."""
    from torch import nn

    must(model.net is None or isinstance(model.net, nn.Module), "build() returned no nn.Module. Return the network.")
    must(
        entry.cls.weights is None or model.net is not None,
        "It names weights, and build() returns None. Return the network they belong to.",
    )


@clause()
def imports_lightly(entry: Entry, model: Model) -> None:
    """Importing the plugin imports neither torch nor numpy nor Pillow nor gradio: a zoo is listed in a blink."""
    home = entry.folder.parent if entry.folder else Path(inspect.getfile(entry.cls)).parent
    code = (
        "import sys, pathlib; from zoo.registry import discover; "
        "discover(pathlib.Path(sys.argv[1]), only=(sys.argv[2],)); print(*sys.modules)"
    )
    command = [sys.executable, "-c", code, str(home), entry.plugin]
    imported = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    heavy = ", ".join(sorted(_HEAVY.intersection(imported)))
    must(not heavy, "Importing the plugin imports {heavy}. Import it in build() or in a method.", heavy=heavy)


@clause()
def shows_its_params(entry: Entry, model: Model) -> None:
    """Every param has a control, a default and a description, and travels in a recipe: at most 32 of them, names of
    at most 40 characters, texts of at most 200."""
    params, defaults = describe(entry.cls.Params), entry.cls.Params()
    must(len(params) <= 32, "It has {count} params. A recipe carries 32.", count=len(params))
    for param in params:
        must(len(param.name) <= 40, "The name {name} is over 40 characters. Shorten it.", name=param.name)
        must((param.max_length or 0) <= 200, "{name} allows over 200 characters. Allow fewer.", name=param.name)
    again = accept(entry.cls.Params, json.loads(defaults.model_dump_json()))
    must(again == defaults, "Its params come back changed from JSON. Use plain types and no serializers.")


@clause()
def survives_both_ends(entry: Entry, model: Model) -> None:
    """With every param at either end of its range, one at a time and all together, it still gives a whole result."""
    for values in settings(describe(entry.cls.Params)):
        try:
            params = accept(entry.cls.Params, values)
            _ = profiles(model, params) if entry.kind == "writer" else pictures(model, params, only=0)
        except Exception as error:
            raise PluginError("With {values}: {why}", values=json.dumps(values), why=breach(error)) from error


@clause()
def reads_its_own_weights(entry: Entry, model: Model) -> None:
    """What `build()` makes goes through a safetensors file and back into `load()`, name for name and bit for bit."""
    if model.net is None:
        return
    ours = {name: tensor.float() for name, tensor in model.net.state_dict().items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        ref = WeightsRef("zoo/contract", None, tensors.save(ours, path))
        read = weights.read(path, ref, {name: tuple(tensor.shape) for name, tensor in ours.items()})
    loaded = entry.cls().load(read)
    if loaded is None:
        raise PluginError("load() returned None. Return the network with the weights in it.")
    theirs = loaded.state_dict()
    must(theirs.keys() == ours.keys(), "load() renames the weights. Keep the names of build().")
    changed = [name for name in ours if not ours[name].equal(theirs[name].float())]
    must(not changed, "load() changes {names}. Load the tensors as they are.", names=", ".join(changed[:3]))


@clause("generator", "stylizer", "corrector")
def repeats_itself(entry: Entry, model: Model) -> None:
    """The same latent, or the same picture and params, gives the same picture within 2 grey levels: again, alone, or
    in a batch with others."""
    batch = pictures(model)
    must(
        gap(batch, pictures(model)) <= TOLERANCE,
        "The same input gave two pictures. Take no randomness but the latent.",
    )
    for index in range(len(batch)):
        levels = gap(pictures(model, only=index), batch[index : index + 1])
        must(
            levels <= TOLERANCE,
            "A picture changes by {levels:.1f} grey levels with the batch it is in. Treat each picture by itself.",
            levels=levels,
        )


@clause("generator")
def listens_to_the_latent(entry: Entry, model: Model) -> None:
    """Another latent gives another picture, and every direction names a buffer of the network, shaped like a latent."""
    one, other = pictures(model)
    must(gap(one, other) > 0, "Two latents gave the same picture. Draw from the latents that are passed in.")
    cls = cast("type[Generator]", entry.cls)
    buffers = dict(model.net.named_buffers()) if model.net is not None else {}
    for title, name in cls.directions.items():
        fits = name in buffers and tuple(buffers[name].shape) == cls.latent_shape
        must(fits, "The direction “{title}” needs a buffer {name}, shaped like a latent.", title=title, name=name)


@clause("generator")
def encodes_any_picture(entry: Entry, model: Model) -> None:
    """Where it encodes, it finds finite latents of its own shape, short enough for a link, for a picture of any size
    from 1×1 px on, and the same ones for the same picture; the progress it tells is a share in 0..1."""
    if not cast("type[Generator]", entry.cls).encodes:
        return
    shares: list[float] = []
    for size in SIZES:
        one, again = (encoded(model, portraits(1, *size), shares.append) for _ in range(2))
        same = one.allclose(again, atol=1e-3)
        must(same, "The same picture was encoded in two ways. Take no randomness, or seed it.")
        packed = validate(Draw, {"model": entry.id, "latent": pack(one[0].numpy())}).latent
        unpack(packed or "", tuple(one[0].shape))
    must(all(0 <= share <= 1 for share in shares), "It told progress beyond 0..1. Tell the share that is done.")


@clause("stylizer", "corrector")
def keeps_the_shape(entry: Entry, model: Model) -> None:
    """A picture of any shape (in steps of `multiple`) comes back in that shape, and the one that went in stays as it
    was."""
    multiple = cast(Any, entry.cls).multiple
    for count, *sides in SHAPES:
        given = portraits(count, *(side + -side % multiple for side in sides))
        before = given.clone()
        made = restyled(model, given, entry.cls.Params())
        must(
            made.shape == given.shape,
            "A picture of {given} px came back as {made}. Keep height and width.",
            given="×".join(map(str, given.shape[2:])),
            made="×".join(map(str, made.shape[2:])),
        )
        must(given.equal(before), "It writes into its input. Use no in-place operation on `images`.")


@clause("stylizer")
def does_without_a_reference(entry: Entry, model: Model) -> None:
    """Without a reference picture it restyles all the same, or asks for one in a sentence: a `ZooError`."""
    images = sitters(entry.cls)
    with contextlib.suppress(ZooError):
        fit_to_show(cast(Stylizer, model).stylize(images, entry.cls.Params(), None), len(images))


@clause("corrector")
def explains_itself(entry: Entry, model: Model) -> None:
    """It gives a score in 0..1 to each of its `kinds`, per picture, and a map of where, whether it knows the original
    or not; an overall score and the maps of single kinds, where it gives them, in the same shapes and range."""
    images = sitters(entry.cls)
    corrector = cast(Corrector, model)
    for context in (Context(), Context(images, "zoo/contract")):
        found = corrector.detect(images, entry.cls.Params(), context)
        must(
            found.scores.keys() == corrector.kinds.keys(),
            "It scores {found} and declares {kinds}. Score what `kinds` names.",
            found=", ".join(found.scores) or "nothing",
            kinds=", ".join(corrector.kinds),
        )
        overall = {} if found.overall is None else {"the picture": found.overall}
        for kind, score in (*found.scores.items(), *overall.items()):
            fits = tuple(score.shape) == (len(images),) and within(score)
            must(fits, "The score of {kind} is not one number in 0..1 per picture.", kind=kind)
        must(found.map.shape == images[:, :1].shape and within(found.map), "The map is not [N,1,H,W] in 0..1.")
        for kind, where in found.maps.items():
            must(kind in corrector.kinds, "It maps {kind}, which `kinds` does not name. Name it.", kind=kind)
            must(
                where.shape == found.map.shape and within(where),
                "The map of {kind} is not [N,1,H,W] in 0..1.",
                kind=kind,
            )


@clause("corrector")
def changes_nothing_elsewhere(entry: Entry, model: Model) -> None:
    """Where the map is 0, `fix` leaves the picture as it is."""
    images, params = sitters(entry.cls), entry.cls.Params()
    corrector = cast(Corrector, model)
    found = corrector.detect(images, params, Context())
    where = found.map.clone()
    left = slice(images.shape[-1] // 2)
    where[..., left] = 0
    fixed = corrector.fix(images, dataclasses.replace(found, map=where), params)
    levels = gap(fixed[..., left], images[..., left])
    must(levels < 0.01, "fix() changes a picture where the map is 0. Multiply the change by the map.")


@clause("corrector")
def mends_what_others_find(entry: Entry, model: Model) -> None:
    """`fix` takes the findings of another detector: of kinds that it does not know, with one map for all of them."""
    images = sitters(entry.cls)
    there = images.new_ones(len(images))
    found = Findings({"zoo": there}, there[:, None, None, None].expand_as(images[:, :1]))
    fixed = fit_to_show(cast(Corrector, model).fix(images, found, entry.cls.Params()), len(images))
    must(fixed.shape == images.shape, "fix() changes the size of a picture. Keep height and width.")


@clause("corrector")
def keeps_to_its_threshold(entry: Entry, model: Model) -> None:
    """Where it gives an overall score, a picture that scores under the threshold comes back bit for bit; a param
    `threshold` from 0 to 1 is the threshold of its findings, and moves nothing else in them."""
    images, corrector = sitters(entry.cls), cast(Corrector, model)
    found = corrector.detect(images, entry.cls.Params(), Context())
    if found.overall is not None:
        calm = dataclasses.replace(found, overall=found.overall * 0, threshold=0.5)
        kept = corrector.fix(images, calm, entry.cls.Params()).equal(images)
        must(kept, "fix() changes a picture whose overall score is under the threshold. Give back what came in.")
    if threshold(entry.cls.Params):
        moved = corrector.detect(images, accept(entry.cls.Params, {"threshold": 0.25}), Context())
        must(moved.threshold == 0.25, "The findings have another threshold than the params. Pass it on.")
        same = moved.map.equal(found.map) and all(moved.scores[kind].equal(found.scores[kind]) for kind in found.scores)
        must(same, "The threshold moves a score or the map. Find the same at every threshold.")


@clause("writer")
def writes_plain_text(entry: Entry, model: Model) -> None:
    """In every language it writes plain text within the lengths: no markup, no links, no way to reach anybody."""
    for profile in profiles(model):
        posts = [text for post in profile.posts for text in (post.text, *post.comments)]
        for text in [profile.nickname, profile.tagline, profile.bio, *profile.interests, *posts]:
            plain = text == clean(text, len(text)) and not _NOT_PLAIN.search(text)
            must(plain, "“{text}” is not plain text. Leave out markup, links, addresses and long numbers.", text=text)


@clause("writer")
def writes_by_the_seed(entry: Entry, model: Model) -> None:
    """The same seed writes the same words, in the language asked for; another seed writes others."""
    written = profiles(model)
    must(written == profiles(model), "The same seed wrote different words. Take no randomness but the seed.")
    must(written != profiles(model, seed=1), "Two seeds wrote the same words. Choose by the seed that is passed in.")


@clause("generator", "stylizer", "corrector")
def agrees_across_devices(entry: Entry, model: Model) -> None:
    """CPU and GPU agree within 2 grey levels, where there is a GPU."""
    import torch

    if not torch.cuda.is_available():
        return
    there = copy.deepcopy(model)
    there.device = torch.device("cuda")
    if there.net is not None:
        there.net.to(there.device)
    with torch.backends.cudnn.flags(allow_tf32=False):
        levels = gap(pictures(model), pictures(there))
    must(levels <= TOLERANCE, "CPU and GPU differ by {levels:.1f} grey levels. Compute in float32.", levels=levels)


@clause("corrector", weights=True)
def spares_clean_pictures(entry: Entry, model: Model) -> None:
    """On its real weights, a clean picture stays nearly itself: at least 30 dB PSNR."""
    error = float((pictures(model) - sitters(entry.cls)).square().mean())
    must(error <= 10 ** (-CLEAN_PSNR / 10), "It changes a clean picture by a mean square of {error:.5f}.", error=error)


@clause("generator", "stylizer", "corrector", weights=True)
def matches_its_golden_picture(entry: Entry, model: Model) -> None:
    """On its real weights it makes the picture that lies beside them, `golden.png`, within 2 grey levels."""
    import numpy as np
    from PIL import Image

    path = golden_path(entry)
    must(
        path.is_file(),
        "It has no golden picture. Look at what it makes, then run: zoo check {id} --weights --write-golden",
        id=entry.id,
    )
    golden, made = np.asarray(Image.open(path).convert("RGB"), int), strip(pictures(model))
    must(made.shape == golden.shape, "Its golden picture has another size. If that is meant, write it anew.")
    levels = int(np.abs(made - golden).max())
    must(levels <= TOLERANCE, "It is {levels} grey levels off its golden picture: links would change.", levels=levels)


def golden_path(entry: Entry) -> Path:
    """Where the model's golden picture lies, or should."""
    if entry.weights_folder is None:
        raise PluginError("{id} is a single file. Make it a folder, which weights can lie in.", id=entry.id)
    return entry.weights_folder / GOLDEN


def breach(error: Exception) -> str:
    """What to put right: the sentence of our own errors, else what was raised, and where."""
    if isinstance(error, ZooError):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"It raised {type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})."
