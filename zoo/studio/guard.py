"""What every request passes before Gradio sees it: what it asks for, its size, its rate.

Gradio 6.31 bounds uploaded files only: a data URL inside JSON may be of any size. It fetches `/file=http…` for
anybody, keeps `deep_link` dumps of sessions for ever, and sends no security headers.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from math import ceil
from urllib.parse import unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zoo.errors import ZooError
from zoo.language import tell
from zoo.studio.headers import security_headers
from zoo.studio.rate import Buckets, client_of
from zoo.studio.visit import language_of

PICTURE_BYTES = 8 * 2**20
"""Of the largest picture that may be uploaded."""
BODY_BYTES = PICTURE_BYTES + 64 * 2**10
"""Of the largest body: one such picture and its multipart envelope. Inside JSON, as base64, that is a picture of
6 MB; a larger one goes through the upload."""
DRAIN_BYTES = 4 * BODY_BYTES
"""Of a refused body that are still read, and dropped: who is still sending does not hear the answer."""

_DECODINGS = 3  # a path that is still encoded after that reaches no route
_CLOSED = re.compile(r"/(?:proxy=|deep_link|file[=/]\s*(?:[a-z][a-z0-9+.-]+:|[/\\]{2}))", re.IGNORECASE)


class RequestError(ZooError):
    """A request that is not served. Its values hold the HTTP `status` of the answer and, where that helps, the seconds
    to `wait`."""


class Guard:
    """ASGI middleware. Refuses in one sentence, in the visitor's language, as JSON: `{"detail": sentence}`."""

    def __init__(
        self,
        app: ASGIApp,
        buckets: Buckets | None = None,
        behind_proxy: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._app = app
        self._buckets = buckets or Buckets()
        self._behind_proxy = behind_proxy
        self._headers = headers or security_headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        exchange = _Exchange(receive, send, self._headers)
        try:
            self._admit(scope)
            await self._app(scope, exchange.receive, exchange.send)
        except RequestError as refusal:
            exchange.refusal = refusal
        except ClientDisconnect:
            return None
        except Exception:
            if exchange.answered:
                raise
            logging.getLogger(__name__).exception("%s %s failed", scope["method"], scope["path"])
            exchange.refusal = RequestError("Something went wrong here, and has been noted. Try again.", status=500)
        if exchange.refusal and not exchange.answered:
            await exchange.refuse(scope, exchange.refusal)
        return None

    def _admit(self, scope: Scope) -> None:
        """Raises `RequestError` where the request's head says enough to refuse it."""
        if _CLOSED.search(_decoded(scope["path"])):
            raise RequestError("There is nothing at this address.", status=404)
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > BODY_BYTES:
            raise _too_large()
        if _is_work(scope) and (wait := self._buckets.take(client_of(scope, self._behind_proxy))):
            raise RequestError("That was a lot at once. Wait a few seconds, then go on.", status=429, wait=ceil(wait))


class _Exchange:
    """One request and its answer: counts what comes in, puts the headers on what goes out."""

    def __init__(self, receive: Receive, send: Send, headers: Mapping[str, str]) -> None:
        self._receive = receive
        self._send = send
        self._headers = headers
        self._received = 0
        self._more = True
        self.answered = False
        self.refusal: RequestError | None = None

    async def receive(self) -> Message:
        """The next piece. Raises `RequestError` at the first byte over the limit, whatever the head declared."""
        message = await self._next()
        if self._received > BODY_BYTES:
            self.refusal = _too_large()
            raise self.refusal
        return message

    async def send(self, message: Message) -> None:
        """Passes on the answer, with the headers. What the application makes of a refused body stays unsaid."""
        if self.refusal:
            return
        if message["type"] == "http.response.start":
            self.answered = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        await self._send(message)

    async def refuse(self, scope: Scope, refusal: RequestError) -> None:
        while self._more and self._received < DRAIN_BYTES:
            await self._next()
        values = refusal.values
        headers = {"retry-after": str(values["wait"])} if "wait" in values else None
        sentence = tell(refusal, language_of(scope))
        self.refusal = None
        await JSONResponse({"detail": sentence}, int(str(values["status"])), headers)(scope, self.receive, self.send)

    async def _next(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        self._more = message.get("more_body", False)
        return message


def _too_large() -> RequestError:
    return RequestError(
        "This is over {limit} MB. Make the picture smaller, and upload it rather than write it into JSON.",
        status=413,
        limit=PICTURE_BYTES // 2**20,
    )


def _is_work(scope: Scope) -> bool:
    """Whether the request asks for more than a file that lies ready."""
    method, path = str(scope["method"]), str(scope["path"])
    return method == "POST" or path.startswith("/p/")


def _decoded(path: str) -> str:
    for _ in range(_DECODINGS):
        path = unquote(path)
    return path
