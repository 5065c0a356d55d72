"""What stands in a PNG, JPEG or WebP file beside its pixels, read without decoding them.

Everything here is bounded by the file's own size, which Pillow's readers of EXIF and MPF are not: a JPEG of 7 MB can
make `Image.open` of Pillow 12.3 ask for more than 6 GB.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

AIGC_KEY, RECIPE_KEY = "AIGC", "persona_zoo"
"""The keywords of the PNG texts that are read."""
TEXT_LIMIT = 64 * 1024
"""Bytes in a PNG text, an EXIF block or another segment; longer ones are passed over."""
XMP_LIMIT = 256 * 1024
PART_LIMIT = 10_000
"""Chunks or segments in one file. An animation of a thousand frames has about three thousand."""
SCAN_LIMIT = 50
"""Passes over the pixels in one JPEG. Encoders write about ten; each can cost a whole decoding for a few bytes."""

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_TEXTS = {b"XML:com.adobe.xmp": "xmp", AIGC_KEY.encode(): AIGC_KEY, RECIPE_KEY.encode(): RECIPE_KEY}
_XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF_HEADER = b"Exif\0\0"
_ICC_HEADER = b"ICC_PROFILE\0"

_START_OF_SCAN, _END_OF_IMAGE = b"\xda", b"\xd9"
_JFIF, _ICC, _ADOBE, _COMMENT = b"\xe0", b"\xe2", b"\xee", b"\xfe"
_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)

_ORIENTATION, _EXIF_IFD, _USER_COMMENT = 0x0112, 0x8769, 0x9286
_FIELD_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1, 13: 4}


class Part(NamedTuple):
    """A chunk or segment: its name, where it starts, where its content starts, and where that ends."""

    name: bytes
    start: int
    content: int
    end: int


@dataclass(frozen=True)
class Metadata:
    """XMP as it stands; the texts of a PNG by keyword; the APP segments of a JPEG that are neither XMP nor EXIF; of
    EXIF the orientation (1 … 8) and the user comment."""

    xmp: bytes
    texts: Mapping[str, str]
    segments: tuple[bytes, ...]
    orientation: int
    comment: str


def metadata(data: bytes) -> Metadata:
    """What the file `data` says beside its pixels; of several, the first. Never raises."""
    found: dict[str, bytes] = {}
    for part in islice(parts(data), PART_LIMIT):
        name = _meaning(data, part)
        if name and name not in found:
            content = _content(data, part)
            found[name] = content if len(content) <= (XMP_LIMIT if name == "xmp" else TEXT_LIMIT) else b""
    fields = _exif_fields(found.get("exif", b""))
    return Metadata(
        xmp=found.get("xmp", b""),
        texts={key: found[key].decode("utf-8", "replace") for key in (AIGC_KEY, RECIPE_KEY) if key in found},
        segments=tuple(content for name, content in found.items() if name.startswith("app:")),
        orientation=int.from_bytes(fields.get(_ORIENTATION, b"\1").strip(b"\0")[:1]),
        comment=_comment(fields.get(_USER_COMMENT, b"")),
    )


def excessive(data: bytes) -> bool:
    """Whether the file has more parts or scans than an honest one, and would keep a decoder busy for minutes."""
    names = [part.name for part in islice(parts(data), PART_LIMIT + 1)]
    return len(names) > PART_LIMIT or names.count(_START_OF_SCAN) > SCAN_LIMIT


def bare(data: bytes) -> bytes:
    """A file with no more beside its pixels than decoding needs: of a JPEG the tables, the JFIF and Adobe headers
    and the ICC profile; others unchanged."""
    if not data.startswith(_JPEG):
        return data
    kept, end = [data[:2]], 2
    for part in parts(data):
        end = part.end
        if _decoding_needs(data, part):
            kept.append(data[part.start : end])
    return b"".join(kept) + data[end : end + 2]


def parts(data: bytes) -> Iterator[Part]:
    """The parts of a PNG, JPEG or WebP file in order, up to its end or the first that is cut short."""
    if data.startswith(_PNG):
        return _png_chunks(data)
    if data.startswith(_JPEG):
        return _jpeg_segments(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_chunks(data)
    return iter(())


def _png_chunks(data: bytes) -> Iterator[Part]:
    """W3C PNG, third edition, 5.3."""
    at, name = 8, b""
    while at + 12 <= len(data) and name != b"IEND":
        length, name = struct.unpack_from(">I4s", data, at)
        yield Part(name, at, at + 8, at + 8 + length)
        at += 12 + length


def _jpeg_segments(data: bytes) -> Iterator[Part]:
    """ITU T.81, annex B. A scan reaches to the next marker; whatever is no marker where one is due ends the walk."""
    at = 2
    while (marker := _MARKER.match(data, at)) and marker[1] != _END_OF_IMAGE:
        start = marker.end() - 2
        at = start + 2 + int.from_bytes(data[start + 2 : start + 4])
        if marker[1] == _START_OF_SCAN:
            following = _AFTER_SCAN.search(data, at)
            at = following.start() if following else len(data)
        yield Part(marker[1], start, start + 4, at)


def _webp_chunks(data: bytes) -> Iterator[Part]:
    """RFC 9649, 2.3."""
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        yield Part(name, at, at + 8, at + 8 + length)
        at += 8 + length + length % 2


def _decoding_needs(data: bytes, part: Part) -> bool:
    if part.name == _ICC:
        return data.startswith(_ICC_HEADER, part.content)
    return part.name in (_JFIF, _ADOBE) or not (b"\xe0" <= part.name <= b"\xef" or part.name == _COMMENT)


def _meaning(data: bytes, part: Part) -> str:
    """What a part is to us: `xmp`, `exif`, the keyword of a text, `app:<offset>`, or nothing."""
    match part.name:
        case b"tEXt" | b"zTXt" | b"iTXt":
            return _TEXTS.get(data[part.content : part.content + 80].partition(b"\0")[0], "")
        case b"XMP ":
            return "xmp"
        case b"eXIf" | b"EXIF":
            return "exif"
        case name if b"\xe0" <= name <= b"\xef":
            named = {_XMP_HEADER: "xmp", _EXIF_HEADER: "exif"}
            return next(
                (what for head, what in named.items() if data.startswith(head, part.content)), f"app:{part.start}"
            )
    return ""


def _content(data: bytes, part: Part) -> bytes:
    """The content of a part without its header; of a PNG text, the text in UTF-8 (W3C PNG, 11.3.3)."""
    content = data[part.content : part.end]
    _, _, text = content.partition(b"\0")
    match part.name:
        case b"tEXt":
            return text.decode("latin-1").encode()
        case b"zTXt":
            return _inflate(text[1:]).decode("latin-1").encode()
        case b"iTXt":
            plain = text[2:].split(b"\0", 2)[-1]
            return _inflate(plain) if text[:1] == b"\1" else plain
    return content.removeprefix(_XMP_HEADER).removeprefix(_EXIF_HEADER)


def _inflate(packed: bytes) -> bytes:
    """What `packed` holds, if that is within the limit; else nothing."""
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(packed, XMP_LIMIT)
    except zlib.error:
        return b""
    return text if stream.eof else b""


def _exif_fields(exif: bytes) -> dict[int, bytes]:
    """The fields of the first directory and of the one for the camera, as bytes, by tag (TIFF 6.0, section 2)."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    try:
        if order is None:
            return {}
        fields = _directory(exif, order, struct.unpack_from(order + "I", exif, 4)[0])
        if pointer := fields.get(_EXIF_IFD):
            fields |= _directory(exif, order, struct.unpack(order + "I", pointer)[0])
    except struct.error:
        return {}
    return fields


def _directory(exif: bytes, order: str, at: int) -> dict[int, bytes]:
    """The fields we read of one directory."""
    fields = {}
    (count,) = struct.unpack_from(order + "H", exif, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, length, offset = struct.unpack_from(order + "HHII", exif, entry)
        if tag in (_ORIENTATION, _EXIF_IFD, _USER_COMMENT):
            size = length * _FIELD_SIZES.get(kind, 0)
            start = offset if size > 4 else entry + 8
            fields[tag] = exif[start : start + size]
    return fields


def _comment(field: bytes) -> str:
    """An EXIF user comment: eight bytes name its encoding (EXIF 2.32, 4.6.5)."""
    encoding, text = field[:8], field[8:]
    if encoding == b"UNICODE\0":
        return text.decode("utf-16-le" if text[1:2] == b"\0" else "utf-16-be", "replace")
    return text.decode("utf-8", "replace")
