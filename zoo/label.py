"""Labels: what says that a file is synthetic, and from which recipe.

Written into XMP, EXIF and PNG text, and read back from there: IPTC DigitalSourceType and AISystemUsed (IPTC Photo
Metadata 2025.1), the implicit label of China's GB 45438-2025 (annex E), and the recipe's code.
"""

from __future__ import annotations

import json
import os
import re
import struct
import uuid
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

import defusedxml.ElementTree
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from zoo import __version__
from zoo.errors import PictureError, RecipeError, StoreError
from zoo.metadata import AIGC_KEY, RECIPE_KEY, Metadata, metadata
from zoo.recipe import CODE_LIMIT, Draw, Recipe
from zoo.recipe import encode as code_of

Format = Literal["PNG", "JPEG", "WEBP"]
SUFFIXES: Mapping[str, Format] = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}

NAME = "persona-zoo"
SYSTEM = f"{NAME} {__version__}"

GENERATED = "trainedAlgorithmicMedia"
EDITED = "compositeWithTrainedAlgorithmicMedia"
SYNTHETIC = frozenset({GENERATED, EDITED, "algorithmicMedia", "compositeSynthetic", "virtualRecording"})
"""Source types that say synthetic already. Editing such a picture takes nothing from what its type says."""

_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"
_OURS = "urn:persona-zoo:label:1/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_META = "adobe:ns:meta/"
_SOURCE, _SYSTEM, _AIGC = f"{{{_IPTC}}}DigitalSourceType", f"{{{_IPTC}}}AISystemUsed", f"{{{_TC260}}}AIGC"
_RECIPE, _RECIPE_ID = f"{{{_OURS}}}Recipe", f"{{{_OURS}}}RecipeID"
_PREFIXES = {"Iptc4xmpExt": _IPTC, "TC260": _TC260, "zoo": _OURS, "rdf": _RDF, "x": _META}

_AIGC_KEYS = {
    "Label": "label",
    "ContentProducer": "producer",
    "ProduceID": "produce_id",
    "ReservedCode1": "producer_code",
    "ContentPropagator": "propagator",
    "PropagateID": "propagate_id",
    "ReservedCode2": "propagator_code",
}
_NAME_LENGTH, _CODE_LENGTH = 200, 4000

for _prefix, _uri in _PREFIXES.items():
    ElementTree.register_namespace(_prefix, _uri)


@dataclass(frozen=True)
class Aigc:
    """The implicit label of GB 45438-2025, annex E. `label` is "1" where content is synthetic, "2" where it may be,
    "3" where it is suspected to be. The codes are a producer's and a propagator's own, such as signatures."""

    label: str = "1"
    producer: str = ""
    produce_id: str = ""
    producer_code: str = ""
    propagator: str = ""
    propagate_id: str = ""
    propagator_code: str = ""

    @property
    def json(self) -> str:
        """The one text of this label, in ASCII, the keys in the standard's order."""
        return json.dumps(dict(zip(_AIGC_KEYS, astuple(self), strict=True)), separators=(",", ":"))


@dataclass(frozen=True)
class Label:
    """What a file says of its making. `source_type` is a short name from IPTC's digital source types, `recipe` the
    code that a link carries, `recipe_id` the recipe's own digest. A foreign label has no recipe."""

    source_type: str | None = None
    aigc: Aigc | None = None
    system: str | None = None
    recipe: str | None = None
    recipe_id: str | None = None

    @property
    def canonical(self) -> str:
        """The one JSON text of this label."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))


def label_for(recipe: Recipe, incoming: Label | None) -> Label:
    """The label of what `recipe` makes. `incoming` is the label of the picture it starts from, and is never lost:
    its producer stays the producer, and we propagate."""
    label = Label(system=SYSTEM, recipe=_code_of(recipe), recipe_id=recipe.id)
    if isinstance(recipe.source, Draw):
        return replace(label, source_type=GENERATED, aigc=Aigc(producer=NAME, produce_id=recipe.id))
    before = incoming or Label()
    return replace(
        label,
        source_type=EDITED if recipe.steps and before.source_type not in SYNTHETIC else before.source_type,
        aigc=_passed_on(before.aigc, recipe),
        system=_joined(before.system) if recipe.steps else before.system,
    )


def _passed_on(before: Aigc | None, recipe: Recipe) -> Aigc | None:
    if before is not None:
        return replace(before, propagator=NAME, propagate_id=recipe.id, propagator_code="")
    return Aigc(producer=NAME, produce_id=recipe.id) if recipe.steps else None


def _joined(before: str | None) -> str:
    """The systems at work so far, and this one."""
    systems = before.split("; ") if before else []
    return "; ".join(systems if SYSTEM in systems else [*systems, SYSTEM])


def _code_of(recipe: Recipe) -> str | None:
    try:
        return code_of(recipe)
    except RecipeError:  # too long for a link; the picture can still be told by the recipe's id
        return None


def write(image: Image.Image, label: Label, path: Path) -> Path:
    """Write `image` (RGB) with its label as PNG, JPEG or WebP, by the suffix of `path`: whole, or not at all.

    Raises `PictureError` for another suffix, `StoreError` where the file cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise PictureError("“{name}” is no name for a picture. End it in .png, .jpg or .webp.", name=path.name)
    data = encode(image, label, SUFFIXES[path.suffix.lower()])
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(
            "“{name}” could not be written: {why}. Make room, or choose another folder.",
            name=path.name,
            why=error.strerror or str(error),
        ) from None
    return path


