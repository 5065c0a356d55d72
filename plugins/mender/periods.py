"""Means by place in a period, of cosine terms and of levels: what blocks, tiles and bands leave behind."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

BINS = 256
TILE = 8
"""The longest period that is looked for, and the side of a block of JPEG."""
ORDERS = ((1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 14))
"""Bands of cosine terms, by the sum of their two orders."""

Means = dict[str, Tensor]


def near_zero(values: Tensor, reach: float) -> Tensor:
    """1 at 0, a half at `reach`."""
    return reach**2 / (reach**2 + values.square())


def cells(image: Tensor, rows: int, columns: int) -> Tensor:
    """Means over cells: `[B,h,w]` -> `[B,rows,columns]`; the last rows and columns that fill no cell are left out."""
    height, width = image.shape[1] // rows, image.shape[2] // columns
    cut = image[:, : rows * height, : columns * width]
    return cut.unflatten(2, (columns, width)).unflatten(1, (rows, height)).mean((2, 4))


def phases(luma: Tensor, blue: Tensor, red: Tensor, rows: int, columns: int) -> Means:
    """By the place in an 8-pixel period: how much neighbours differ beyond those beside them, and how much at all."""
    found = {}
    for name, image in (("luma", luma), ("chroma", blue + red)):
        for axis, plane in (("across", image), ("down", image.transpose(1, 2))):
            change = F.pad((plane[..., 1:] - plane[..., :-1]).abs(), (1, 0), mode="replicate")
            jump = change - F.pad((change[..., 2:] + change[..., :-2]) / 2, (1, 1), mode="replicate")
            size = (rows, columns) if axis == "across" else (columns, rows)
            for what, part in (("change", change), ("jump", jump)):
                means = by_place(part, *size)
                found[f"{name} {what} {axis}"] = means if axis == "across" else means.transpose(2, 3)
    return found


def by_place(image: Tensor, rows: int, columns: int, period: int = TILE) -> Tensor:
    """`[B,h,w]` -> `[B,period,rows,columns]`: means by the column's place in a period."""
    width = image.shape[2] // (columns * period) * period
    cut = image[:, : image.shape[1] // rows * rows, : columns * width]
    parts = cut.reshape(len(image), rows, -1, columns, width // period, period)
    return parts.mean((2, 4)).permute(0, 3, 1, 2)


def tiles(residual: Tensor, chroma: tuple[Tensor, Tensor], rows: int, columns: int) -> Means:
    """The mean 8x8 tile of the fine residual, `[B,64,r,c]`, of luma and of both chromas."""
    found = {}
    planes = [("luma", residual.clamp(-10, 10))]
    for name, image in zip(("blue", "red"), chroma, strict=True):
        planes.append(
            (name, (image - F.avg_pool2d(image[:, None], 3, 1, 1, count_include_pad=False)[:, 0]).clamp(-6, 6))
        )
    for name, image in planes:
        height, width = (image.shape[1] // rows, image.shape[2] // columns)
        parts = image.reshape(len(image), rows, height // 8, 8, columns, width // 8, 8)
        found[f"{name} tile"] = parts.mean((2, 5)).permute(0, 2, 4, 1, 3).flatten(1, 2)
        found[f"{name} residual"] = cells(image.square(), rows, columns)[:, None]
    return found


def cosines(luma: Tensor, rows: int, columns: int) -> Means:
    """How many of the cosine terms of 8x8 blocks are near 0, and how large they are, in six bands of frequency: of the
    blocks of a JPEG file, and of those half a block beside; and their energies by order across and down."""
    place = torch.arange(8, device=luma.device, dtype=luma.dtype)
    basis = torch.cos((2 * place[None] + 1) * place[:, None] * torch.pi / 16) / 2
    basis[0] /= 2**0.5
    order = (place[:, None] + place[None]).flatten()
    members = torch.stack([((order >= low) & (order <= high)).to(luma) for low, high in ORDERS])
    members = members / members.sum(1, keepdim=True)
    found = {}
    for name, offset in (("blocks", 0), ("between blocks", 4)):
        image = luma[:, offset:, offset:] if offset else luma
        image = image[:, : image.shape[1] // 8 * 8, : image.shape[2] // 8 * 8]
        parts = image.reshape(len(image), image.shape[1] // 8, 8, -1, 8).transpose(2, 3)
        terms = (basis @ parts @ basis.T).flatten(3)
        both = torch.cat([near_zero(terms, 1.2) @ members.T, terms.abs() @ members.T], 3)
        found[name] = F.adaptive_avg_pool2d(both.permute(0, 3, 1, 2), (rows, columns))
        if not offset:
            energies = terms.square() @ _orders(terms)
            found["orders"] = F.adaptive_avg_pool2d(energies.permute(0, 3, 1, 2), (rows, columns))
    return found


def _orders(like: Tensor) -> Tensor:
    """Which of the 64 terms have the order 1 to 7 across, then down, each an eighth: `[64,14]`."""
    number = torch.arange(64, device=like.device)
    orders = torch.arange(1, 8, device=like.device)
    return torch.cat([number[:, None] % 8 == orders, number[:, None] // 8 == orders], 1).to(like) / 8


def histograms(channels: Tensor, rows: int, columns: int) -> Tensor:
    """`[B,C,h,w]` -> `[B,C*256,r,c]`: the share of every level among every fourth pixel, each shared by two levels."""
    batch, count, height, width = channels.shape
    high, wide = height // rows, width // columns
    parts = channels.reshape(batch, count, rows, high, columns, wide)[:, :, :, ::2, :, ::2]
    values = parts.permute(0, 1, 2, 4, 3, 5).flatten(4).clamp(0, 255)
    lower = values.detach().floor().clamp(max=254)
    share = values - lower
    found = values.new_zeros(*values.shape[:4], BINS)
    found = found.scatter_add(4, lower.long(), 1 - share).scatter_add(4, lower.long() + 1, share)
    return (found / values.shape[4]).permute(0, 1, 4, 2, 3).flatten(1, 2)
