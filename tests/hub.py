"""A small Hugging Face Hub on 127.0.0.1, for the real client: resolve, tree, create, pre-upload, LFS, commit, faults.

Repos live in memory. `.safetensors` files are LFS files, as on the Hub: `resolve` sends the client on to another host
(here `localhost`), which serves the bytes without knowing who asks.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock
from urllib.parse import unquote, urlsplit

from huggingface_hub import close_session, constants

TOKEN = "hf_test"


@dataclass
class Hub:
    """What the Hub holds, what it does wrong, and what it was asked."""

    port: int = 0
    repos: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    """Repo → commit → file name → bytes. The last commit is `main`."""
    objects: dict[str, bytes] = field(default_factory=dict)
    """LFS objects by sha256."""
    gated: set[str] = field(default_factory=set)
    cut_after: int | None = None
    """The next download breaks off after so many bytes."""
    silent: bool = False
    """Accepts requests and does not answer them."""
    down: bool = False
    """Answers 503 to everything."""
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Method, path and Range header of every request."""
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add(self, repo: str, files: dict[str, bytes]) -> str:
        """A new commit of `repo` with `files` added, and its 40 hex digits."""
        commits = self.repos.setdefault(repo, {})
        before = next(reversed(commits.values()), {})
        commit = hashlib.sha1(f"{repo}{len(commits)}".encode()).hexdigest()
        commits[commit] = before | files
        self.objects |= {sha256(data): data for name, data in files.items() if is_lfs(name)}
        return commit


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A Hub that listens until the end of the block."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"hub": hub}))
    hub.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """One request. The paths are the Hub's: see huggingface_hub's `hf_api.py` and `lfs.py`."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_PUT(self) -> None:
        self.answer()

    def log_message(self, *_: object) -> None:
        """Quiet: `hub.requests` is the log."""

    def answer(self) -> None:
        body = self.body()
        path = unquote(urlsplit(self.path).path).strip("/")
        self.hub.requests.append((self.command, path, self.headers.get("Range")))
        if self.hub.silent:
            self.hub.closing.wait(30)
            self.close_connection = True
        elif self.hub.down:
            self.error(503, None)
        else:
            self.route(path, body)

    def route(self, path: str, body: bytes) -> None:
        path = path.replace("api/datasets/", "api/models/").removeprefix("datasets/")  # one name, one repo, of any kind
        match path.split("/"):
            case ["api", "validate-yaml"]:
                self.json({"errors": [], "warnings": []})
            case ["api", "repos", "create"]:
                self.create(json.loads(body))
            case ["api", "models", owner, name, "preupload", _]:
                self.preupload(f"{owner}/{name}", json.loads(body))
            case ["api", "models", owner, name, "commit", _]:
                self.commit(f"{owner}/{name}", body)
            case ["api", "models", owner, name, "revision", revision]:
                self.info(f"{owner}/{name}", revision)
            case ["api", "models", owner, name, "tree", *revision]:
                self.tree(f"{owner}/{name}", "/".join(revision))
            case [owner, name, "resolve", revision, *file]:
                self.resolve(f"{owner}/{name}", revision, "/".join(file))
            case [_, _, "info", "lfs", "objects", "batch"]:
                self.batch(json.loads(body))
            case ["lfs", digest] if self.command == "PUT":
                self.store(digest, body)
            case ["lfs", digest]:
                self.serve(self.hub.objects[digest])
            case _:
                self.error(404, None)

    def resolve(self, repo: str, revision: str, name: str) -> None:
        files = self.files(repo, revision)
        if files is None:
            return
        if name not in files:
            self.error(404, "EntryNotFound")
            return
        data, commit = files[name], self.commit_of(repo, revision)
        if not is_lfs(name):
            self.serve(data, {"ETag": f'"{git_oid(data)}"', "X-Repo-Commit": commit})
            return
        self.send_response(302)
        self.send_header("Location", f"http://localhost:{self.hub.port}/lfs/{sha256(data)}")
        self.send_header("X-Repo-Commit", commit)
        self.send_header("X-Linked-Size", str(len(data)))
        self.send_header("X-Linked-ETag", f'"{sha256(data)}"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def serve(self, data: bytes, headers: dict[str, str] | None = None) -> None:
        """`data`, or the range of it that was asked for, or as much as `cut_after` lets through."""
        start = int(self.headers["Range"].removeprefix("bytes=").split("-")[0]) if "Range" in self.headers else 0
        self.send_response(206 if start else 200)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if self.command == "HEAD":
            return
        sent = data[start:]
        if self.hub.cut_after is not None:
            sent, self.hub.cut_after, self.close_connection = sent[: self.hub.cut_after], None, True
        self.wfile.write(sent)

    def create(self, wanted: dict[str, str]) -> None:
        repo = f"{wanted['organization']}/{wanted['name']}"
        if self.authorized():
            known = repo in self.hub.repos
            self.hub.repos.setdefault(repo, {})
            self.json({"url": f"{self.hub.url}/{repo}"}, 409 if known else 200)

    def preupload(self, repo: str, wanted: dict[str, list[dict[str, str]]]) -> None:
        if self.authorized():
            now = next(reversed(self.hub.repos[repo].values()), {})
            self.json({"files": [self.upload_mode(now, file["path"]) for file in wanted["files"]]})

    @staticmethod
    def upload_mode(now: dict[str, bytes], path: str) -> dict[str, object]:
        oid = (sha256 if is_lfs(path) else git_oid)(now[path]) if path in now else None
        return {"path": path, "uploadMode": "lfs" if is_lfs(path) else "regular", "shouldIgnore": False, "oid": oid}

    def batch(self, wanted: dict[str, list[dict[str, object]]]) -> None:
        if self.authorized():
            href = f"{self.hub.url}/lfs/"
            self.json(
                {
                    "transfer": "basic",
                    "objects": [o | {"actions": {"upload": {"href": f"{href}{o['oid']}"}}} for o in wanted["objects"]],
                }
            )

    def store(self, digest: str, body: bytes) -> None:
        if sha256(body) != digest:
            self.error(400, None)
            return
        self.hub.objects[digest] = body
        self.json({})

    def commit(self, repo: str, body: bytes) -> None:
        if not self.authorized():
            return
        files = {}
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.objects[value["oid"]]
        commit = self.hub.add(repo, files)
        self.json({"commitOid": commit, "commitUrl": f"{self.hub.url}/{repo}/commit/{commit}"})

    def info(self, repo: str, revision: str) -> None:
        files = self.files(repo, revision)
        if files is not None:
            siblings = [{"rfilename": name} for name in files]
            self.json({"id": repo, "sha": self.commit_of(repo, revision), "siblings": siblings})

    def tree(self, repo: str, revision: str) -> None:
        files = self.files(repo, revision)
        if files is not None:
            self.json([self.tree_entry(name, data) for name, data in files.items()])

    @staticmethod
    def tree_entry(name: str, data: bytes) -> dict[str, object]:
        lfs = {"lfs": {"oid": sha256(data), "size": len(data), "pointerSize": 130}} if is_lfs(name) else {}
        return {"type": "file", "path": name, "size": len(data), "oid": git_oid(data)} | lfs

    def files(self, repo: str, revision: str) -> dict[str, bytes] | None:
        """The files at `revision`, or None after an error was sent."""
        if repo in self.hub.gated:
            self.error(403, "GatedRepo")
        elif repo not in self.hub.repos:
            self.error(404, "RepoNotFound")
        elif revision not in ("main", *self.hub.repos[repo]):
            self.error(404, "RevisionNotFound")
        else:
            return self.hub.repos[repo][self.commit_of(repo, revision)]
        return None

    def commit_of(self, repo: str, revision: str) -> str:
        return list(self.hub.repos[repo])[-1] if revision == "main" else revision

    def authorized(self) -> bool:
        allowed = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if not allowed:
            self.error(401, None)
        return allowed

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def json(self, value: object, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def error(self, status: int, code: str | None) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


def is_lfs(name: str) -> bool:
    return name.endswith(".safetensors")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_oid(data: bytes) -> str:
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()


@contextmanager
def client_of(hub: Hub, home: Path, **variables: str) -> Iterator[None]:
    """The real client, in this process, as if it had been started with these environment variables.

    The client reads its environment when it is imported, so its `constants` are imported anew.
    """
    environment = {**os.environ, **settings(hub, home), **variables}
    with mock.patch.dict(os.environ, environment):
        importlib.reload(constants)
        try:
            yield
        finally:
            close_session()
    importlib.reload(constants)


def settings(hub: Hub, home: Path) -> dict[str, str]:
    """The environment variables that point the client at `hub` and at a cache of its own."""
    return {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(home),
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_ETAG_TIMEOUT": "1",
        "HF_HUB_DOWNLOAD_TIMEOUT": "1",
    }
