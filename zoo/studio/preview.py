"""The pictures on link cards, drawn with Pillow: a persona's, and the studio's own."""

from __future__ import annotations

from functools import cache
from io import BytesIO

from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageFont, ImageOps

from zoo.pictures import main_colors
from zoo.studio.opengraph import HEIGHT, WIDTH

Rgb = tuple[int, int, int]

PORTRAIT_SIDE = 512
_CORNER = 48
_INK = (64, 58, 76)
_PAPER = ((255, 236, 214), (222, 229, 255))
_PEOPLE: tuple[tuple[Rgb, Rgb, Rgb], ...] = (
    ((250, 218, 221), (92, 64, 51), (236, 188, 160)),
    ((209, 231, 221), (38, 34, 40), (150, 102, 74)),
    ((221, 214, 243), (176, 96, 48), (250, 214, 190)),
    ((255, 229, 180), (60, 48, 44), (198, 142, 106)),
    ((204, 225, 247), (214, 176, 106), (243, 200, 172)),
)
"""Wall, hair and skin of those on the banner."""


def portrait_card(portrait: Image.Image) -> Image.Image:
    """`portrait` on a ground of its own main colours, `WIDTH` × `HEIGHT`."""
    colors = [_soft(_rgb(color)) for color in main_colors(portrait)]
    card = _ground(colors[0], colors[-1])
    square = ImageOps.fit(portrait.convert("RGB"), (PORTRAIT_SIDE, PORTRAIT_SIDE), Image.Resampling.LANCZOS)
    _hang(card, square, (WIDTH - PORTRAIT_SIDE) // 2, (HEIGHT - PORTRAIT_SIDE) // 2)
    return card


@cache
def banner() -> bytes:
    """The studio's own card, as PNG."""
    card = _ground(*_PAPER)
    side, gap = 176, 32
    left = (WIDTH - len(_PEOPLE) * side - (len(_PEOPLE) - 1) * gap) // 2
    for place, person in enumerate(_PEOPLE):
        _hang(card, _person(*person).resize((side, side), Image.Resampling.LANCZOS), left + place * (side + gap), 120)
    draw = ImageDraw.Draw(card)
    draw.text((WIDTH // 2, 430), "Persona Zoo", _INK, ImageFont.load_default(112), anchor="mm")
    return png(card)


def png(picture: Image.Image) -> bytes:
    """`picture` as a PNG file."""
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _ground(top: Rgb, bottom: Rgb) -> Image.Image:
    shade = Image.linear_gradient("L").resize((WIDTH, HEIGHT))
    return ImageOps.colorize(shade, top, bottom)


def _hang(card: Image.Image, picture: Image.Image, left: int, top: int) -> None:
    """Puts `picture` on `card`, its corners rounded, with a shadow."""
    mask = _rounded(picture.width, picture.height)
    shadow = Image.new("L", card.size, 0)
    shadow.paste(mask.point(lambda value: value // 4), (left, top + 10))
    card.paste(_INK, (0, 0), shadow.filter(ImageFilter.GaussianBlur(14)))
    card.paste(picture, (left, top), mask)


def _rounded(width: int, height: int) -> Image.Image:
    """A mask with round corners, drawn large and shrunk, since Pillow's edges are hard."""
    large = Image.new("L", (4 * width, 4 * height), 0)
    ImageDraw.Draw(large).rounded_rectangle((0, 0, 4 * width - 1, 4 * height - 1), 4 * _CORNER, 255)
    return large.resize((width, height), Image.Resampling.BOX)


def _person(wall: Rgb, hair: Rgb, skin: Rgb) -> Image.Image:
    """A head and shoulders, 704 × 704."""
    picture = Image.new("RGB", (704, 704), wall)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((150, 90, 554, 560), hair)
    draw.ellipse((60, 540, 644, 1000), _INK)
    draw.rounded_rectangle((292, 440, 412, 620), 60, skin)
    draw.ellipse((196, 170, 508, 540), skin)
    return picture


def _rgb(color: str) -> Rgb:
    red, green, blue = ImageColor.getrgb(color)[:3]
    return red, green, blue


def _soft(color: Rgb) -> Rgb:
    """Two thirds of the way to white."""
    red, green, blue = (255 - (255 - part) // 3 for part in color)
    return red, green, blue
