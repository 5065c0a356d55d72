"""Labels: what is written, what is read back, and that none is ever lost. Row numbers are those of the list of bad
inputs that labels were designed against."""

import io
import json
import os
import resource
import socket
import struct
import zlib
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from zoo import recipe as recipes
from zoo.errors import PictureError, StoreError
from zoo.label import EDITED, GENERATED, SYSTEM, Aigc, Label, encode, label_for, read, write
from zoo.pictures import Picture, digest, open_picture
from zoo.recipe import Draw, Recipe, Step, Upload

FORMATS = ("PNG", "JPEG", "WEBP")
SUFFIXES = (".png", ".jpg", ".webp")

DRAWN = Recipe(source=Draw(model="classics/dcgan", seed=7))
UPLOADED = Recipe(source=Upload(picture="a" * 64))
RESTYLED = Recipe(source=Upload(picture="a" * 64), steps=(Step(model="ink/hatch"),))

AIGC = '{"Label":"1","ContentProducer":"字节跳动","ProduceID":"abc-1","ReservedCode1":"s","ContentPropagator":""}'
FOREIGN = Aigc(producer="字节跳动", produce_id="abc-1", producer_code="s")
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"
TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"

FACE = Image.radial_gradient("L").resize((64, 48)).convert("RGB")


def xmp(attributes: str = "", elements: str = "") -> bytes:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:i="{IPTC}" xmlns:TC260="{TC260}">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def file(format: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    FACE.save(out, format, **options)
    return out.getvalue()


def test_a_drawn_persona_says_what_made_it():
    label = label_for(DRAWN, None)
    assert label.source_type == "trainedAlgorithmicMedia"
    assert label.aigc == Aigc("1", "persona-zoo", DRAWN.id)
    assert recipes.decode(label.recipe) == DRAWN
    assert label.recipe_id == DRAWN.id


def test_a_restyled_photo_is_a_composite():
    label = label_for(RESTYLED, None)
    assert label.source_type == "compositeWithTrainedAlgorithmicMedia"
    assert label.aigc == Aigc("1", "persona-zoo", RESTYLED.id)
    assert label_for(RESTYLED, Label(source_type="digitalCapture")).source_type == EDITED


def test_a_photo_that_nobody_touched_is_not_called_synthetic():
    assert label_for(UPLOADED, None) == Label(recipe=recipes.encode(UPLOADED), recipe_id=UPLOADED.id)


def test_row_13_whoever_made_a_picture_stays_its_maker():
    label = label_for(RESTYLED, Label(GENERATED, FOREIGN, "Midjourney 9"))
    assert label.source_type == GENERATED
    assert (label.aigc.producer, label.aigc.produce_id, label.aigc.producer_code) == ("字节跳动", "abc-1", "s")
    assert (label.aigc.propagator, label.aigc.propagate_id) == ("persona-zoo", RESTYLED.id)
    assert label.system == f"Midjourney 9; {SYSTEM}"
    assert label_for(RESTYLED, label).system == label.system


def test_a_recipe_too_long_for_a_link_is_told_by_its_id():
    noise = {f"p{n}": os.urandom(60).hex() for n in range(30)}
    long = Recipe(source=Draw(model="a/b", params=noise))
    label = label_for(long, None)
    assert (label.recipe, label.recipe_id) == (None, long.id)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".JPEG"])
@pytest.mark.parametrize(
    "label",
    [label_for(DRAWN, None), label_for(RESTYLED, None), label_for(RESTYLED, Label(GENERATED, FOREIGN, "别的 <&> AI"))],
    ids=["drawn", "restyled", "foreign"],
)
def test_a_label_is_read_back_as_it_was_written(label, suffix, tmp_path):
    path = write(FACE, label, tmp_path / f"face{suffix}")
    assert read(path.read_bytes()) == label
    assert open_picture(path).label == label
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("format", FORMATS)
def test_the_largest_label_fits(format):
    name, code = "字" * 200, "字" * 4000
    label = Label(GENERATED, Aigc("3", name, name, code, name, name, code), name, "A" * 1800, "0" * 64)
    assert read(encode(FACE, label, format)) == label


