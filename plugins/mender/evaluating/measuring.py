"""Peers on all held-out pictures: tables of what was measured of each picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from zoo.latents import subseed
from zoo.training.anomalies import SEEN, UNSEEN

from .detecting import mapped, mapped_clean, named, overall, scored, suspected
from .mending import gain, identical
from .peers import Peer
from .pictures import Held, Spoilt, clean, spoil_all, spoil_in_part

Tables = dict[str, Tensor]
"""By name: `[N,K]`, or for maps `[N,K,2,256]`, with rows for pictures and columns for kinds."""
Found = Iterator[tuple[str, Tensor]]

SEVERITY, STYLE_SEVERITY = (0.15, 0.75), (0.25, 0.75)
NULL = (1e-3, 1e-3)
"""A severity at which nothing can be seen, nor may be found."""
SAME = ("avatars", "portraits", "scenes")
"""Sources that scores were calibrated on; of photographs every one is a source of its own."""
SPOILT = {"avatars": 14, "portraits": 7, "photographs": 10, "kodak": 12}
"""How many of each are spoilt, each in every way."""
IN_PART, STYLED = 6, 16
"""How many of each of these are spoilt in part, and how many of each stylizer's."""
CHUNK = 8


@dataclass(frozen=True)
class Round:
    """What all peers are asked of a few pictures, clean `images` and the same `spoilt` by kind, made once for all."""

    ask: Callable[[Peer, Round], Found]
    held: Held
    images: Tensor
    spoilt: Mapping[str, Spoilt] = field(default_factory=dict)


@torch.no_grad()
def measured(
    peers: Mapping[str, Peer], sets: list[Held], spoilt: Mapping[str, int] = SPOILT, styled: int = STYLED
) -> dict[str, Tables]:
    """What can be measured of each peer; a set that `spoilt` does not name is looked at clean alone."""
    found: dict[str, dict[str, list[Tensor]]] = {name: defaultdict(list) for name in peers}
    for held in sets:
        for each in _rounds(held, styled if held.stylizer else spoilt.get(held.name, 0)):
            for name, peer in peers.items():
                for table, values in each.ask(peer, each):
                    found[name][table].append(values)
    return {name: {table: torch.cat(parts) for table, parts in of.items()} for name, of in found.items()}


def _rounds(held: Held, count: int) -> Iterator[Round]:
    for number, part in enumerate(held.split(CHUNK)):
        yield Round(_clean, part, clean(part.images, subseed(number, f"clean {held.name}")))
    for number, part in enumerate(held.first(count).split(CHUNK)):
        seed = subseed(number, held.name)
        images = clean(part.images, seed)
        if held.stylizer:
            yield Round(_styled, part, images, _spoilt(part, SEEN, seed, STYLE_SEVERITY))
        else:
            yield Round(_whole, part, images, _spoilt(part, SEEN + UNSEEN, seed, SEVERITY))
            yield Round(_nothing, part, images, _spoilt(part, SEEN, seed + 1, NULL))
    if count and not held.stylizer:
        part, seed = held.first(min(count, IN_PART)), subseed(0, f"parts of {held.name}")
        spoilt = {kind: spoil_in_part(part.images, kind, seed, SEVERITY) for kind in SEEN}
        yield Round(_in_part, part, clean(part.images, seed), spoilt)


def _spoilt(part: Held, kinds: tuple[str, ...], seed: int, severity: tuple[float, float]) -> dict[str, Spoilt]:
    return {kind: spoil_all(part.images, kind, seed, severity) for kind in kinds}


def _clean(peer: Peer, of: Round) -> Found:
    """Suspected, and if so changed, or left alone."""
    styled = of.held.stylizer is not None
    found = peer.detect(of.images, of.held.context(styled and peer.compares)) if peer.find else None
    if found:
        yield f"suspected {'styled' if styled else 'same' if of.held.name in SAME else 'other'}", suspected(found)
    if peer.repair and not styled:
        yield "identical", identical(peer.mend(of.images, found), of.images)


def _styled(peer: Peer, of: Round) -> Found:
    """By known stylizers, told the original and not."""
    if peer.find:
        yield of.held.name, scored(peer, of.images, of.spoilt, of.held.context(peer.compares))
    if peer.compares:
        yield f"{of.held.name} alone", scored(peer, of.images, of.spoilt, of.held.context(False))


def _whole(peer: Peer, of: Round) -> Found:
    """Faults in whole pictures: found, named and mended."""
    context = of.held.context(False)
    columns: dict[str, list[Tensor]] = defaultdict(list)
    if peer.find:
        columns["seen"].append(overall(peer.detect(of.images, context)))
        yield "unseen", scored(peer, of.images, {kind: of.spoilt[kind] for kind in UNSEEN}, context)
    if peer.compares:
        yield "compared", scored(peer, of.images, {"colour": of.spoilt["colour"]}, of.held.context(True))
    for kind in SEEN:
        spoilt = of.spoilt[kind]
        found = peer.detect(spoilt.images, context) if peer.find else None
        if found:
            columns["seen"].append(torch.where(spoilt.shown, overall(found), torch.nan))
        if found and peer.names:
            there, right = named(found, spoilt.shown, kind)
            columns["found"].append(there)
            columns["named"].append(right)
        if peer.repair:
            mended = peer.mend(spoilt.images, found)
            columns["gain"].append(gain(mended, spoilt.images, of.held.images, spoilt.shown))
    yield from ((name, torch.stack(values, 1)) for name, values in columns.items())


def _nothing(peer: Peer, of: Round) -> Found:
    """At a severity of nearly 0, and with another seed for the last step; shown or not."""
    if peer.find:
        context = of.held.context(False)
        found = [peer.detect(images, context) for images in (of.images, *(each.images for each in of.spoilt.values()))]
        yield "null", torch.stack([overall(each) for each in found], 1)


def _in_part(peer: Peer, of: Round) -> Found:
    """Faults in patches: mapped, as is what is clean, and mended."""
    if peer.find and peer.maps:
        yield "clean counts", mapped_clean(peer.detect(of.images, of.held.context(False)).map)
    columns: dict[str, list[Tensor]] = defaultdict(list)
    for spoilt in of.spoilt.values():
        found = peer.detect(spoilt.images, of.held.context(False)) if peer.find else None
        if found and peer.maps:
            for name, table in mapped(found.map, spoilt).items():
                columns[name].append(table)
        if peer.compares:
            compared = peer.detect(spoilt.images, of.held.context(True))
            columns["compared counts"].append(mapped(compared.map, spoilt)["counts"])
        if peer.repair:
            mended = peer.mend(spoilt.images, found)
            columns["gain in part"].append(gain(mended, spoilt.images, of.held.images, spoilt.shown))
    yield from ((name, torch.stack(values, 1)) for name, values in columns.items())
