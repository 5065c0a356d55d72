"""What stands in a file beside its pixels."""

import io
import struct
import tracemalloc
import zlib

import pytest
from PIL import Image, ImageCms

from zoo.metadata import SCAN_LIMIT, bare, excessive, metadata, parts

FACE = Image.radial_gradient("L").resize((64, 48)).convert("RGB")
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def file(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_xmp_and_orientation_are_found(format):
    found = metadata(file(FACE, format, xmp=b"<x/>", exif=turned()))
    assert found.orientation == 6
    assert found.xmp == (b"" if format == "PNG" else b"<x/>")  # Pillow writes a PNG's XMP only as a text


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_the_parts_follow_one_another_to_the_end(format):
    data = file(FACE, format, exif=turned())
    found = list(parts(data))
    assert [part.start for part in found] == sorted({part.start for part in found})
    assert len(data) - found[-1].end <= 4


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_bare_jpeg_has_its_pixels_and_profile_and_nothing_else(mode, progressive):
    options = {"exif": turned(), "icc_profile": PROFILE, "comment": b"at home", "xmp": b"<x/>"}
    data = file(FACE.convert(mode), "JPEG", progressive=progressive, **options)
    before, after = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(bare(data + b"tail")))
    assert after.tobytes() == before.tobytes()
    assert set(before.info) - set(after.info) == {"exif", "dpi", "comment", "xmp"}


def test_a_jpeg_cut_short_stays_cut_short():
    data = file(FACE, "JPEG")
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(bare(data[:-100]))).load()


def test_of_two_texts_the_first_is_taken():
    segment = b"http://ns.adobe.com/xap/1.0/\0<second/>"
    first = file(FACE, "JPEG", xmp=b"<first/>")
    at = first.index(b"\xff\xdb")
    packet = b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment
    assert metadata(first[:at] + packet + first[at:]).xmp == b"<first/>"


def test_more_scans_than_anybody_writes_are_excessive():
    data = file(FACE, "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    assert not excessive(data)
    assert excessive(data[:-2] + scan * SCAN_LIMIT + data[-2:])


def test_a_directory_that_points_nowhere_says_nothing():
    lost = b"Exif\0\0II*\0" + struct.pack("<I", 4_000_000_000)
    assert metadata(file(FACE, "JPEG", exif=lost)).orientation == 1


def test_packed_texts_do_not_add_up():
    """Pillow refuses such a PNG, but a label is read without Pillow."""
    whole, info = file(FACE, "PNG"), b""
    for n in range(2000):
        content = b"Comment%d\0\0" % n + zlib.compress(bytes(60_000), 9)
        info += struct.pack(">I", len(content)) + b"zTXt" + content + struct.pack(">I", zlib.crc32(b"zTXt" + content))
    tracemalloc.start()
    assert not metadata(whole[:33] + info + whole[33:]).texts
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000