def encode(image: Image.Image, label: Label | None, format: Format) -> bytes:
    """The bytes of a picture file, with its label in it where it has one."""
    file = BytesIO()
    image.save(file, format, quality=95, subsampling=0, **(_marks(label, format) if label else {}))
    return file.getvalue()


def _marks(label: Label, format: Format) -> dict[str, Any]:
    """What Pillow's writer is given to say `label`."""
    xmp = _xmp(label)
    if format == "PNG":
        return {"exif": _exif(label), "pnginfo": _png_texts(label, xmp)}
    return {"exif": _exif(label), "xmp": xmp.encode()}


def _xmp(label: Label) -> str:
    """XMP (ISO 16684-1) that holds the whole label."""
    meta = ElementTree.Element(f"{{{_META}}}xmpmeta")
    rdf = ElementTree.SubElement(meta, f"{{{_RDF}}}RDF")
    description = ElementTree.SubElement(rdf, f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""})
    for name, value in {
        _SOURCE: label.source_type and _SOURCE_TYPES + label.source_type,
        _SYSTEM: label.system,
        _AIGC: label.aigc and label.aigc.json,
        _RECIPE: label.recipe,
        _RECIPE_ID: label.recipe_id,
    }.items():
        if value:
            ElementTree.SubElement(description, name).text = value
    packet = ElementTree.tostring(meta, encoding="unicode")
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{packet}<?xpacket end="w"?>'


def _exif(label: Label) -> bytes:
    """EXIF 2.32 with two fields: the software, and the AIGC label for a user comment. Pillow would write the comment
    in a type that the standard does not allow."""
    software = SYSTEM.encode() + b"\0"
    comment = b"ASCII\0\0\0" + (f'{{"AIGC":{label.aigc.json}}}'.encode() if label.aigc else b"")
    head = struct.pack("<2sHI", b"II", 42, 8)
    main = struct.pack("<HHHIIHHIII", 2, 0x0131, 2, len(software), 56, 0x8769, 4, 1, 38, 0)
    camera = struct.pack("<HHHIII", 1, 0x9286, 7, len(comment), 56 + len(software), 0)
    return b"Exif\0\0" + head + main + camera + software + comment


def _png_texts(label: Label, xmp: str) -> PngInfo:
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", xmp)
    if label.aigc:
        texts.add_text(AIGC_KEY, label.aigc.json)
    if label.recipe:
        texts.add_text(RECIPE_KEY, label.recipe)
    return texts


def read(data: bytes) -> Label | None:
    """The label in a PNG, JPEG or WebP file, ours or a foreign one; None where there is none. Never raises, decodes
    no pixels, asks no network."""
    found = metadata(data)
    said = _properties(found.xmp)
    label = Label(
        source_type=_matching(r"[A-Za-z]{1,64}", said.get(_SOURCE, "").removeprefix(_SOURCE_TYPES)),
        aigc=next(filter(None, map(_aigc, _aigc_places(found, said))), None),
        system=_plain(said.get(_SYSTEM, ""), _NAME_LENGTH) or None,
        recipe=_matching(rf"[A-Za-z0-9_-]{{1,{CODE_LIMIT}}}", found.texts.get(RECIPE_KEY) or said.get(_RECIPE, "")),
        recipe_id=_matching(r"[0-9a-f]{64}", said.get(_RECIPE_ID, "")),
    )
    return label if label != Label() else None


def _properties(xmp: bytes) -> dict[str, str]:
    """The properties in XMP, by namespaced name: attributes, elements, and elements that point to a resource."""
    try:
        root = defusedxml.ElementTree.fromstring(xmp, forbid_dtd=True)
    except (ElementTree.ParseError, ValueError, LookupError):  # LookupError: an encoding nobody knows
        return {}
    said: dict[str, str] = {}
    for element in root.iter():
        for name, value in element.attrib.items():
            said.setdefault(name, value.strip())
        if element.tag in (_SOURCE, _SYSTEM, _AIGC, _RECIPE, _RECIPE_ID):
            text = "".join(element.itertext()).strip()
            said.setdefault(element.tag, text or element.get(f"{{{_RDF}}}resource", ""))
    return said


def _aigc_places(found: Metadata, said: Mapping[str, str]) -> list[str]:
    """Every text that may be an AIGC label: XMP, PNG text, EXIF, and the bare segment that some phones write."""
    segments = (segment.decode("utf-8", "replace") for segment in found.segments if segment.startswith(b"AIGC{"))
    return [said.get(_AIGC, ""), found.texts.get(AIGC_KEY, ""), found.comment, *segments]


def _aigc(text: str) -> Aigc | None:
    """The label in a JSON text, bare or under the key AIGC."""
    try:
        data, _ = json.JSONDecoder().raw_decode(text, text.index("{"))
    except (ValueError, RecursionError):
        return None
    data = data["AIGC"] if isinstance(data.get("AIGC"), dict) else data
    if "Label" not in data:
        return None
    return Aigc(**{field: _aigc_value(data.get(key, ""), key) for key, field in _AIGC_KEYS.items()})


def _aigc_value(value: Any, key: str) -> str:
    limit = _CODE_LENGTH if key.startswith("Reserved") else _NAME_LENGTH
    return _plain(str(value), limit) if isinstance(value, str | int) else ""


def _plain(text: str, length: int) -> str:
    """One line of what prints. Applied twice it changes nothing more, so that a label survives being written again."""
    return "".join(char for char in text if char.isprintable())[:length].strip()


def _matching(pattern: str, text: str) -> str | None:
    return text if re.fullmatch(pattern, text) else None
