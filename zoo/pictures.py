"""Pictures: the one gate that every uploaded picture passes, and the way to tensors and back."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from zoo.errors import PictureError
from zoo.label import Label, read
from zoo.metadata import bare, excessive, metadata

if TYPE_CHECKING:
    from torch import Tensor

FORMATS = ("PNG", "JPEG", "WEBP")
LEAST_BYTES = 16
MOST_BYTES = 8_000_000
LEAST_SIDE, MOST_SIDE = 32, 8192
MOST_PIXELS = 16_000_000
MOST_RATIO = 8

Image.MAX_IMAGE_PIXELS = (
    MOST_PIXELS  # Pillow refuses twice this on its own, for whoever opens a picture beside the gate
)

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PROFILE_LIMIT = 4_000_000
_PROFILE_MODES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}


@dataclass(frozen=True)
class Picture:
    """RGB pixels in sRGB, upright, with nothing attached, and the label that the file came with."""

    image: Image.Image
    label: Label | None = None


def open_picture(source: bytes | Path, limit: int = MOST_BYTES) -> Picture:
    """The picture in a PNG, JPEG or WebP file of at most `limit` bytes; of an animation, its first frame.

    Raises `PictureError` for whatever is no such picture, too small, too large or too narrow; before it is decoded.
    """
    data = _read(source, limit) if isinstance(source, Path) else source
    if len(data) < LEAST_BYTES:
        raise PictureError("This file is empty or cut short. Choose a picture: PNG, JPEG or WebP.")
    if len(data) > limit:
        raise _too_heavy(limit)
    return Picture(_decoded(data), read(data))


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise PictureError("This file cannot be read: {why}. Choose it again.", why=error.strerror) from None


def _too_heavy(limit: int) -> PictureError:
    return PictureError(
        "This file has more than {limit} MB. Save the picture smaller, or as JPEG.", limit=limit // 1_000_000
    )


def _decoded(data: bytes) -> Image.Image:
    """Pixels as a visitor means them: turned upright, on white, in sRGB."""
    if excessive(data):
        raise _damaged()
    try:
        with Image.open(BytesIO(bare(data)), formats=FORMATS) as image:
            _check_size(*image.size)
            image.load()
            turn = _TURNS.get(metadata(data).orientation)
            upright = image if turn is None else image.transpose(turn)
            rgb = _in_srgb(_flattened(upright), image.info.get("icc_profile"))
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except UnidentifiedImageError:
        raise PictureError("Cannot read this picture: it is no PNG, JPEG or WebP. Save it as one of these.") from None
    except Exception:  # Pillow raises whatever its decoders trip over in a damaged file
        raise _damaged() from None
    rgb.info.clear()
    return rgb


def _damaged() -> PictureError:
    return PictureError("Cannot read this picture: the file is damaged or cut short. Save it again as PNG or JPEG.")


def _too_many_pixels() -> PictureError:
    return PictureError(
        "This picture has more than {limit} megapixels. Make it smaller.", limit=MOST_PIXELS // 1_000_000
    )


def _check_size(width: int, height: int) -> None:
    short, long = sorted((width, height))
    if short < LEAST_SIDE or long > MOST_SIDE:
        raise PictureError(
            "This picture is {width} × {height} px. Use one with sides of {least} to {most} px.",
            width=width,
            height=height,
            least=LEAST_SIDE,
            most=MOST_SIDE,
        )
    if width * height > MOST_PIXELS:
        raise _too_many_pixels()
    if long > MOST_RATIO * short:
        raise PictureError(
            "This picture is {width} × {height} px, too narrow. Crop it until the longer side is at most {ratio} times "
            "the shorter.",
            width=width,
            height=height,
            ratio=MOST_RATIO,
        )


def _flattened(image: Image.Image) -> Image.Image:
    """Without transparency, on white; in mode L, RGB or CMYK."""
    if image.mode.startswith("I"):  # 16 bits a pixel
        image = Image.fromarray((np.asarray(image).astype(np.float32) / 257 + 0.5).clip(0, 255).astype(np.uint8))
    if image.mode == "CMYK":
        return image
    mode = "L" if image.mode in ("1", "L", "LA") else "RGB"
    if not image.has_transparency_data:
        return image.convert(mode)
    if image.mode not in ("LA", "RGBA"):
        image = image.convert("RGBA")
    white = Image.new(mode, image.size, "white")
    white.paste(image.convert(mode), mask=image.getchannel("A"))
    return white


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in sRGB: by the ICC profile that came with the picture, where it is one for pictures of this mode."""
    if profile and len(profile) <= _PROFILE_LIMIT:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            if _PROFILE_MODES.get(source.profile.xcolor_space.strip()) == image.mode:
                target = ImageCms.createProfile("sRGB")
                return ImageCms.profileToProfile(image, source, target, outputMode="RGB") or image.convert("RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):  # a broken profile says nothing about colours
            pass
    return image if image.mode == "RGB" else image.convert("RGB")


def digest(picture: Picture) -> str:
    """SHA-256 over size, pixels and label, in hex: who this picture is, whatever file it came in."""
    said = picture.label.canonical if picture.label else ""
    head = f"persona-zoo/picture/1\0{picture.image.width}x{picture.image.height}\0{said}\0"
    return hashlib.sha256(head.encode() + picture.image.tobytes()).hexdigest()


def to_tensor(image: Image.Image) -> Tensor:
    """RGB image → `[1,3,H,W]`, float32 in 0..1."""
    import torch

    pixels = torch.from_numpy(np.array(image.convert("RGB")))
    return pixels.permute(2, 0, 1)[None].contiguous().to(torch.float32).div(255)


def to_image(tensor: Tensor) -> Image.Image:
    """`[1,3,H,W]` in 0..1, on any device → RGB image. What is outside is cut off; halves round to even."""
    import torch

    levels = tensor.detach()[0].to(torch.float32).clamp(0, 1).mul(255).round().to(torch.uint8)
    return Image.fromarray(levels.permute(1, 2, 0).contiguous().cpu().numpy())


def enlarge(image: Image.Image, side: int) -> Image.Image:
    """The smallest whole multiple of `image` whose shorter side is at least `side` px."""
    factor = math.ceil(side / min(image.size))
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.LANCZOS)


def fit(image: Image.Image, limit: int) -> Image.Image:
    """`image`, shrunk where its longer side is over `limit` px."""
    scale = limit / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def main_colors(image: Image.Image, count: int = 3) -> tuple[str, ...]:
    """The colours that cover most of `image`, as `#rrggbb`, the largest first: at most `count`, fewer where there
    are fewer (median cut into eight)."""
    small = image.reduce(max(1, max(image.size) // 64)).quantize(8, Image.Quantize.MEDIANCUT)
    palette = np.array(small.getpalette()).reshape(-1, 3)
    counts = np.bincount(np.asarray(small).ravel(), minlength=len(palette))
    largest = np.argsort(-counts, kind="stable")[:count]
    return tuple("#{:02x}{:02x}{:02x}".format(*palette[index]) for index in largest if counts[index])
