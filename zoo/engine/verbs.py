"""What an open model is asked to do. Pictures in and out are on the CPU, float32, RGB, 0..1.

The functions are plain and at module level, so that a call can cross into another process.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from zoo.engine.tiles import in_tiles
from zoo.errors import ModelError
from zoo.model import Context, Corrector, Findings, Generator, Model, Stylizer
from zoo.params import Params


def draw(model: Generator, params: Params, latents: Tensor, amounts: Tensor) -> Tensor:
    """`latents` `[N, *latent_shape]`, moved by `amounts` `[N, directions]` along the model's directions
    → `[N,3,H,W]`."""
    latents = latents.to(model.device)
    if model.directions and amounts.any() and model.net is not None:
        vectors = torch.stack([model.net.get_buffer(name) for name in model.directions.values()])
        latents = latents + (amounts.to(latents) @ vectors.flatten(1)).view_as(latents)
    pictures = model.draw(latents, params)
    if pictures.ndim != 4 or pictures.shape[:2] != (len(latents), 3):
        raise _wrong_shape(model, (len(latents), 3, "H", "W"), pictures)
    return _picture(model, pictures)


def encode(model: Generator, image: Tensor, progress: Callable[[float, str], None]) -> Tensor:
    """The latent, `latent_shape`, from which `model` draws what comes nearest to `image` `[1,3,H,W]`.

    The one verb with autograd on: some models get there by descent. `progress` is told the share that is done, and
    the model's title.
    """
    with torch.inference_mode(False), torch.enable_grad():
        latents = model.encode(image.to(model.device), lambda share: progress(share, model.card.title))
    if latents.shape != (1, *model.latent_shape):
        raise ModelError(
            "“{title}” gave a latent of shape {got} where {wanted} is due. Tell its author.",
            title=model.card.title,
            got=list(latents.shape),
            wanted=[1, *model.latent_shape],
        )
    if not torch.isfinite(latents.half()).all():  # as a recipe keeps it
        raise ModelError(
            "“{title}” found nothing that comes near this picture. Try another picture, and tell its author.",
            title=model.card.title,
        )
    return latents[0].detach().float().cpu()


def stylize(model: Stylizer, params: Params, image: Tensor, reference: Tensor | None) -> Tensor:
    """`image` `[1,3,H,W]`, restyled."""
    moved = reference.to(model.device) if reference is not None else None

    def part(tile: Tensor) -> Tensor:
        return _same_shape(model, tile, model.stylize(tile, params, moved))

    return _picture(model, in_tiles(part, image.to(model.device), model.multiple, model.tile))


def detect(model: Corrector, params: Params, image: Tensor, context: Context) -> Findings:
    """What is wrong with `image` `[1,3,H,W]`."""
    return _found(model, _detect(model, params, image.to(model.device), _moved(context, model.device)))


def mend(model: Corrector, params: Params, image: Tensor, context: Context) -> tuple[Findings, Tensor]:
    """What is wrong with `image` `[1,3,H,W]`, and the picture mended; where the map is 0, as it was."""
    moved = image.to(model.device)
    findings = _detect(model, params, moved, _moved(context, model.device))

    def part(tile: Tensor) -> Tensor:
        return _same_shape(model, tile[:, :3], model.fix(tile[:, :3], Findings(findings.scores, tile[:, 3:]), params))

    mended = in_tiles(part, torch.cat([moved, findings.map], 1), model.multiple, model.tile)
    mended = torch.where(findings.map > 0, mended, moved)
    return _found(model, findings), _picture(model, mended)


def _detect(model: Corrector, params: Params, image: Tensor, context: Context) -> Findings:
    """The picture's findings: of tiles, the worst score of each kind and the maps put together."""
    worst: dict[str, Tensor] = {}

    def part(tile: Tensor) -> Tensor:
        known = Context(tile[:, 3:] if context.original is not None else None, context.stylizer)
        findings = model.detect(tile[:, :3], params, known)
        if set(findings.scores) != set(model.kinds):
            raise ModelError("“{title}” scored other kinds than it names. Tell its author.", title=model.card.title)
        for kind, score in findings.scores.items():
            worst[kind] = torch.maximum(worst[kind], score) if kind in worst else score
        return _same_shape(model, tile[:, :1], findings.map)

    both = image if context.original is None else torch.cat([image, context.original], 1)
    found = in_tiles(part, both, model.multiple, model.tile)
    return Findings(worst, found.clamp(0, 1))


def _moved(context: Context, device: torch.device) -> Context:
    return Context(context.original.to(device) if context.original is not None else None, context.stylizer)


def _found(model: Model, findings: Findings) -> Findings:
    scores = {kind: _finite(model, score).clamp(0, 1).float().cpu() for kind, score in findings.scores.items()}
    return Findings(scores, _picture(model, findings.map))


def _picture(model: Model, values: Tensor) -> Tensor:
    return _finite(model, values).clamp(0, 1).float().cpu()


def _finite(model: Model, values: Tensor) -> Tensor:
    if not torch.isfinite(values).all():
        raise ModelError(
            "“{title}” gave values that are no colours. Try other settings, and tell its author.",
            title=model.card.title,
        )
    return values


def _same_shape(model: Model, given: Tensor, got: Tensor) -> Tensor:
    if got.shape != given.shape:
        raise _wrong_shape(model, tuple(given.shape), got)
    return got


def _wrong_shape(model: Model, wanted: tuple[object, ...], got: Tensor) -> ModelError:
    return ModelError(
        "“{title}” gave a picture of shape {got} where {wanted} is due. Tell its author.",
        title=model.card.title,
        got=list(got.shape),
        wanted=list(wanted),
    )
