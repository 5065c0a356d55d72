"""What a request says of its visitor, apart from who it is."""

from __future__ import annotations

import logging
import os
import re
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.types import Scope

from zoo.language import Language

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?", re.IGNORECASE)
_QUERY_FIELDS = 32


def query_of(scope: Scope) -> dict[str, str]:
    """The fields of a request's query."""
    return read_query(scope["query_string"].decode("latin-1"))


def read_query(text: str) -> dict[str, str]:
    """The fields of a query, none where there are absurdly many. Of two with one name the first counts, and the log
    says so."""
    try:
        pairs = parse_qsl(text, max_num_fields=_QUERY_FIELDS)
    except ValueError:
        return {}
    query: dict[str, str] = {}
    for name, value in pairs:
        if name in query:
            logging.getLogger(__name__).warning("The query has %r twice; the first counts.", name[:40])
        query.setdefault(name, value)
    return query


def language_of(scope: Scope) -> Language:
    """What the visitor reads: as `?lang=` asks, else the first of ours that the browser accepts, else English."""
    accepted = Headers(scope=scope).get("accept-language", "")
    for tag in (query_of(scope).get("lang", ""), *accepted.split(",")):
        start = tag.strip().lower()[:2]
        if start in ("en", "zh"):
            return "zh" if start == "zh" else "en"
    return "en"


def configured_base() -> str | None:
    """The public address of this studio, without a slash at the end: `ZOO_URL`, or the Space's own."""
    if url := os.environ.get("ZOO_URL"):
        return url.rstrip("/")
    host = os.environ.get("SPACE_HOST")
    return f"https://{host}" if host else None


def base_of(scope: Scope) -> str:
    """The address that absolute links begin with: the configured one, else the one the visitor used.

    The latter is the sender's word: it has to look like a host, and an answer made with it must not be cached
    (`cache_control`), or one sender's word would reach others. Where it does not, links are relative.
    """
    if base := configured_base():
        return base
    host = Headers(scope=scope).get("host", "")
    root = str(scope.get("root_path", "")).rstrip("/")
    return f"{scope['scheme']}://{host}{root}" if _HOST.fullmatch(host) else root


def cache_control() -> str:
    """How long an answer with absolute links may be kept."""
    return "public, max-age=3600" if configured_base() else "no-store"


def home_of(scope: Scope, code: str = "") -> str:
    """Where people use the studio, with the persona of `code` at hand: on a Space the page around it, since ZeroGPU
    counts only the visitors of that."""
    space = os.environ.get("SPACE_ID")
    home = f"https://huggingface.co/spaces/{space}" if space else str(scope.get("root_path", "")).rstrip("/") + "/"
    asked = {"p": code, "lang": query_of(scope).get("lang", "")}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{home}?{query}" if query else home
