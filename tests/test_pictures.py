"""The gate: what it lets in, what comes out, and what it refuses. Row numbers are those of the list of bad inputs
that the gate was designed against."""

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from zoo import label, pictures
from zoo.errors import PictureError
from zoo.pictures import Picture, digest, enlarge, fit, main_colors, open_picture, to_image, to_tensor

FORMATS = ("PNG", "JPEG", "WEBP")


def portrait(width: int = 64, height: int = 48) -> Image.Image:
    """Red on the left, blue on the right, brighter towards the bottom."""
    ramp = np.linspace(100, 255, height, dtype=np.uint8)[:, None].repeat(width, 1)
    left = np.arange(width)[None] < width // 2
    return Image.fromarray(np.stack([ramp * left, ramp * 0, ramp * ~left], axis=-1))


def file(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def pixels(image: Image.Image) -> tuple[tuple[int, int], bytes]:
    return image.size, image.convert("RGB").tobytes()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *chunks: bytes, mode: int = 2, depth: int = 8, pixels: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, mode, 0, 0, 0))
    body = chunk(b"IDAT", pixels or zlib.compress(bytes((width * 3 + 1) * height)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + body + chunk(b"IEND", b"")


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def refusal(data: bytes) -> str:
    with pytest.raises(PictureError) as refused:
        open_picture(data)
    return str(refused.value)


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_comes_out_as_it_went_in(format):
    picture = open_picture(file(portrait(), format, lossless=True, quality=100, subsampling=0))
    assert picture.image.mode == "RGB"
    assert picture.image.size == (64, 48)
    assert picture.label is None
    assert np.abs(np.asarray(picture.image).astype(int) - np.asarray(portrait())).max() <= (
        5 if format == "JPEG" else 0
    )


def test_a_picture_opens_from_a_file_too(tmp_path):
    path = tmp_path / "me.webp"
    path.write_bytes(file(portrait(), "WEBP", lossless=True))
    assert open_picture(path).image == portrait()


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(PictureError, match="Choose it again"):
        open_picture(tmp_path / "gone.png")


@pytest.mark.parametrize("data", [b"", b"\x89", b"hello, this is text, named face.png"])
def test_row_01_empty_or_text(data):
    assert "PNG, JPEG or WebP" in refusal(data)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_row_02_cut_short(format, kept):
    whole = file(Image.effect_noise((96, 96), 80).convert("RGB"), format)
    assert refusal(whole[: int(len(whole) * kept)]).startswith("Cannot read this picture")


def zeros(megabytes: int) -> bytes:
    squeeze = zlib.compressobj(9)
    return b"".join(squeeze.compress(bytes(1_000_000)) for _ in range(megabytes)) + squeeze.flush()


def many_scans() -> bytes:
    progressive = file(portrait(), "JPEG", progressive=True)
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    return progressive[:-2] + scan * 10_000 + b"\xff\xd9"


def huge_canvas() -> bytes:
    frames = file(portrait(), "WEBP", save_all=True, append_images=[ImageOps.invert(portrait())])
    return frames[:24] + b"\xff\x3f\0" * 2 + frames[30:]


BOMBS = {
    "row 3: header 65500²": lambda: png(65500, 65500, pixels=zlib.compress(bytes(1000))),
    "row 3: WebP 16384²": huge_canvas,
    "row 4: 13300² zeros": lambda: png(13300, 13300, mode=0, pixels=zeros(177)),
    "row 5: 80 MB zTXt": lambda: png(64, 64, chunk(b"zTXt", b"Comment\0\0" + zeros(80))),
    "row 5: 80 MB iTXt": lambda: png(64, 64, chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zeros(80))),
    "row 5: 80 MB iCCP": lambda: png(64, 64, chunk(b"iCCP", b"icc\0\0" + zeros(80))),
    "400,000 chunks": lambda: png(64, 64, chunk(b"prVt", b"") * 400_000),
    "10,000 scans": many_scans,
}


def exif_bomb(entries: int, claimed: int, length: int) -> bytes:
    """EXIF whose every field claims the same `claimed` bytes."""
    fields = b"".join(struct.pack("<HHII", 1000 + n, 7, claimed, 8) for n in range(entries))
    return (b"II*\0" + struct.pack("<IH", 8, entries) + fields + bytes(4)).ljust(length, b"\0")


def claiming(marker: int, header: bytes, claims: bytes, fillers: int = 0) -> bytes:
    """A JPEG with `claims` in segments, and no resolution, for want of which Pillow looks into the EXIF."""
    whole = file(portrait(), "JPEG")
    segments = (segment(marker, header + claims[at : at + 65_500]) for at in range(0, len(claims), 65_500))
    return whole[:2] + b"\xff" * fillers + b"".join(segments) + whole[4 + int.from_bytes(whole[4:6]) :]


CLAIMS = {
    "EXIF": lambda: claiming(0xE1, b"Exif\0\0", exif_bomb(1000, 7_000_000, 7_200_000)),
    "EXIF after a fill byte": lambda: claiming(0xE1, b"Exif\0\0", exif_bomb(1000, 7_000_000, 7_200_000), fillers=1),
    "MPF": lambda: claiming(0xE2, b"MPF\0", exif_bomb(5000, 65_000, 65_500)),
}

OPEN_ALL = """
import json, resource, sys
from pathlib import Path
from zoo.errors import PictureError
from zoo.pictures import open_picture

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

answers = {}
for path in map(Path, sys.argv[1:]):
    before = peak()
    try:
        said = str(open_picture(path).image.size)
    except PictureError as error:
        said = str(error)
    answers[path.name] = peak() - before, said
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, tuple[int, str]]:
    """By how many bytes a fresh process grew at each bomb, and what the gate said."""
    folder = tmp_path_factory.mktemp("bombs")
    for name, make in (BOMBS | CLAIMS).items():
        (folder / name).write_bytes(make())
    paths = [str(folder / name) for name in BOMBS | CLAIMS]
    done = subprocess.run([sys.executable, "-c", OPEN_ALL, *paths], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", BOMBS)
def test_rows_03_04_05_bombs_are_refused_and_take_no_memory(name, answers):
    growth, said = answers[name]
    assert "megapixels" in said or said.startswith("Cannot read this picture")
    assert growth < 64_000_000


@pytest.mark.parametrize("name", CLAIMS)
def test_row_05_fields_that_claim_gigabytes_are_never_read(name, answers):
    growth, said = answers[name]
    assert said == "(64, 48)"
    assert growth < 64_000_000


def test_row_06_a_file_of_9_mb_is_refused(tmp_path):
    path = tmp_path / "heavy.png"
    path.write_bytes(file(portrait()) + bytes(9_000_000))
    with pytest.raises(PictureError, match="more than 8 MB"):
        open_picture(path)


FOREIGN = {
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "HTML as .jpg": b"<!doctype html><script>alert(document.domain)</script>",
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\nshowpage\n",
    "PSD": b"8BPS\0\1" + bytes(60),
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(60),
    "PDF": b"%PDF-1.7\n" + bytes(60),
    "TIFF": file(portrait(), "TIFF"),
    "GIF": file(portrait(), "GIF"),
    "BMP": file(portrait(), "BMP"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_row_07_other_formats_are_refused_and_ours_named(name):
    assert "PNG, JPEG or WebP" in refusal(FOREIGN[name])


def test_row_08_upright_and_without_gps():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.6), 3: "E", 4: (2.0, 17.0, 40.2)})
    picture = open_picture(file(portrait(), "JPEG", exif=exif, comment=b"at home", quality=95))
    assert picture.image.size == (48, 64)
    assert picture.image.getpixel((24, 8))[0] > 100 > picture.image.getpixel((24, 8))[2]  # what was left is on top
    assert not picture.image.info
    for format in FORMATS:
        written = label.encode(picture.image, picture.label, format)
        assert b"Exif" not in written
        assert not Image.open(io.BytesIO(written)).getexif()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_row_08_every_orientation_is_turned_as_pillow_turns_it(orientation, format, order):
    exif = Image.Exif()
    exif.endian = order
    exif[0x0112] = orientation
    data = file(portrait(), format, exif=exif.tobytes(), lossless=True)
    turned = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert pixels(open_picture(data).image) == pixels(turned)


def test_row_09_transparent_pixels_become_white():
    image = portrait().convert("RGBA")
    image.paste((255, 0, 0, 0), (0, 0, 32, 48))
    image.paste((0, 0, 0, 128), (32, 0, 64, 48))
    for format in ("PNG", "WEBP"):
        opened = open_picture(file(image, format, lossless=True)).image
        assert opened.getpixel((5, 5)) == (255, 255, 255)
        assert opened.getpixel((40, 5)) == (127, 127, 127)


def test_row_09_palette_with_transparency():
    image = portrait().quantize(16)
    hole = image.getpixel((0, 0))
    opened = open_picture(file(image, transparency=hole)).image
    assert opened.getpixel((0, 0)) == (255, 255, 255)
    assert opened.getpixel((60, 40))[2] > 200


def test_row_09_gray_with_alpha():
    image = Image.merge("LA", (Image.new("L", (40, 40), 90), Image.linear_gradient("L").resize((40, 40))))
    opened = open_picture(file(image)).image
    assert opened.getpixel((20, 0))[0] > 250
    assert opened.getpixel((20, 39)) == pytest.approx((90, 90, 90), abs=3)


def test_row_09_cmyk():
    opened = open_picture(file(portrait().convert("CMYK"), "JPEG", quality=95)).image
    assert np.abs(np.asarray(opened).astype(int) - np.asarray(portrait())).mean() < 4


def test_row_09_sixteen_bits_are_scaled_not_clipped():
    levels = np.linspace(0, 65535, 64 * 64).round().astype(np.uint16).reshape(64, 64)
    opened = np.asarray(open_picture(file(Image.fromarray(levels))).image)[..., 1]
    assert (opened == np.floor(levels / 257 + 0.5)).all()


def test_row_09_sixteen_bits_in_colour():
    row = b"\0" + struct.pack(">HHH", 65535, 32768, 256) * 40
    opened = open_picture(png(40, 40, depth=16, pixels=zlib.compress(row * 40))).image
    assert opened.getpixel((20, 20)) == pytest.approx((255, 128, 1), abs=1)


def test_row_09_one_bit():
    opened = open_picture(file(portrait().convert("1", dither=Image.Dither.NONE))).image
    assert {color for _, color in opened.getcolors()} <= {(0, 0, 0), (255, 255, 255)}


@pytest.mark.parametrize(
    ("size", "fix"),
    [((1, 1), "32 to 8192 px"), ((31, 200), "32 to 8192 px"), ((40, 8200), "32 to 8192 px"), ((40, 8000), "Crop it")],
)
def test_row_10_too_small_or_too_narrow(size, fix):
    assert fix in refusal(file(Image.new("RGB", size)))


def test_row_10_the_limits_themselves_are_let_in():
    assert open_picture(file(Image.new("RGB", (32, 256)))).image.size == (32, 256)


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_row_11_of_an_animation_the_first_frame(format):
    frames = [Image.new("RGB", (32, 32), (n % 256, n // 256, 255 - n % 256)) for n in range(1000)]
    data = file(frames[0], format, save_all=True, append_images=frames[1:], duration=20, lossless=True)
    assert Image.open(io.BytesIO(data)).n_frames == 1000
    assert open_picture(data).image == frames[0]


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("evil.js", "alert(1)")
    return out.getvalue()


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", archive()], ids=["script", "zip"])
@pytest.mark.parametrize("format", FORMATS)
def test_row_12_what_is_appended_is_dropped(format, tail):
    plain = open_picture(file(portrait(), format))
    assert open_picture(file(portrait(), format) + tail).image == plain.image
    assert tail not in label.encode(plain.image, plain.label, "JPEG")


def swapped_profile() -> bytes:
    """An ICC profile like sRGB but for red and blue, which change places."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"xxxx", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"xxxx", b"bXYZ", 1)


@pytest.mark.parametrize("format", FORMATS)
def test_colours_are_converted_by_the_embedded_profile(format):
    opened = open_picture(file(portrait(), format, icc_profile=swapped_profile(), quality=95)).image
    red, _, blue = opened.getpixel((8, 40))
    assert blue > 200 > 60 > red
    assert "icc_profile" not in opened.info


@pytest.mark.parametrize(
    "profile", [b"no profile at all", swapped_profile()[:300], swapped_profile().replace(b"RGB ", b"GRAY")]
)
def test_a_broken_or_unfitting_profile_is_passed_over(profile):
    assert open_picture(file(portrait(), icc_profile=profile)).image == portrait()


def test_a_phone_picture_with_a_second_picture_inside_opens_as_its_first():
    data = file(portrait(), "MPO", save_all=True, append_images=[ImageOps.invert(portrait())])
    assert open_picture(data).image == open_picture(file(portrait(), "JPEG")).image


def seeds() -> list[bytes]:
    exif = Image.Exif()
    exif[0x0112] = 8
    mark = label.Label(label.GENERATED, label.Aigc(producer="somebody"), "some system", "1abc", "ab" * 32)
    return [
        *(label.encode(portrait(), mark, format) for format in FORMATS),
        file(portrait().quantize(8), transparency=1),
        file(portrait(), "JPEG", exif=exif, progressive=True, icc_profile=swapped_profile()),
        file(portrait().convert("CMYK"), "JPEG"),
        file(portrait().convert("RGBA"), "WEBP", lossless=True, exif=exif),
        file(portrait(), save_all=True, append_images=[ImageOps.invert(portrait())], icc_profile=swapped_profile()),
    ]


EDITS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6), st.integers(0, 6)), max_size=8)


