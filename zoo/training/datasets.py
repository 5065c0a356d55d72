"""Public datasets by name: torchvision's CelebA, MNIST and FashionMNIST, and any on the Hugging Face Hub.

A dataset on the Hub is a folder of pictures, or Parquet files with a column of encoded ones, as the Hub itself makes
of any other format. They are read with `pyarrow`, not with `datasets`, which would bring ten more packages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image

from zoo.errors import WeightsError
from zoo.hub import explained

from .decoding import SUFFIXES, Pictures, Source, SourceError, folder, gather

CONVERTED = "refs/convert/parquet"
"""The branch where the Hub keeps Parquet files of datasets in other formats."""

REPO = re.compile(r"[\w.-]+/[\w.-]+")


def celeba(root: Path, count: int, size: int) -> Pictures:
    """Celebrities' faces (Liu 2015, arXiv:1411.7766), for research only: 202,599 of 178×218 px, the middle of each.

    Uses `img_align_celeba`, wherever in `root` it lies; else torchvision downloads it.
    """
    there = next((path for path in sorted(root.rglob("img_align_celeba")) if path.is_dir()), None)
    if there is None:
        _download("CelebA", root)
        there = root / "celeba" / "img_align_celeba"
    return folder(there, count, size)


def mnist(root: Path, count: int, size: int) -> Pictures:
    """Handwritten digits (LeCun 1998): 60,000 of 28×28 px, grey."""
    return _digits("MNIST", root, count, size)


def fashionmnist(root: Path, count: int, size: int) -> Pictures:
    """Clothes (Xiao 2017, arXiv:1708.07747): 60,000 of 28×28 px, grey."""
    return _digits("FashionMNIST", root, count, size)


DATASETS = {"celeba": celeba, "mnist": mnist, "fashionmnist": fashionmnist}


def _digits(name: str, root: Path, count: int, size: int) -> Pictures:
    images = _download(name, root).data[:count].numpy()
    return gather(((str(n), Image.fromarray(each)) for n, each in enumerate(images)), count, size, str(root / name))


def _download(name: str, root: Path) -> Any:
    """torchvision's dataset, downloaded where it is not there. Raises `SourceError`."""
    from torchvision import datasets

    try:
        return getattr(datasets, name)(root, download=True)
    except Exception as error:  # network, Google Drive's limits, a missing gdown, damaged files: each has its own
        raise SourceError(
            "{name} cannot be downloaded to {root}, or what lies there is damaged: {why} Check the network and try "
            "again; or get it by hand, put its files there, or name their folder as {source}:FOLDER.",
            name=name,
            root=root,
            why=_sentence(error),
            source=name.lower(),
        ) from error


def _sentence(error: Exception) -> str:
    last = (str(error).strip() or type(error).__name__).splitlines()[-1]
    return last if last.endswith(".") else f"{last}."


def hub_dataset(name: str, count: int, size: int) -> Pictures:
    """Up to `count` pictures of the dataset `OWNER/NAME` on the Hub, or `OWNER/NAME@REVISION`.

    Raises `SourceError` where there is no such dataset, the Hub does not answer, or it holds no pictures.
    """
    repo, _, revision = name.partition("@")
    if not REPO.fullmatch(repo):
        raise SourceError("“{name}” names no dataset. Write hub:OWNER/NAME.", name=name)
    try:
        with explained(repo):
            pictures, tables, revision = _files(repo, revision or "main")
            items = _pictures(repo, pictures[:count], revision) if pictures else _rows(repo, tables, revision)
            return gather(items, count, size, f"hub:{name}")
    except WeightsError as error:
        raise SourceError(error.sentence, **error.values) from error


def _files(repo: str, revision: str) -> tuple[list[str], list[str], str]:
    """The pictures and the Parquet files there, in name order, training ones first; and the revision they are of."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RevisionNotFoundError

    api = HfApi()
    files = sorted(api.list_repo_files(repo, repo_type="dataset", revision=revision))
    files.sort(key=lambda file: "train" not in file)
    pictures = [file for file in files if Path(file).suffix.lower() in SUFFIXES]
    tables = [file for file in files if file.endswith(".parquet")]
    if tables:
        return [], tables, revision  # pictures beside tables illustrate the card
    if pictures or revision != "main":
        return pictures, [], revision
    try:
        files = sorted(api.list_repo_files(repo, repo_type="dataset", revision=CONVERTED))
    except RevisionNotFoundError:
        return [], [], revision
    return [], sorted((file for file in files if file.endswith(".parquet")), key=lambda f: "train" not in f), CONVERTED


def _fetch(repo: str, file: str, revision: str) -> Path:
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(repo, file, repo_type="dataset", revision=revision))


def _pictures(repo: str, files: Sequence[str], revision: str) -> Iterator[tuple[str, Source]]:
    with ThreadPoolExecutor(8) as pool:
        yield from zip(files, pool.map(lambda file: _fetch(repo, file, revision), files), strict=True)


def _rows(repo: str, files: Sequence[str], revision: str) -> Iterator[tuple[str, Source]]:
    """The pictures in the tables, one file after the other, only as many as are asked for."""
    try:
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise SourceError("Reading {repo} needs pyarrow. Install it with `pip install pyarrow`.", repo=repo) from error
    for name in files:
        table = parquet.ParquetFile(_fetch(repo, name, revision))
        column = _column(table.schema_arrow)
        if column is None:
            raise SourceError(
                "{repo} has no column of pictures in {file}. It has: {columns}. Choose another dataset.",
                repo=repo,
                file=name,
                columns=", ".join(table.schema_arrow.names),
            )
        for batch in table.iter_batches(64, columns=[column]):
            for number, value in enumerate(batch.column(0).to_pylist()):
                yield f"{name}, row {number}", (value["bytes"] if isinstance(value, dict) else value) or b""


def _column(schema: Any) -> str | None:
    """The first column of encoded pictures: of bytes, or of the Hub's struct of bytes and path."""
    from pyarrow import types

    for field in schema:
        kind = field.type
        if types.is_struct(kind) and any(kind.field(n).name == "bytes" for n in range(kind.num_fields)):
            return str(field.name)
        if types.is_binary(kind) or types.is_large_binary(kind):
            return str(field.name)
    return None
