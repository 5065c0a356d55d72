"""Trying a model: what the contract gives to one of any kind, and what it asks of whatever comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from zoo.errors import PluginError
from zoo.language import LANGUAGES
from zoo.latents import latent
from zoo.model import Context, Corrector, Generator, Model, Stylizer, Writer
from zoo.params import Param, Value
from zoo.portraits import portraits
from zoo.profile import Profile, Traits
from zoo.registry import Entry

if TYPE_CHECKING:
    from torch import Tensor


def untrained(entry: Entry) -> Model:
    """The model with random weights, the same every time, on the CPU."""
    import torch

    model = entry.cls()
    model.device = torch.device("cpu")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model.net = model.build()
    if model.net is not None:
        model.net.eval().requires_grad_(False)
    return model


def pictures(model: Model, params: Any = None, only: int | None = None) -> Tensor:
    """What `model` draws from two latents, or makes of two portraits, `[2,3,H,W]`; of number `only`, where given."""
    import torch

    params = params or type(model).Params()
    chosen = slice(0, 2) if only is None else slice(only, only + 1)
    if isinstance(model, Generator):
        latents = torch.stack([torch.from_numpy(latent(seed, model.latent_shape)) for seed in range(2)[chosen]])
        return fit_to_show(model.draw(latents.to(model.device), params), len(latents))
    return restyled(model, sitters(type(model))[chosen], params)


def encoded(model: Model, images: Tensor, progress: Callable[[float], None]) -> Tensor:
    """The latents that a generator finds for `images`, with autograd on, as the host has it for models that descend."""
    import torch

    generator = cast(Generator, model)
    with torch.inference_mode(False), torch.enable_grad():
        found = generator.encode(images.clone().to(model.device), progress).detach().cpu()
    due = [len(images), *generator.latent_shape]
    must(list(found.shape) == due, "encode() returned {got} where {due} is due.", got=list(found.shape), due=due)
    must(bool(found.isfinite().all()), "encode() found latents that are not finite.")
    return found


def restyled(model: Model, images: Tensor, params: Any) -> Tensor:
    """What a stylizer or a corrector makes of `images`."""
    images = images.to(model.device)
    if isinstance(model, Stylizer):
        reference = portraits(3, 48, 40)[2:].to(model.device) if model.takes_reference else None
        return fit_to_show(model.stylize(images, params, reference), len(images))
    return fit_to_show(cast(Corrector, model).correct(images, params, Context()), len(images))


def profiles(model: Model, params: Any = None, seed: int = 0) -> list[Profile]:
    """What a writer writes in each language, of a portrait it knows nothing of, and of one it knows."""
    known = Traits(("zoo/contract",), ("#c08060", "#203040"))
    written = []
    for language in LANGUAGES:
        for traits in (Traits(), known):
            profile = cast(Writer, model).write(traits, seed, language, params or type(model).Params())
            must(isinstance(profile, Profile), "write() returned {what}, no Profile.", what=type(profile).__name__)
            must(profile.language == language, "Asked for “{asked}”, it wrote another language.", asked=language)
            written.append(profile)
    return written


def sitters(cls: type[Model]) -> Tensor:
    """Two portraits of a size that a stylizer or corrector takes, `[2,3,64,64]` or the next multiple."""
    side = 64 + -64 % cast(Any, cls).multiple
    return portraits(2, side, side)


def settings(params: tuple[Param, ...]) -> Iterator[dict[str, Value]]:
    """The defaults, all params at the low end, all at the high, and each alone at each of its ends."""
    ends = {param.name: _ends(param) for param in params}
    yield {}
    if len(ends) > 1:
        yield {name: values[0] for name, values in ends.items()}
        yield {name: values[-1] for name, values in ends.items()}
    for name, values in ends.items():
        yield from ({name: value} for value in values)


def _ends(param: Param) -> tuple[Value, ...]:
    match param.kind:
        case "bool":
            return (False, True)
        case "choice":
            return param.choices
        case "color":
            return ("#000000", "#ffffff")
        case "text":
            return ("", "x" * (param.max_length or 200))
        case "number":
            whole = int if param.whole else float
            limits = [limit for limit in (param.minimum, param.maximum) if limit is not None]
            return tuple(whole(limit) for limit in limits) or (param.default,)


def fit_to_show(made: Any, count: int) -> Tensor:
    """`made`, moved to the CPU, if it is `count` pictures; raises `PluginError` where it is not."""
    import torch

    tensor = isinstance(made, torch.Tensor)
    what = list(made.shape) if tensor else type(made).__name__
    fits = tensor and made.ndim == 4 and made.shape[:2] == (count, 3)
    must(fits, "It returned {what} where [{count},3,H,W] is due.", what=what, count=count)
    must(made.dtype == torch.float32, "It returned {dtype}. Return float32.", dtype=made.dtype)
    must(within(made), "Its values leave 0..1. Clamp them, or end in a sigmoid.")
    return cast("Tensor", made.cpu())


def strip(batch: Tensor) -> Any:
    """Pictures side by side, as 8-bit RGB `[H, N·W, 3]`."""
    return (batch * 255).round().byte().permute(2, 0, 3, 1).flatten(1, 2).numpy()


def gap(one: Tensor, other: Tensor) -> float:
    """The greatest difference between two batches, in grey levels."""
    return 255 * float((one - other).abs().max())


def within(values: Tensor) -> bool:
    """Whether all are in 0..1, a rounding error aside. NaN is not."""
    return bool(((values >= -1e-5) & (values <= 1 + 1e-5)).all())


def must(kept: bool, sentence: str, **values: object) -> None:
    """Raises `PluginError` unless `kept`."""
    if not kept:
        raise PluginError(sentence, **values)
