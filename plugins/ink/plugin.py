"""Eight stylizers that compute what a hand would do: no weights, no training, any size of picture."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal

from zoo import Card, Color, Field, Params, Stylizer, ZooError, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

ZOO_API = 1


def card(title: str, *credits: str) -> Card:
    """The card of a style of ours, owed to the papers in `credits`."""
    return Card(title, "Apache-2.0", "https://github.com/persona-zoo/persona-zoo", credits)


class Style(Params):
    strength: float = Field(
        1.0, ge=0, le=1, title="Strength", description="From the picture as it was (0) to the style in full (1)."
    )


class Drawing(Stylizer):
    """A style that is drawn in full, and then blended with the picture in Lab by `strength`."""

    def stylize(self, images: Tensor, params: Any, reference: Tensor | None = None) -> Tensor:
        from .color import blend

        return blend(images, self.draw(images, params), params.strength)

    @abstractmethod
    def draw(self, images: Tensor, params: Any) -> Tensor:
        """`[N,3,H,W]` in 0..1 → the drawing in full, same shape and range."""


class Hatch(Drawing):
    """An engraving: crossing lines that swell in the shadows and follow the form."""

    name = "hatch"
    card = card("Engraving", "Georges Winkenbach and David Salesin: Computer-Generated Pen-and-Ink Illustration, 1994")

    class Params(Style):
        spacing: float = Field(
            2.6, ge=1.5, le=6, title="Line spacing", description="The distance between lines. Wide is coarse and bold."
        )
        contour: float = Field(
            0.8, ge=0, le=1, title="Outlines", description="How strongly the edges of things are drawn."
        )
        ink: Color = Field("#1c1a1a", title="Ink", description="The colour of the lines.")
        paper: Color = Field("#fbf7ee", title="Paper", description="The colour between the lines.")

    def draw(self, images: Tensor, params: Hatch.Params) -> Tensor:
        from .lines import hatch

        return hatch(images, params.spacing, params.contour, params.ink, params.paper)


class Pencil(Drawing):
    """A pencil drawing: soft contours, slanting strokes in the shadows, the grain of the paper."""

    name = "pencil"
    card = card("Pencil", "Cewu Lu, Li Xu and Jiaya Jia: Combining Sketch and Tone for Pencil Drawing Production, 2012")

    class Params(Style):
        softness: float = Field(
            6, ge=1, le=20, title="Softness", description="How far a contour fades into the paper beside it."
        )
        shading: float = Field(0.8, ge=0, le=1, title="Shading", description="How dark the strokes in the shadows are.")
        colored: bool = Field(False, title="Coloured pencils", description="Draw in the picture's own colours.")

    def draw(self, images: Tensor, params: Pencil.Params) -> Tensor:
        from .lines import pencil

        return pencil(images, params.softness, params.shading, params.colored)


class Ink(Drawing):
    """Brush and ink: pure black and white, with strokes that run along the form."""

    name = "ink"
    card = card(
        "Ink",
        "Holger Winnemöller, Jan Eric Kyprianidis and Sven C. Olsen: XDoG, 2012",
        "Henry Kang, Seungyong Lee and Charles K. Chui: Coherent Line Drawing, 2007",
    )

    class Params(Style):
        detail: float = Field(1, ge=0.4, le=2.5, title="Detail", description="More is finer strokes, and more of them.")
        blackness: float = Field(
            0.3, ge=0.05, le=0.6, title="Blackness", description="About how much of the picture becomes ink."
        )
        ink: Color = Field("#111111", title="Ink", description="The colour of the strokes.")
        paper: Color = Field("#ffffff", title="Paper", description="The colour that is left free.")

    def draw(self, images: Tensor, params: Ink.Params) -> Tensor:
        from .lines import ink

        return ink(images, params.detail, params.blackness, params.ink, params.paper)


class Cartoon(Drawing):
    """A cartoon: clean areas of a few tones, and dark outlines."""

    name = "cartoon"
    card = card(
        "Cartoon",
        "Holger Winnemöller, Sven C. Olsen and Bruce Gooch: Real-Time Video Abstraction, 2006",
        "Jan Eric Kyprianidis, Henry Kang and Jürgen Döllner: Anisotropic Kuwahara Filtering, 2009",
    )

    class Params(Style):
        tones: int = Field(8, ge=3, le=16, title="Tones", description="How many steps there are from black to white.")
        outline: float = Field(0.9, ge=0, le=1, title="Outlines", description="How dark the outlines are.")
        vividness: float = Field(
            1.2, ge=0, le=2, title="Vividness", description="How strong the colours are: 0 is grey, 1 is as they were."
        )

    def draw(self, images: Tensor, params: Cartoon.Params) -> Tensor:
        from .flats import cartoon

        return cartoon(images, params.tones, params.outline, params.vividness)


class Oil(Drawing):
    """An oil painting: thick strokes that follow the form and catch the light."""

    name = "oil"
    card = card(
        "Oil paint",
        "Jan Eric Kyprianidis, Henry Kang and Jürgen Döllner: Anisotropic Kuwahara Filtering, 2009",
        "Brian Cabral and Leith Leedom: Imaging Vector Fields Using Line Integral Convolution, 1993",
    )

    class Params(Style):
        brush: float = Field(5, ge=2, le=10, title="Brush", description="The width of the brush.")
        relief: float = Field(1, ge=0, le=2, title="Relief", description="How thick the paint is: what light plays on.")
        detail: float = Field(
            1, ge=0, le=1, title="Detail", description="How much finer eyes and other small things are painted."
        )

    def draw(self, images: Tensor, params: Oil.Params) -> Tensor:
        from .flats import oil

        return oil(images, params.brush, params.relief, params.detail)


class Halftone(Drawing):
    """A page from a comic: printer's dots in cyan, magenta, yellow and black, or in black alone."""

    name = "halftone"
    card = card("Halftone", "Robert Ulichney: Digital Halftoning, 1987")

    class Params(Style):
        dot: float = Field(3, ge=2, le=8, title="Dot size", description="The distance between dots.")
        inks: Literal["four colours", "black"] = Field(
            "four colours", title="Inks", description="Print with four coloured inks, or with black alone."
        )
        paper: Color = Field("#fffdf6", title="Paper", description="The colour between the dots.")

    def draw(self, images: Tensor, params: Halftone.Params) -> Tensor:
        from .dots import halftone

        return halftone(images, params.dot, params.inks == "four colours", params.paper)