@pytest.mark.parametrize("format", FORMATS)
def test_other_readers_find_the_label_where_the_standards_say(format):
    label = label_for(DRAWN, None)
    image = Image.open(io.BytesIO(encode(FACE, label, format)))
    said = {element.tag: element.text for element in ElementTree.fromstring(image.info["xmp"]).iter()}
    assert said[f"{{{IPTC}}}DigitalSourceType"] == TYPES + "trainedAlgorithmicMedia"
    assert said[f"{{{IPTC}}}AISystemUsed"] == SYSTEM
    assert list(json.loads(said[f"{{{TC260}}}AIGC"])) == [
        *("Label", "ContentProducer", "ProduceID", "ReservedCode1"),
        *("ContentPropagator", "PropagateID", "ReservedCode2"),
    ]
    assert image.getexif()[0x0131] == SYSTEM
    comment = image.getexif().get_ifd(0x8769)[0x9286]
    assert json.loads(comment.removeprefix(b"ASCII\0\0\0"))["AIGC"]["ProduceID"] == DRAWN.id


def test_a_png_says_it_in_plain_text_too():
    label = label_for(DRAWN, None)
    texts = Image.open(io.BytesIO(encode(FACE, label, "PNG"))).text
    assert json.loads(texts["AIGC"])["ContentProducer"] == "persona-zoo"
    assert recipes.decode(texts["persona_zoo"]) == DRAWN


def test_an_unlabelled_picture_is_written_without_a_label():
    assert read(encode(FACE, None, "PNG")) is None


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def user_comment(content: bytes, order: str = "<") -> bytes:
    exif = Image.Exif()
    exif.endian = order
    exif.get_ifd(0x8769)[0x9286] = content
    return exif.tobytes()


def text(key: str, value: str, packed: bool = False) -> PngInfo:
    info = PngInfo()
    info.add_text(key, value, zip=packed)
    return info


ESCAPED = AIGC.replace('"', "&quot;")
ASCII = json.dumps(json.loads(AIGC))
PLACES = {
    "XMP element": file(xmp=xmp(elements=f"<TC260:AIGC>{ESCAPED}</TC260:AIGC>")),
    "XMP attribute": file(xmp=xmp(attributes=f'TC260:AIGC="{ESCAPED}"')),
    "XMP in WebP": file("WEBP", xmp=xmp(attributes=f'TC260:AIGC="{ESCAPED}"')),
    "PNG text": file("PNG", pnginfo=text("AIGC", ASCII)),
    "PNG packed text": file("PNG", pnginfo=text("AIGC", ASCII, packed=True)),
    "PNG text after the pixels": file("PNG")[:-12] + chunk(b"tEXt", b"AIGC\0" + ASCII.encode()) + file("PNG")[-12:],
    "EXIF, ASCII": file(exif=user_comment(b"ASCII\0\0\0" + f'{{"AIGC": {ASCII}}}'.encode())),
    "EXIF, undefined, Motorola": file(exif=user_comment(bytes(8) + f'{{"AIGC": {AIGC}}}'.encode(), ">")),
    "EXIF, Unicode": file(exif=user_comment(b"UNICODE\0" + f'{{"AIGC": {AIGC}}}'.encode("utf-16-be"), ">")),
    "EXIF in PNG": file("PNG", exif=user_comment(b"ASCII\0\0\0" + f'{{"AIGC": {ASCII}}}'.encode())),
    "JPEG segment": file()[:2]
    + b"\xff\xeb"
    + struct.pack(">H", len(AIGC.encode()) + 6)
    + b"AIGC"
    + AIGC.encode()
    + file()[2:],
}


@pytest.mark.parametrize("place", PLACES)
def test_row_13_a_foreign_aigc_label_is_found_wherever_it_stands(place):
    assert read(PLACES[place]) == Label(aigc=FOREIGN)


@pytest.mark.parametrize(
    "said",
    [
        {"attributes": f'i:DigitalSourceType="{TYPES}{GENERATED}"'},
        {"elements": f"<i:DigitalSourceType>\n {TYPES}{GENERATED}\n</i:DigitalSourceType>"},
        {"elements": f'<i:DigitalSourceType rdf:resource="{TYPES}{GENERATED}"/>'},
    ],
    ids=["attribute", "element", "resource"],
)
def test_row_13_a_foreign_source_type_is_found_however_it_is_written(said):
    assert read(file(xmp=xmp(**said))) == Label(source_type=GENERATED)


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("place", PLACES)
def test_row_13_restyling_never_loses_a_foreign_label(place, target):
    picture = open_picture(PLACES[place])
    restyled = picture.image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    label = read(encode(restyled, label_for(RESTYLED, picture.label), target))
    assert (label.aigc.producer, label.aigc.produce_id) == ("字节跳动", "abc-1")
    assert label.source_type == EDITED


