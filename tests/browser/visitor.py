"""What a visitor does in the studio, and sees there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numpy as np
from PIL import Image
from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Locator, Request, expect

PATIENCE = 60_000
"""Milliseconds to wait for anything: machines that run tests are busy."""
expect.set_options(timeout=PATIENCE)

FRAMES = """count => new Promise(done => {
    const wait = left => requestAnimationFrame(() => left > 1 ? wait(left - 1) : done());
    wait(count);
})"""
"""Waits until the page was painted so many times."""


class Visitor:
    """A page of the studio. Handlers answer when the recipe at hand changes; `doing` waits for that."""

    def __init__(self, context: BrowserContext, url: str, language: str, words: Mapping[str, str]) -> None:
        self.url = url
        self.language = language
        self.words = words
        self.complaints: list[str] = []
        self.context = context
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("dialog", self._asked)
        self.page.on("request", self._sent)

    def leave(self) -> list[str]:
        """What went wrong: console errors, dialogs, requests to anybody else."""
        self.context.close()
        return self.complaints

    def say(self, english: str) -> str:
        """The page's words for `english`."""
        return self.words.get(english, english)

    def open(self, path: str = "/", **query: str) -> None:
        """Opens the studio, and waits until the page has spoken to the server and back."""
        if self.language == "zh":
            query = {"lang": "zh-CN"} | query
        self.page.goto(self.url + path + ("?" + urlencode(query) if query else ""))
        self.settled()

    def settled(self) -> None:
        expect(self.see("#generator-about .model")).to_be_visible()
        expect(self.see("#settings-ready")).to_be_attached()
        self.idle()

    def idle(self) -> None:
        """Until nothing on the page waits for an answer."""
        expect(self.page.locator("[data-testid='status-tracker']:not(.hide):not(:has(.error)):visible")).to_have_count(
            0
        )

    def see(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def tab(self, english: str) -> None:
        self.page.get_by_role("tab", name=self.say(english), exact=True).click()

    def unfold(self, english: str) -> None:
        """Opens an accordion of the tab that shows, and leaves Gradio the frames that it takes to write into what was
        folded away: quicker hands than a person's would lose what they type."""
        fold = self.page.locator("button.label-wrap:visible", has_text=self.say(english))
        fold.click()
        expect(fold.locator("xpath=following-sibling::div").locator(".block:visible").first).to_be_visible()
        self.page.evaluate(FRAMES, 4)

    def choose(self, selector: str, option: str) -> None:
        """Picks an option of a dropdown."""
        self.see(f"{selector} input").click()
        self.page.get_by_role("option", name=option, exact=True).click()
        self.idle()

    @property
    def recipe(self) -> str:
        """The JSON of the recipe at hand."""
        return self.see("#at-hand textarea").input_value()

    def click(self, selector: str) -> None:
        """Clicks what makes another persona of the one at hand, and waits for it."""
        before = self.recipe
        self.see(selector).click()
        self.changed(before)

    def changed(self, before: str) -> None:
        expect(self.see("#at-hand textarea")).not_to_have_value(before)
        expect(self.see("#portrait img")).to_have_attribute("src", re.compile(self.name))
        self.idle()

    @property
    def name(self) -> str:
        """The name of the portrait's file: it has the recipe's id in it."""
        return f"persona-{hashlib.sha256(self.recipe.encode()).hexdigest()[:12]}.png"

    def generate(self) -> None:
        self.click("#generate")

    def pixels(self, selector: str = "#portrait img") -> np.ndarray:
        """The picture that the page shows, decoded: `[H,W,3]`, 0..255."""
        source = self.see(selector).get_attribute("src")
        return np.asarray(Image.open(BytesIO(self.context.request.get(source).body())).convert("RGB"), np.int16)

    def copy_link(self, tab: str) -> str:
        """Presses Copy link; the link stands on the page, and is in the clipboard."""
        self.see(f"#{tab}-copy").click()
        box = self.see(f"#{tab}-link textarea, #{tab}-link input")
        expect(box).to_have_value(re.compile("/p/"))
        link = box.input_value()
        self.page.wait_for_function("link => navigator.clipboard.readText().then(text => text === link)", arg=link)
        return link

    def told(self, english: str) -> None:
        """A toast says so; then it is closed."""
        toast = self.page.get_by_test_id("toast-body").filter(has_text=self.say(english))
        expect(toast.first).to_be_visible()
        toast.first.get_by_test_id("toast-close").click()

    def download(self, selector: str, folder: Path) -> Path:
        with self.page.expect_download() as download:
            self.see(selector).click()
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def fits(self) -> None:
        """Nothing makes the page wider than the screen."""
        assert self.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} {message.location}")

    def _asked(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _sent(self, request: Request) -> None:
        if urlsplit(request.url).scheme in ("http", "https") and not request.url.startswith(self.url + "/"):
            self.complaints.append(f"request: {request.url}")
