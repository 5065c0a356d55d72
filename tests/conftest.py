"""The studio itself, `zoo serve` with every bundled model, for the tests that look at it from outside."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from zoo.registry import Zoo, discover

ROOT = Path(__file__).parent.parent
SECONDS = 180
"""To start in: machines that run tests are busy."""


class Site:
    """The server: a process of its own on a free port, with a store and a temporary folder that tests may look into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._visitors = count(1)
        self.log = ""
        self.start()

    def start(self) -> None:
        """Returns once it answers."""
        env = os.environ | {
            "GRADIO_TEMP_DIR": str(self.folder / "temporary"),
            "GRADIO_ANALYTICS_ENABLED": "False",
            "PYTHONUNBUFFERED": "1",
            "ZOO_STORE": str(self.folder / "store"),
            "ZOO_BEHIND_PROXY": "1",  # every visitor of the tests has an address of their own
            "ZOO_SECONDS": "300",
        }
        command = [sys.executable, "-m", "zoo", "serve", "--port", str(self.port)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
        )
        ready = Event()
        Thread(target=self._listen, args=(ready,), daemon=True).start()
        assert ready.wait(SECONDS), self.log

    def _listen(self, ready: Event) -> None:
        """Keeps what the server says."""
        for line in self._process.stdout:
            self.log += line
            if "Running on" in line:
                ready.set()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)

    @property
    def address(self) -> dict[str, str]:
        """Headers that make a request another visitor's."""
        return {"x-forwarded-for": f"2001:db8:0:{next(self._visitors):x}::1"}

    def client(self) -> httpx.Client:
        """A visitor without a browser."""
        return httpx.Client(base_url=self.url, timeout=120, trust_env=False, headers=self.address)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def zoo() -> Zoo:
    """What is bundled."""
    return discover(strict=True)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for all tests of a run. Whatever they did, no handler fell over: that would be in the log."""
    served = Site(tmp_path_factory.mktemp("studio"))
    yield served
    served.stop()
    assert not re.search(r"^\w+ failed$", served.log, re.MULTILINE), served.log


@pytest.fixture(scope="session")
def chromium() -> dict[str, object]:
    """How Playwright launches the Chromium that `CHROMIUM` names, or Debian's."""
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return {"executable_path": path, "args": ["--no-sandbox", "--disable-gpu", "--disable-quic", *quiet]}