def test_row_14_reading_asks_no_network(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a picture was able to open a connection")

    monkeypatch.setattr(socket, "socket", refuse)
    away = 'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="http://169.254.169.254/latest"'
    assert read(file(xmp=xmp(attributes=away))) is None
    entity = b'<!DOCTYPE a [<!ENTITY b SYSTEM "http://169.254.169.254/">]>'
    assert read(file(xmp=entity + xmp(attributes=f'i:AISystemUsed="&b;{SYSTEM}"'))) is None


def test_row_19_what_a_foreign_label_says_is_plain_text():
    nasty = {"Label": "1", "ContentProducer": "a\u202eb\0c\u200bd\ud800e\n<script>" + "x" * 500, "ProduceID": ["no"]}
    label = read(file(xmp=xmp(attributes="TC260:AIGC='" + json.dumps(nasty).replace("<", "&lt;") + "'")))
    assert label.aigc.producer == ("abcde<script>" + "x" * 500)[:200]
    assert label.aigc.produce_id == ""
    assert read(encode(FACE, label, "PNG")) == label


@pytest.mark.parametrize("target", SUFFIXES)
@pytest.mark.parametrize("start", SUFFIXES)
def test_row_39_a_label_survives_crop_resize_and_another_format(start, target, tmp_path):
    incoming = label_for(DRAWN, None)
    picture = open_picture(write(FACE, incoming, tmp_path / f"one{start}"))
    cropped = picture.image.crop((8, 8, 48, 48)).resize((64, 64))
    again = open_picture(write(cropped, label_for(RESTYLED, picture.label), tmp_path / f"two{target}"))
    assert again.label.source_type == GENERATED
    assert (again.label.aigc.producer, again.label.aigc.produce_id) == ("persona-zoo", DRAWN.id)
    assert again.label.aigc.propagate_id == RESTYLED.id


def test_a_label_is_part_of_what_an_upload_is():
    labelled = open_picture(encode(FACE, label_for(DRAWN, None), "PNG"))
    assert digest(labelled) != digest(Picture(labelled.image))


@pytest.mark.parametrize("junk", ["A" * 1801, "code with spaces", "<script>"])
def test_what_cannot_be_a_code_is_no_recipe(junk):
    assert read(file("PNG", pnginfo=text("persona_zoo", junk))) is None


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"<x",
        b'<?xml version="1.0" encoding="klingon"?><x/>',
        b"<a>" * 50_000,
        xmp(attributes='TC260:AIGC="{&quot;Label&quot;:' + "[" * 20_000 + '"'),
        xmp(attributes='TC260:AIGC="{}"'),
        xmp(attributes='TC260:AIGC="[1]"'),
        xmp(attributes='i:DigitalSourceType="http://evil.example/x"'),
    ],
)
def test_rubbish_is_no_label(packet):
    assert read(file("WEBP", xmp=packet)) is None


def test_an_xmp_packet_beyond_reason_is_not_parsed():
    packet = xmp(attributes=f'i:DigitalSourceType="{TYPES}{GENERATED}"', elements="<!--" + "x" * 300_000 + "-->")
    assert read(file("WEBP", xmp=packet)) is None


@settings(max_examples=200, deadline=None)
@given(
    data=st.binary(max_size=200),
    start=st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b""]),
)
def test_reading_never_raises(data, start):
    assert read(start + data) is None


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(PictureError, match=r"End it in \.png, \.jpg or \.webp"):
        write(FACE, label_for(DRAWN, None), tmp_path / "face.gif")


def test_row_35_a_full_disk_leaves_no_half_file_and_the_old_one_whole(tmp_path):
    path = write(FACE, label_for(DRAWN, None), tmp_path / "face.png")
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StoreError, match="Make room"):
            write(FACE, label_for(RESTYLED, None), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_row_35_a_folder_that_is_not_there_is_named_in_the_message(tmp_path):
    with pytest.raises(StoreError, match=r"“face\.png” could not be written: No such file"):
        write(FACE, label_for(DRAWN, None), tmp_path / "gone" / "face.png")
