"""One safetensors file, pinned by commit and digest: where it lies, and what is checked before it is believed.

Every plugin imports this, few need more of it than the pin: the rest is imported where it is used.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from zoo.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

    from zoo.tensors import Shapes

Status = Literal["bundled", "downloaded", "on the Hub", "missing"]


@dataclass(frozen=True)
class WeightsRef:
    """A file of weights: which repo on the Hub, which commit, which bytes.

    `revision` is a full 40-hex commit, never a branch or tag; None says that the weights come with the plugin and
    are on no Hub yet. `sha256` pins the bytes wherever they come from.
    """

    repo_id: str
    revision: str | None
    sha256: str
    filename: str = "model.safetensors"

    def __post_init__(self) -> None:
        if self.revision is not None and not re.fullmatch(r"[0-9a-f]{40}", self.revision):
            raise WeightsError(
                "“{revision}” is not a commit of {repo}. Branches and tags can move: pin a commit's 40 hex digits.",
                revision=self.revision,
                repo=self.repo_id,
            )
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise WeightsError(
                "“{sha256}” is not a SHA-256 digest. Give the 64 hex digits that sha256sum prints.", sha256=self.sha256
            )
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,80}\.safetensors", self.filename):
            raise WeightsError(
                "“{file}” is not a safetensors file name. Convert other formats with `zoo convert`.",
                file=self.filename,
            )
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,96}/[A-Za-z0-9_.-]{1,96}", self.repo_id):
            raise WeightsError("“{repo}” is not a Hub repo. Write owner/name.", repo=self.repo_id)


def find(ref: WeightsRef, folder: Path | None) -> Path:
    """The file itself: beside the plugin in `folder`, else in the Hugging Face cache, else freshly from the Hub.

    Raises `WeightsError` where it cannot be had, and where the first one found is not the pinned one: a mismatch is
    never a reason to look further.
    """
    path = beside(ref, folder)
    if path is None and ref.revision is None:
        raise WeightsError(
            "{file} of {repo} comes with its plugin, and is not there. Restore it with `git checkout`, or install the "
            "plugin again.",
            file=ref.filename,
            repo=ref.repo_id,
        )
    if path is None:
        from zoo import hub

        path = hub.cached(ref) or hub.download(ref)
    with _opened(path) as file:
        start = file.read(64)
    _compare(path, ref, start, digest(path))
    return path


def status(ref: WeightsRef, folder: Path | None) -> Status:
    """Where the weights are, by a look at the disk alone: nothing is opened, asked for or checked."""
    if beside(ref, folder):
        return "bundled"
    if ref.revision is None:
        return "missing"
    from zoo import hub

    return "downloaded" if hub.cached(ref) else "on the Hub"


def beside(ref: WeightsRef, folder: Path | None) -> Path | None:
    """The file in the plugin's own `folder`, where it is there."""
    path = folder / ref.filename if folder else None
    return path if path and path.is_file() else None


def digest(path: Path) -> str:
    """The file's sha256, in hex."""
    import hashlib

    with _opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path, ref: WeightsRef, expected: Shapes) -> dict[str, Tensor]:
    """The tensors in the file, float32, on the CPU: exactly the names and shapes `expected`, every value finite.

    The bytes are read once, so those that were checked are those that are parsed. Raises `WeightsError`.
    """
    import hashlib

    from zoo import tensors

    limit = 8 + tensors.MAX_HEADER + 4 * sum(math.prod(shape) for shape in expected.values())
    with _opened(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise WeightsError(
            "{file} is larger than this model's weights can be ({limit} bytes). Is it another model's?",
            file=path,
            limit=limit,
        )
    _compare(path, ref, data[:64], hashlib.sha256(data).hexdigest())
    return tensors.load(data, path, expected)


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise WeightsError(
            "{file} cannot be read: {why}. Check its permissions and its disk.", file=path, why=error.strerror
        ) from error


def _compare(path: Path, ref: WeightsRef, start: bytes, found: str) -> None:
    if found == ref.sha256:
        return
    from zoo import tensors

    tensors.refuse_foreign(start, path)
    raise WeightsError(
        "{file} is not the pinned file: its sha256 is {digest}, the pin of {repo} says {pin}. Get it anew with "
        "`zoo pull`, or `git checkout` where it comes with the plugin. Changed on purpose? Pin the new digest.",
        file=path,
        digest=found,
        repo=ref.repo_id,
        pin=ref.sha256,
    )
