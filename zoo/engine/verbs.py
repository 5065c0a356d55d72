"""What an open model is asked to do. Pictures in and out are on the CPU, float32, RGB, 0..1.

The functions are plain and at module level, so that a call can cross into another process.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

from zoo.engine.tiles import in_tiles
from zoo.errors import ModelError
from zoo.model import Context, Corrector, Findings, Generator, Model, Stylizer
from zoo.params import Params, threshold

T = TypeVar("T")


def timed(model: Model, verb: Callable[..., T], *args: Any) -> tuple[T, float]:
    """`verb` on the model, and the seconds that it took."""
    start = time.perf_counter()
    return verb(model, *args), time.perf_counter() - start


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
    """What is wrong with `image` `[1,3,H,W]`: of tiles, the worst scores and the maps put together."""
    parts: list[Findings] = []

    def part(tile: Tensor) -> Tensor:
        known = dataclasses.replace(context, original=tile[:, 3:] if context.original is not None else None)
        parts.append(_sound(model, model.detect(tile[:, :3], params, known), tile))
        kinds, found = parts[0].maps.keys(), parts[-1]
        if found.maps.keys() != kinds:
            raise ModelError("“{title}” mapped other kinds in another tile. Tell its author.", title=model.card.title)
        return torch.cat([found.map, *(found.maps[kind] for kind in kinds)], 1)

    both = image if context.original is None else torch.cat([image, context.original], 1)
    heat = _picture(model, in_tiles(part, both.to(model.device), model.multiple, model.tile))
    return _whole(model, params, parts, heat)


def mend(model: Corrector, params: Params, image: Tensor, context: Context) -> tuple[Findings, Tensor]:
    """What is wrong with `image` `[1,3,H,W]`, and the picture mended."""
    findings = detect(model, params, image, context)
    return findings, fix(model, params, image, findings)


def fix(model: Corrector, params: Params, image: Tensor, findings: Findings) -> Tensor:
    """`image` `[1,3,H,W]`, mended by findings that may be another model's: where the map is 0, as it was, and all of it
    where the overall score, if one was given, is under the threshold."""
    moved, heat = image.to(model.device), torch.cat([findings.map, *findings.maps.values()], 1).to(model.device)
    scores = {kind: score.to(model.device) for kind, score in findings.scores.items()}
    overall = findings.overall.to(model.device) if findings.overall is not None else None

    def part(tile: Tensor) -> Tensor:
        found, *apart = torch.split(tile[:, 3:], 1, dim=1)
        maps = dict(zip(findings.maps, apart, strict=True))
        seen = dataclasses.replace(findings, scores=scores, overall=overall, map=found, maps=maps)
        return _same_shape(model, tile[:, :3], model.fix(tile[:, :3], seen, params))

    mended = in_tiles(part, torch.cat([moved, heat], 1), model.multiple, model.tile)
    where = heat[:, :1] > 0
    if overall is not None:
        where = where & (overall >= findings.threshold).view(-1, 1, 1, 1)
    return _picture(model, torch.where(where, mended, moved))


def _sound(model: Corrector, found: Findings, tile: Tensor) -> Findings:
    """The findings of a tile, if they are of the model's kinds and of the tile's size."""
    if set(found.scores) != set(model.kinds):
        raise ModelError("“{title}” scored other kinds than it names. Tell its author.", title=model.card.title)
    if not set(found.maps) <= set(model.kinds):
        raise ModelError("“{title}” mapped kinds that it does not name. Tell its author.", title=model.card.title)
    for heat in (found.map, *found.maps.values()):
        _same_shape(model, tile[:, :1], heat)
    return found


def _whole(model: Corrector, params: Params, parts: list[Findings], heat: Tensor) -> Findings:
    """The findings of a picture, from those of its tiles and their maps put together, `[1,1+kinds,H,W]`."""
    first, (whole, *apart) = parts[0], torch.split(heat, 1, dim=1)
    scores = {kind: _worst(model, [part.scores[kind] for part in parts]) for kind in first.scores}
    given = [part.overall for part in parts if part.overall is not None]
    return Findings(
        scores,
        whole,
        dict(zip(first.maps, apart, strict=True)),
        _worst(model, given).view(len(heat)) if given else None,
        params.threshold if threshold(type(params)) else first.threshold,  # type: ignore[attr-defined]
        first.calibration,
    )


def _worst(model: Model, scores: list[Tensor]) -> Tensor:
    """The highest of each picture's scores in its tiles."""
    return _picture(model, torch.stack(scores).amax(0))


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
