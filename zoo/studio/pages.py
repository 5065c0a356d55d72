"""The pages behind share links: `/p/<code>`, which other sites show as a card, and its picture `/p/<code>.png`.

A page is made from its link alone: nothing is stored, and the same link gives the same page after any restart. Who
follows one is sent on to the studio.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cachetools import LRUCache
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from zoo import label as labels
from zoo.engine import Engine
from zoo.errors import RecipeError, StoreError, ZooError
from zoo.language import Language, say
from zoo.profile import Profile
from zoo.recipe import Recipe, decode
from zoo.studio.opengraph import Card
from zoo.studio.preview import banner, portrait_card
from zoo.studio.share_page import CONTENT_POLICY, SharePage
from zoo.studio.visit import base_of, cache_control, home_of, language_of
from zoo.studio.words import speak

AT_ONCE = 2
"""Personas made for link cards at the same time; visitors of the studio come first."""
PATIENCE = 15.0
"""Seconds a link card waits for its turn, before it does without its picture."""
CACHE = 32 * 2**20
"""Bytes of link cards' pictures that are kept."""


@dataclass(frozen=True)
class _Seen:
    """What is known of a persona. `image` is a labelled PNG; `problem` is why there cannot be one."""

    image: bytes | None = None
    profile: Profile | None = None
    problem: ZooError | None = None


class Pages:
    """The routes of share links. `draws` is off where a picture cannot be had outside the studio: on ZeroGPU."""

    def __init__(self, engine: Engine, draws: bool = True) -> None:
        self._engine = engine
        self._draws = draws
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._seen: LRUCache[str, _Seen] = LRUCache(CACHE, getsizeof=lambda seen: len(seen.image or b""))

    def routes(self) -> list[Route]:
        return [
            Route("/banner.png", self.banner),
            Route("/p/{code:path}.png", self.picture),
            Route("/p/{code:path}", self.page),
        ]

    async def banner(self, request: Request) -> Response:
        """The studio's own picture."""
        return Response(banner(), media_type="image/png", headers={"cache-control": "public, max-age=86400"})

    async def picture(self, request: Request) -> Response:
        """The persona's portrait as a link card, labelled; the banner where it cannot be drawn; 404 where the code is
        damaged."""
        try:
            recipe = decode(request.path_params["code"])
        except RecipeError as error:
            return PlainTextResponse(self._tell(error, language_of(request.scope)), 404)
        seen = await self._see(recipe)
        kept = "public, max-age=86400" if seen.image else "no-store"
        return Response(seen.image or banner(), media_type="image/png", headers={"cache-control": kept})

    async def page(self, request: Request) -> Response:
        """The persona as a page; 404 where the code is damaged, which is said in the visitor's language."""
        code = request.path_params["code"]
        try:
            recipe = decode(code)
        except RecipeError as error:
            return self._answer(request, self._notice(request, error), 404)
        seen = await self._see(recipe)
        page = self._notice(request, seen.problem) if seen.problem else self._persona(request, code, recipe, seen)
        return self._answer(request, page)

    async def _see(self, recipe: Recipe) -> _Seen:
        """The persona of `recipe`, or as much of it as there is time for."""
        if not self._draws:
            return _Seen()
        if (kept := self._seen.get(recipe.id)) is not None:
            return kept
        try:
            await asyncio.wait_for(self._turns.acquire(), PATIENCE)
        except TimeoutError:
            return _Seen()
        try:
            seen = self._seen[recipe.id] = await asyncio.to_thread(self._make, recipe)
        except ZooError as error:
            return _Seen(problem=error)
        finally:
            self._turns.release()
        return seen

    def _make(self, recipe: Recipe) -> _Seen:
        if not all(map(self._engine.store.is_shared, recipe.pictures)):
            raise StoreError(
                "A picture behind this link is not shared, or not any more. Ask who sent the link to press Copy link "
                "again."
            )
        persona = self._engine.run(recipe)
        return _Seen(labels.encode(portrait_card(persona.picture), persona.label, "PNG"), persona.profile)

    def _persona(self, request: Request, code: str, recipe: Recipe, seen: _Seen) -> SharePage:
        language = language_of(request.scope)
        base = base_of(request.scope)
        title = name_of(recipe, seen.profile, language)
        words = about(recipe, seen.profile, language)
        image = f"/p/{code}.png" if self._draws else "/banner.png"
        alt = say("Portrait of {name}", language, name=title)
        card = Card(title, " ".join(words), f"{base}/p/{code}", base + image, alt)
        return SharePage(card, language, _local(request, image), words, home_of(request.scope, code), onward=True)

    def _notice(self, request: Request, problem: ZooError) -> SharePage:
        """Why there is no persona to see, and the way to the studio."""
        language = language_of(request.scope)
        base = base_of(request.scope)
        sentence = self._tell(problem, language)
        title = say("This persona cannot be shown", language)
        card = Card(title, sentence, f"{base}/", f"{base}/banner.png", "Persona Zoo")
        home = home_of(request.scope)
        return SharePage(card, language, _local(request, "/banner.png"), (sentence,), home, onward=False)

    def _answer(self, request: Request, page: SharePage, status: int = 200) -> Response:
        headers = {
            "content-security-policy": CONTENT_POLICY,
            "cache-control": cache_control(),
            "vary": "Accept-Language",
        }
        return HTMLResponse(page.html(), status, headers)

    def _tell(self, error: ZooError, language: Language) -> str:
        return speak(self._engine.zoo, error.sentence, language, **error.values)


def name_of(recipe: Recipe, profile: Profile | None, language: Language) -> str:
    """The persona's nickname, where it is known."""
    typed = recipe.profile.nickname if recipe.profile else None
    return typed or (profile.nickname if profile else None) or say("A persona from Persona Zoo", language)


def about(recipe: Recipe, profile: Profile | None, language: Language) -> tuple[str, ...]:
    """What a link card says under the name. Words that somebody typed are marked as theirs."""
    write = recipe.profile
    typed = say("Text typed by the sender.", language) if write and (write.nickname or write.bio) else ""
    bio = profile.bio if profile else (write.bio if write else None)
    return tuple(filter(None, (bio, typed, say("A fictional persona, generated by AI.", language))))


def _local(request: Request, path: str) -> str:
    """`path` as a link within this site."""
    return str(request.scope.get("root_path", "")).rstrip("/") + path