class Mosaic(Drawing):
    """A mosaic: glazed tiles set in grout, smaller where there is more to see."""

    name = "mosaic"
    card = card(
        "Mosaic",
        "Steven Worley: A Cellular Texture Basis Function, 1996",
        "Alejo Hausner: Simulating Decorative Mosaics, 2001",
    )

    class Params(Style):
        tile: float = Field(9, ge=5, le=24, title="Tile size", description="The size of the larger tiles.")
        irregularity: float = Field(
            0.7, ge=0, le=1, title="Irregularity", description="From squares in rows (0) to broken stones (1)."
        )
        grout: float = Field(1, ge=0, le=2, title="Grout", description="How wide the gaps between the tiles are.")

    def draw(self, images: Tensor, params: Mosaic.Params) -> Tensor:
        from .dots import mosaic

        return mosaic(images, params.tile, params.irregularity, params.grout)


class Palette(Stylizer):
    """The colours and the mood of a reference picture; nothing is redrawn."""

    name = "palette"
    card = card(
        "Palette",
        "François Pitié and Anil Kokaram: The Linear Monge-Kantorovitch Linear Colour Mapping for Example-Based "
        "Colour Transfer, 2007",
    )
    takes_reference = True

    class Params(Style):
        keep_light: float = Field(
            0.3, ge=0, le=1, title="Keep the light", description="How much of the picture's own light and shade stays."
        )

    def stylize(self, images: Tensor, params: Palette.Params, reference: Tensor | None = None) -> Tensor:
        from .color import blend, transfer

        if reference is None:
            raise ZooError("Palette takes its colours from a second picture. Add a reference picture and try again.")
        return blend(images, transfer(images, reference, params.keep_light), params.strength)


@hookimpl
def zoo_models() -> list[type[Stylizer]]:
    return [Hatch, Pencil, Ink, Cartoon, Oil, Halftone, Mosaic, Palette]
