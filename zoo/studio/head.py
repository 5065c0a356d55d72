"""The head of the studio's page: what crawlers and Gradio's own scripts find there.

Gradio's `head=` is put in by JavaScript: no crawler sees it, and it comes too late to choose a language. Its page
names Gradio as its title and picture, twice.
"""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zoo.errors import RecipeError
from zoo.language import Language, say
from zoo.recipe import encode, from_query
from zoo.studio.opengraph import Card, tags
from zoo.studio.pages import about, name_of
from zoo.studio.visit import base_of, language_of, query_of

LANGUAGE_KEY = "zoo_language"
"""Where the browser keeps the language that the visitor chose."""

LANGUAGE_SCRIPT = f"""<script>
(() => {{
  const ours = tag => /^(zh|en)\\b/i.test(tag || "");
  const asked = new URLSearchParams(location.search).get("lang");
  let kept = null;
  try {{
    if (ours(asked)) localStorage.setItem("{LANGUAGE_KEY}", asked);
    kept = localStorage.getItem("{LANGUAGE_KEY}");
  }} catch {{ /* a browser without storage remembers nothing */ }}
  const wanted = [asked, kept, ...navigator.languages].find(ours);
  const tag = /^zh/i.test(wanted || "") ? "zh-CN" : "en";
  document.documentElement.lang = tag;
  Object.defineProperty(navigator, "language", {{ get: () => tag }});
  Object.defineProperty(navigator, "languages", {{ get: () => [tag] }});
}})();
</script>
"""
"""Chooses among our languages, by `?lang=`, then what was chosen before, then the browser's own order."""

_GRADIO_TAGS = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*')
_HTML_LANG = re.compile(r'(<html\s[^>]*?lang=)"[^"]*"')


class Head:
    """ASGI middleware: our tags and the language script, right after `<head>`, on `GET /`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and _path(scope) in ("", "/"):
            send = _Rewriting(scope, send)
        await self._app(scope, receive, send)


class _Rewriting:
    """A `send` that holds a page back until it is whole, and gives it its head."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._start: Message = {}
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            await self._finish()

    async def _finish(self) -> None:
        body = bytes(self._body)
        headers = MutableHeaders(scope=self._start)
        if headers.get("content-type", "").startswith("text/html"):
            body = with_head(body.decode(), self._scope).encode()
            headers["content-length"] = str(len(body))
            headers["cache-control"] = "private, no-cache"  # it names this version's scripts, and this visitor's host
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body})


def with_head(page: str, scope: Scope) -> str:
    """Gradio's `page` with our head in place of its own tags, for the persona that the query names, if any."""
    language = language_of(scope)
    ours = LANGUAGE_SCRIPT + tags(_card(scope, language), language)
    page = _GRADIO_TAGS.sub("", page)
    page = _HTML_LANG.sub(rf'\1"{"zh-CN" if language == "zh" else "en"}"', page, count=1)
    return page.replace("<head>", "<head>\n" + ours, 1)


def _card(scope: Scope, language: Language) -> Card:
    """The card of the persona in the query. It is not drawn for this: the page would wait for it."""
    base = base_of(scope)
    try:
        recipe = from_query(query_of(scope))
        code = encode(recipe) if recipe else ""
    except RecipeError:
        recipe, code = None, ""
    if recipe is None:
        about_us = say("Draw a virtual persona, restyle it, have it checked and mended, share it by a link.", language)
        return Card("Persona Zoo", about_us, f"{base}/", f"{base}/banner.png", "Persona Zoo")
    name = name_of(recipe, None, language)
    alt = say("Portrait of {name}", language, name=name)
    words = " ".join(about(recipe, None, language))
    return Card(name, words, f"{base}/p/{code}", f"{base}/p/{code}.png", alt)


def _path(scope: Scope) -> str:
    """The path below where the studio is mounted."""
    return str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