@settings(max_examples=400, deadline=None)
@given(data=st.sampled_from(seeds()), edits=EDITS)
def test_any_damage_gives_a_picture_or_a_refusal(data, edits):
    for place, new, removed in edits:
        at = int(place * len(data))
        data = data[:at] + new + data[at + removed :]
    label.read(data)
    try:
        picture = open_picture(data)
    except PictureError:
        return
    assert picture.image.mode == "RGB"
    assert 32 <= min(picture.image.size) <= max(picture.image.size) <= 8192
    assert not picture.image.info


def test_the_digest_is_of_pixels_size_and_label():
    same = digest(open_picture(file(portrait())))
    assert same == digest(open_picture(file(portrait(), "WEBP", lossless=True)))
    others = [
        Picture(portrait(48, 64)),
        Picture(ImageOps.invert(portrait())),
        Picture(portrait(), label.Label(source_type=label.GENERATED)),
    ]
    assert len({same, *map(digest, others)}) == 4


def test_pixels_survive_the_way_to_a_tensor_and_back():
    tensor = to_tensor(portrait())
    assert tensor.shape == (1, 3, 48, 64)
    assert tensor.dtype == torch.float32
    assert float(tensor.max()) == 1
    assert to_image(tensor) == portrait()


def test_tensors_are_cut_off_and_rounded_half_to_even():
    levels = torch.tensor([-1.0, 0.5 / 255, 1.5 / 255, 2.0]).expand(1, 3, 1, 4)
    assert [to_image(levels).getpixel((x, 0))[0] for x in range(4)] == [0, 0, 2, 255]


def test_enlarge_multiplies_by_the_smallest_whole_number_that_will_do():
    assert enlarge(Image.new("RGB", (28, 30)), 256).size == (280, 300)
    assert enlarge(portrait(300, 256), 256) == portrait(300, 256)


def test_fit_shrinks_the_longer_side_and_leaves_what_fits():
    assert fit(portrait(400, 100), 200).size == (200, 50)
    assert fit(portrait(400, 100), 400) == portrait(400, 100)


def test_main_colors_come_largest_first():
    image = Image.new("RGB", (256, 256), "#204060")
    image.paste("#ff8800", (0, 0, 256, 64))
    assert main_colors(image) == ("#204060", "#ff8800")
    assert main_colors(image, count=1) == ("#204060",)


def test_pillow_itself_refuses_what_goes_round_the_gate():
    assert Image.MAX_IMAGE_PIXELS == pictures.MOST_PIXELS
