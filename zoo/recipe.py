"""Recipes: the steps that make a persona, as data, and the link that carries them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from zoo.errors import RecipeError
from zoo.language import Language
from zoo.params import Value
from zoo.profile import BIO_LENGTH, NICKNAME_LENGTH, clean

CODE_LIMIT = 1800
"""Characters in a code: what chat apps pass on whole."""
JSON_LIMIT = 8192
"""Bytes of canonical JSON."""
STEP_LIMIT = 8

_CODE_VERSION = "1"
_CHECK_LENGTH = 4

ModelId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}/[a-z][a-z0-9_-]{0,31}$")]
Seed = Annotated[int, Field(strict=True, ge=0, le=2**32 - 1)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""The digest of a shared picture (`zoo.store`)."""
ParamValue = Annotated[Value, Field(union_mode="smart")]
ParamValues = Annotated[dict[Annotated[str, Field(max_length=40)], ParamValue], Field(max_length=32)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("params", "shift", check_fields=False)
    @classmethod
    def _in_one_order(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Sorted, so that equal recipes have equal JSON. Long text has no place in a param."""
        if any(isinstance(value, str) and len(value) > 200 for value in values.values()):
            raise ValueError("a text is longer than 200 characters")
        return dict(sorted(values.items()))


class Mix(_Part):
    """A second seed, and how far to go towards it."""

    seed: Seed
    weight: Annotated[float, Field(ge=0, le=1)]


class Draw(_Part):
    """A portrait from a generator: from `seed`, or from a `latent` that was found, mixed and shifted."""

    kind: Literal["draw"] = "draw"
    model: ModelId
    seed: Seed = 0
    params: ParamValues = {}
    mix: Mix | None = None
    shift: Annotated[dict[str, Annotated[float, Field(ge=-10, le=10)]], Field(max_length=32)] = {}
    latent: Annotated[str, Field(max_length=1500)] | None = None


class Upload(_Part):
    """A picture the visitor brought."""

    kind: Literal["upload"] = "upload"
    picture: Digest


class Step(_Part):
    """One stylizer or corrector at work; which of the two, its model says.

    `reference` is the picture whose look a stylizer takes, or the original that a corrector compares with. A corrector
    mends what `detector`, another one, finds with its defaults, and with this step's `threshold` where both have one.
    """

    model: ModelId
    params: ParamValues = {}
    reference: Digest | None = None
    detector: ModelId | None = None


class Write(_Part):
    """The words. What the sender typed goes before what the writer wrote."""

    model: ModelId
    seed: Seed = 0
    language: Language = "en"
    params: ParamValues = {}
    nickname: str | None = None
    bio: str | None = None

    @field_validator("nickname", "bio")
    @classmethod
    def _plain(cls, text: str | None, info: Any) -> str | None:
        limit = NICKNAME_LENGTH if info.field_name == "nickname" else BIO_LENGTH
        return (clean(text, limit) or None) if text is not None else None


class Recipe(_Part):
    """All that it takes to make a persona again, on any machine."""

    version: Literal[1] = 1
    source: Annotated[Draw | Upload, Field(discriminator="kind")]
    steps: Annotated[tuple[Step, ...], Field(max_length=STEP_LIMIT)] = ()
    profile: Write | None = None

    @property
    def canonical(self) -> str:
        """The one JSON text of this recipe: fields in their order, no defaults but version and kind, no spaces."""
        full = self.model_dump(mode="json", exclude_defaults=True)
        data = {"version": self.version, "source": {"kind": self.source.kind} | full.pop("source")} | full
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    @property
    def id(self) -> str:
        """SHA-256 of the canonical JSON, in hex: who this recipe is, in caches, labels and file names."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    def upto(self, steps: int) -> Recipe:
        """The recipe of the picture after the first `steps` steps, without words."""
        return Recipe(source=self.source, steps=self.steps[:steps])

    @property
    def pictures(self) -> tuple[str, ...]:
        """The digests of the pictures that it needs and cannot carry."""
        source = (self.source.picture,) if isinstance(self.source, Upload) else ()
        return (*source, *(step.reference for step in self.steps if step.reference))

    @property
    def models(self) -> tuple[str, ...]:
        """The ids of all models at work, in order."""
        source = (self.source.model,) if isinstance(self.source, Draw) else ()
        words = (self.profile.model,) if self.profile else ()
        steps = (id for step in self.steps for id in (step.detector, step.model) if id)
        return (*source, *steps, *words)


R = TypeVar("R", bound=_Part)


def encode(recipe: Recipe) -> str:
    """The code a link carries: version, base64url of the raw-deflated canonical JSON, checksum.

    Raises `RecipeError` where it would be over `CODE_LIMIT` characters.
    """
    raw = recipe.canonical.encode()
    squeeze = zlib.compressobj(9, wbits=-15)
    body = _base64(squeeze.compress(raw) + squeeze.flush())
    code = _CODE_VERSION + body + _check(body)
    if len(code) > CODE_LIMIT or len(raw) > JSON_LIMIT:
        raise RecipeError("This persona has too many steps for a link. Undo a step, or share the picture itself.")
    return code


def decode(code: str) -> Recipe:
    """The recipe in a link's code. Raises `RecipeError` for anything that `encode` would not have written."""
    damaged = RecipeError("This link is damaged: part of it is missing or changed. Copy the whole link again.")
    if len(code) > CODE_LIMIT:
        raise RecipeError("This link is too long to be one of ours. Copy the whole link again.")
    if not code.startswith(_CODE_VERSION):
        newer = code[:1].isdigit()
        raise (
            RecipeError("This link is from a newer version of Persona Zoo. Reload the page, or update the studio.")
            if newer and code[0] > _CODE_VERSION
            else damaged
        )
    body, check = code[1:-_CHECK_LENGTH], code[-_CHECK_LENGTH:]
    try:
        if _check(body) != check:
            raise damaged
        raw = _inflate(base64.b64decode(body + "=" * (-len(body) % 4), altchars="-_", validate=True))
        recipe = parse(raw.decode())
    except (ValueError, binascii.Error, zlib.error, UnicodeDecodeError):
        raise damaged from None
    if recipe.canonical.encode() != raw:
        raise damaged
    return recipe


def parse(text: str) -> Recipe:
    """A recipe from JSON, strictly. Raises `RecipeError` naming the first thing that is wrong."""
    if len(text.encode("utf-8", "surrogatepass")) > JSON_LIMIT:
        raise RecipeError("This recipe is over {limit} bytes. Leave steps out.", limit=JSON_LIMIT)
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise RecipeError("This recipe is not JSON: {why}.", why=str(error)) from None
    if isinstance(data, dict) and isinstance(data.get("version"), int) and data["version"] > 1:
        raise RecipeError("This recipe is from a newer version of Persona Zoo. Update, then try again.")
    return validate(Recipe, data)


def validate(part: type[R], data: Any) -> R:
    """A recipe, or a part of one, from plain data. Raises `RecipeError` naming the first thing that is wrong."""
    try:
        return part.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "recipe"
        raise RecipeError("The recipe's “{where}” cannot be used: {why}.", where=where, why=first["msg"]) from None


def from_query(query: Mapping[str, str]) -> Recipe | None:
    """The recipe that a page's query asks for: `p`, a code, or `g` and `s`, a model and a seed. None where it asks
    for nothing."""
    if code := query.get("p"):
        return decode(code.strip())
    if model := query.get("g"):
        seed = query.get("s", "0")
        if not (seed.isascii() and seed.isdigit() and len(seed) <= 10):
            raise RecipeError("The seed in this link is not a whole number from 0 to 4294967295.")
        return validate(Recipe, {"source": {"kind": "draw", "model": model, "seed": int(seed)}})
    return None


def from_link(text: str) -> Recipe:
    """The recipe in a link that somebody pasted: `…/p/<code>`, `…?p=<code>`, `…?g=<model>&s=<seed>`, or a bare code."""
    try:
        link = urlsplit(text.strip())
        query = {name: values[0] for name, values in parse_qs(link.query).items()}
    except ValueError:
        raise RecipeError(
            "This link is damaged: part of it is missing or changed. Copy the whole link again."
        ) from None
    if recipe := from_query(query):
        return recipe
    return decode(link.path.rpartition("/")[2])


def _check(body: str) -> str:
    """Four characters that catch a link cut short or changed on its way."""
    return _base64(hashlib.sha256(b"persona-zoo/1\0" + body.encode()).digest()[:3])


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _inflate(packed: bytes) -> bytes:
    stream = zlib.decompressobj(wbits=-15)
    raw = stream.decompress(packed, JSON_LIMIT)
    if not stream.eof or stream.unconsumed_tail or stream.unused_data:
        raise ValueError("not one whole deflate stream within the limit")
    return raw


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a name stands twice")
    return data


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
