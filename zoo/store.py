"""The store: pictures by digest, in memory, and in a folder where a visitor chose to share them."""

from __future__ import annotations

import os
import re
import uuid
from collections import OrderedDict
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

from fsspec.core import url_to_fs

from zoo.errors import PictureError, StoreError
from zoo.label import encode
from zoo.pictures import Picture, digest, open_picture

MEMORY_BYTES = 512_000_000
FOLDER_BYTES = 1_000_000_000
FOLDER_DAYS = 90
FILE_BYTES = 64_000_000
"""The most that one picture of the gate takes as PNG: 16 megapixels that do not compress."""

_OUR_FILE = re.compile(r"(\.[0-9a-f]{32}\.part|[0-9a-f]{64}\.png)")


class Store:
    """Pictures by digest.

    Where not given, the folder is `ZOO_STORE` (any fsspec URL, by default ~/.cache/persona-zoo/store), its size limit
    `ZOO_STORE_BYTES`, its age limit `ZOO_STORE_DAYS`. The oldest pictures go first.
    """

    def __init__(
        self, url: str | None = None, *, size: int | None = None, days: int | None = None, memory: int = MEMORY_BYTES
    ) -> None:
        url = url or os.environ.get("ZOO_STORE") or str(Path.home() / ".cache" / "persona-zoo" / "store")
        self._files, self._folder = url_to_fs(url)
        self._size = size if size is not None else _setting("ZOO_STORE_BYTES", FOLDER_BYTES)
        self._days = days if days is not None else _setting("ZOO_STORE_DAYS", FOLDER_DAYS)
        self._memory = memory
        self._held: OrderedDict[str, Picture] = OrderedDict()
        self._held_bytes = 0
        self._lock = RLock()

    def hold(self, picture: Picture) -> str:
        """Keep `picture` in memory, for as long as there is room; returns its digest."""
        name = digest(picture)
        with self._lock:
            if name not in self._held:
                self._held[name] = picture
                self._held_bytes += _weight(picture)
            self._held.move_to_end(name)
            while self._held_bytes > self._memory and len(self._held) > 1:
                self._held_bytes -= _weight(self._held.popitem(last=False)[1])
        return name

    def share(self, name: str) -> None:
        """Write the picture of digest `name` to the folder with its label, whole or not at all.

        Raises `StoreError` where it is not here any more, or there is no room for it.
        """
        picture = self.get(name)
        data = encode(picture.image, picture.label, "PNG")
        if len(data) > self._size:
            raise StoreError("This picture is larger than the whole store. Make it smaller before you share it.")
        try:
            with self._lock:
                self._files.makedirs(self._folder, exist_ok=True)
                self._sweep(len(data))
                self._put(self._path(name), data)
        except OSError as error:
            raise StoreError(
                "This picture cannot be shared: {why}. Make room where ZOO_STORE points to, or set it to a folder that "
                "can be written.",
                why=error.strerror or str(error),
            ) from None

    def is_shared(self, name: str) -> bool:
        """Whether the picture of digest `name` lies in the folder, so that anybody with its link may see it."""
        try:
            return bool(self._files.modified(self._path(name)) >= self._oldest())
        except OSError:
            return False

    def get(self, name: str) -> Picture:
        """The picture of digest `name`. Raises `StoreError` where it is not here, or not what was stored."""
        path = self._path(name)
        with self._lock:
            if name in self._held:
                self._held.move_to_end(name)
                return self._held[name]
        try:
            if self._files.modified(path) < self._oldest():
                raise FileNotFoundError
            picture = open_picture(self._files.cat_file(path, 0, FILE_BYTES + 1), FILE_BYTES)
        except OSError:
            raise StoreError(
                "The picture behind this link is not here any more: shared pictures are kept for {days} days. Upload "
                "it again.",
                days=self._days,
            ) from None
        except PictureError:
            raise _damaged() from None
        if self.hold(picture) != name:
            raise _damaged()
        return picture

    def _path(self, name: str) -> str:
        if not re.fullmatch(r"[0-9a-f]{64}", name):
            raise StoreError("“{name}” names no picture. Copy the whole link again.", name=name[:80])
        return f"{self._folder}/{name}.png"

    def _oldest(self) -> datetime:
        return datetime.now(UTC) - timedelta(days=self._days)

    def _put(self, path: str, data: bytes) -> None:
        part = f"{self._folder}/.{uuid.uuid4().hex}.part"
        try:
            with self._files.open(part, "wb") as file:
                file.write(data)
            self._files.mv(part, path)
        except OSError:
            with suppress(OSError):
                self._files.rm_file(part)
            raise

    def _sweep(self, room: int) -> None:
        """Remove what is too old, then the oldest until there is `room` bytes."""
        self._files.invalidate_cache(self._folder)
        files = [file for file in self._files.ls(self._folder, detail=True) if _is_ours(file)]
        dated = sorted(((self._files.modified(file["name"]), file) for file in files), key=lambda pair: pair[0])
        total = room + sum(file["size"] for file in files)
        for modified, file in dated:
            if modified >= self._oldest() and total <= self._size:
                break
            with suppress(FileNotFoundError):  # another studio swept it
                self._files.rm_file(file["name"])
            total -= file["size"]


def _weight(picture: Picture) -> int:
    return picture.image.width * picture.image.height * 3


def _is_ours(file: dict[str, Any]) -> bool:
    return _OUR_FILE.fullmatch(file["name"].rsplit("/", 1)[-1]) is not None


def _damaged() -> StoreError:
    return StoreError("The picture behind this link is damaged in the store. Upload it again.")


def _setting(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise StoreError("{name} is “{value}”. Set it to a whole number.", name=name, value=text)
    return int(text)
