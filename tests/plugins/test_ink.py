"""The plugin `ink`: styles without weights. Tested at tiny sizes, on portraits drawn by arithmetic."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from zoo import Stylizer, ZooError
from zoo.params import accept, describe
from zoo.portraits import portraits
from zoo.registry import discover

STYLES = {entry.cls.name: entry for entry in discover(only=("ink",), strict=True).of_kind("stylizer")}
every_style = pytest.mark.parametrize("style", [entry.open() for entry in STYLES.values()], ids=list(STYLES))

REFERENCE = portraits(2, 40, 56)[1:]


def draw(style: Stylizer, images: Tensor, **values: object) -> Tensor:
    return style.stylize(images, accept(style.Params, values), REFERENCE if style.takes_reference else None)


def extremes(style: Stylizer) -> list[dict[str, object]]:
    """The params at their lowest and at their highest, and every choice."""
    ends: list[dict[str, object]] = [{}, {}]
    for param in describe(style.Params):
        low, high = {
            "number": (param.minimum, param.maximum),
            "bool": (False, True),
            "choice": (param.choices or ("",))[:: max(len(param.choices) - 1, 1)],
            "color": ("#000000", "#ffffff"),
        }[param.kind]
        ends[0][param.name], ends[1][param.name] = low, high
    ends[0]["strength"] = 1.0
    return ends


def test_there_are_eight():
    assert list(STYLES) == ["hatch", "pencil", "ink", "cartoon", "oil", "halftone", "mosaic", "palette"]


@every_style
@pytest.mark.parametrize("size", [(8, 8), (33, 47), (9, 120), (130, 10)])
def test_any_size_comes_back_in_that_size_and_in_range(style, size):
    images = portraits(2, *size)
    before = images.clone()

    for values in ({}, *extremes(style)):
        drawn = draw(style, images, **values)

        assert drawn.shape == images.shape
        assert drawn.isfinite().all()
        assert drawn.min() >= 0
        assert drawn.max() <= 1
    assert torch.equal(images, before)


@every_style
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_a_picture_of_one_colour_is_no_trouble(style, level):
    drawn = draw(style, torch.full((1, 3, 24, 24), level))

    assert drawn.isfinite().all()


@every_style
def test_the_batch_changes_nothing(style):
    images = portraits(3, 48, 64)

    together = draw(style, images)
    alone = torch.cat([draw(style, image[None]) for image in images])

    assert (together - alone).abs().max() < 1e-5


@every_style
def test_no_strength_gives_the_picture_back(style):
    images = portraits(1, 40, 40)

    assert (draw(style, images, strength=0) - images).abs().max() < 1 / 255


@every_style
def test_half_strength_lies_between(style):
    images = portraits(1, 64, 64)

    whole, half = ((draw(style, images, strength=s) - images).abs().mean() for s in (1, 0.5))

    assert 0.2 * whole < half < 0.8 * whole


COARSE = {"hatch": {"spacing": 6}, "halftone": {"dot": 8}, "mosaic": {"tile": 24}}
"""Patterns wide enough for 128 pixels: below some 3 pixels they no longer shrink with the picture."""


@every_style
def test_a_drawing_is_the_same_at_twice_the_size(style):
    """Line for line and dot for dot, once it is shrunk."""
    large = portraits(1, 256, 256)
    small = interpolate(large, (128, 128), mode="area")

    at_large, at_small = (draw(style, images, **COARSE.get(style.name, {})) for images in (large, small))

    assert (interpolate(at_large, (128, 128), mode="area") - at_small).abs().mean() < 0.022


@every_style
def test_torch_randomness_is_neither_used_nor_moved(style):
    images = portraits(1, 32, 32)
    torch.manual_seed(1)
    first, state = draw(style, images), torch.get_rng_state()
    torch.manual_seed(2)

    assert torch.equal(draw(style, images), first)
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", ["hatch", "pencil", "ink", "halftone"])
def test_what_is_darker_is_drawn_darker(name):
    shade = torch.linspace(0.05, 0.95, 96).expand(1, 3, 96, 96)

    left, _, right = draw(STYLES[name].open(), shade).mean((0, 1, 2)).split(32)

    assert left.mean() < right.mean() - 0.3


def test_ink_leaves_a_dark_picture_readable():
    night = 0.12 * portraits(1, 128, 128)

    drawn = draw(STYLES["ink"].open(), night)

    assert 0.4 < drawn.mean() < 0.95


def test_halftone_in_black_has_no_colour():
    drawn = draw(STYLES["halftone"].open(), portraits(1, 64, 64), inks="black", paper="#ffffff")

    assert (drawn.amax(1) - drawn.amin(1)).max() < 1e-5


def test_mosaic_tiles_are_flat_without_grout_and_glaze():
    """The middle of a large tile is of one colour, but for the glaze at its rim."""
    drawn = draw(STYLES["mosaic"].open(), portraits(1, 256, 256), irregularity=0, tile=24, grout=0)
    middle = drawn[0, :, 8:16, 8:16]

    assert middle.flatten(1).std(1).max() < 0.01


def test_palette_asks_for_a_reference():
    palette = STYLES["palette"].open()

    with pytest.raises(ZooError, match="Add a reference picture"):
        palette.stylize(portraits(1, 32, 32), palette.Params(), None)


def test_palette_under_a_black_reference_keeps_half_the_light():
    from zoo_plugins.ink.color import lightness

    palette = STYLES["palette"].open()
    images = portraits(4, 64, 64)

    drawn = palette.stylize(images, palette.Params(keep_light=0), torch.zeros(1, 3, 16, 16))

    assert (lightness(drawn).mean((1, 2, 3)) >= 0.5 * lightness(images).mean((1, 2, 3)) - 1e-3).all()


def test_palette_takes_the_colours_of_the_reference():
    palette = STYLES["palette"].open()
    blue = torch.tensor([0.2, 0.4, 0.8]).view(1, 3, 1, 1) * torch.linspace(0.6, 1.2, 32).expand(1, 3, 32, 32)

    red, _, blue_mean = palette.stylize(portraits(1, 64, 64), palette.Params(), blue.clamp(0, 1)).mean((0, 2, 3))

    assert blue_mean > red + 0.2


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
        ((1, 1, 1), (100, 0, 0)),
        ((0.5, 0.5, 0.5), (53.39, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
    ],
)
def test_lab_of_known_colours(rgb, lab):
    """Values by CIE 1976 with D65, as Lindbloom's calculator gives them."""
    from zoo_plugins.ink.color import to_lab

    found = to_lab(torch.tensor(rgb, dtype=torch.float32).view(1, 3, 1, 1)).flatten()

    assert found.tolist() == pytest.approx(lab, abs=0.02)


def test_lab_and_back():
    from zoo_plugins.ink.color import from_lab, to_lab

    cube = torch.stack(torch.meshgrid(*[torch.linspace(0, 1, 17)] * 3, indexing="ij")).view(1, 3, 17, -1)

    assert (from_lab(to_lab(cube)) - cube).abs().max() < 1e-4


def test_every_word_a_visitor_sees_has_its_chinese():
    for entry in STYLES.values():
        params = describe(entry.cls.Params)
        words = [entry.title, entry.about]
        words += [word for param in params for word in (param.title, param.description, *param.choices)]

        assert [word for word in words if word not in entry.translations] == []
