"""The store: what is held, what is shared, and what a full, foreign or damaged folder does. Row numbers are those of
the list of bad inputs that the store was designed against."""

import io
import os
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoo.errors import StoreError
from zoo.label import GENERATED, Aigc, Label, encode
from zoo.pictures import MOST_BYTES, Picture, digest, open_picture
from zoo.store import Store


def picture(seed: int = 0, side: int = 64) -> Picture:
    """Noise, which no compression makes smaller."""
    levels = np.random.RandomState(seed).randint(0, 256, (side, side, 3), dtype=np.uint8)
    return Picture(Image.fromarray(levels))


def weight(one: Picture) -> int:
    return len(encode(one.image, one.label, "PNG"))


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_what_is_held_is_there_and_nowhere_on_disk(tmp_path):
    store = Store(str(tmp_path / "store"))
    name = store.hold(picture())
    assert name == digest(picture())
    assert store.get(name) == picture()
    assert not (tmp_path / "store").exists()


def test_memory_keeps_what_was_used_last():
    store = Store("memory://lru", memory=2 * 64 * 64 * 3)
    first, second = store.hold(picture(1)), store.hold(picture(2))
    store.get(first)
    third = store.hold(picture(3))
    assert store.get(first) == picture(1)
    assert store.get(third) == picture(3)
    with pytest.raises(StoreError, match="Upload it again"):
        store.get(second)


@pytest.mark.parametrize("url", ["memory://shared", "folder"])
def test_what_is_shared_outlives_the_studio(url, tmp_path):
    url = str(tmp_path / url) if url == "folder" else url
    labelled = Picture(picture().image, Label(GENERATED, Aigc(producer="别人", produce_id="1"), "another system"))
    before = Store(url)
    name = before.hold(labelled)
    before.share(name)
    assert Store(url).get(name) == labelled


def test_nothing_is_shared_that_was_not_asked_for(tmp_path):
    store = Store(str(tmp_path))
    store.hold(picture(1))
    store.share(store.hold(picture(2)))
    assert names(tmp_path) == {f"{digest(picture(2))}.png"}


def test_a_picture_may_take_more_room_as_png_than_an_upload_may(tmp_path):
    large = picture(side=1700)
    assert weight(large) > MOST_BYTES
    store = Store(str(tmp_path))
    name = store.hold(large)
    store.share(name)
    assert Store(str(tmp_path)).get(name) == large


@pytest.mark.parametrize("name", ["../../x", "CON", "a" * 300, "A" * 64, "a" * 63 + "/", "a" * 64 + "\n", ""])
def test_row_21_files_are_named_by_digests_and_nothing_else(name, tmp_path):
    store = Store(str(tmp_path))
    for verb in (store.get, store.share):
        with pytest.raises(StoreError, match="names no picture"):
            verb(name)
    assert not names(tmp_path)


def test_the_oldest_make_room(tmp_path):
    pictures = [picture(seed) for seed in range(4)]
    store = Store(str(tmp_path), size=int(2.5 * weight(pictures[0])))
    for age, one in zip((30, 40, 20, 10), pictures, strict=True):
        name = store.hold(one)
        store.share(name)
        os.utime(tmp_path / f"{name}.png", (time.time() - age,) * 2)
    assert names(tmp_path) == {f"{digest(one)}.png" for one in pictures[2:]}


def test_a_picture_past_its_age_is_gone_and_swept(tmp_path):
    store = Store(str(tmp_path), days=30, memory=1)
    old = store.hold(picture(1))
    store.share(old)
    os.utime(tmp_path / f"{old}.png", (time.time() - 31 * 86400,) * 2)
    new = store.hold(picture(2))
    with pytest.raises(StoreError, match="kept for 30 days"):
        store.get(old)
    store.share(new)
    assert names(tmp_path) == {f"{new}.png"}


def test_other_peoples_files_are_never_swept(tmp_path):
    (tmp_path / "thesis.png").write_bytes(bytes(10_000_000))
    store = Store(str(tmp_path), size=100_000, days=0)
    store.share(store.hold(picture()))
    assert "thesis.png" in names(tmp_path)


def test_a_picture_larger_than_the_store_is_refused(tmp_path):
    store = Store(str(tmp_path), size=1000)
    with pytest.raises(StoreError, match="larger than the whole store"):
        store.share(store.hold(picture()))
    assert not names(tmp_path)


def test_what_was_changed_in_the_folder_is_not_taken_for_the_picture(tmp_path):
    store = Store(str(tmp_path))
    name = store.hold(picture(1))
    store.share(name)
    path = tmp_path / f"{name}.png"
    for changed in (encode(picture(2).image, None, "PNG"), path.read_bytes()[:-500], b"", b"<script>"):
        path.write_bytes(changed)
        with pytest.raises(StoreError, match="damaged in the store"):
            Store(str(tmp_path)).get(name)


def test_row_35_a_full_disk_leaves_no_half_file(tmp_path):
    store = Store(str(tmp_path))
    name = store.hold(picture())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StoreError, match="Make room where ZOO_STORE points to"):
            store.share(name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not names(tmp_path)
    assert store.get(name) == picture()


def test_row_35_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "file").touch()
    store = Store(str(tmp_path / "file" / "store"))
    with pytest.raises(StoreError, match="This picture cannot be shared: Not a directory"):
        store.share(store.hold(picture()))


def test_the_environment_says_where_how_much_and_how_long(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_STORE", str(tmp_path))
    monkeypatch.setenv("ZOO_STORE_BYTES", "1000")
    store = Store()
    name = store.hold(picture())
    with pytest.raises(StoreError, match="larger than the whole store"):
        store.share(name)
    monkeypatch.setenv("ZOO_STORE_DAYS", "ninety")
    with pytest.raises(StoreError, match="ZOO_STORE_DAYS is “ninety”"):
        Store()


def test_many_threads_share_one_store(tmp_path):
    """Also where memory has no room for all: what was pushed out is read from the folder again."""
    store = Store(str(tmp_path), memory=3 * 64 * 64 * 3)
    for number in range(4):  # else one could be pushed out before it was ever written
        store.share(store.hold(picture(number)))

    def keep(seed: int) -> str:
        name = store.hold(picture(seed % 4))
        store.share(name)
        return name

    with ThreadPoolExecutor(8) as threads:
        kept = set(threads.map(keep, range(32)))
    assert names(tmp_path) == {f"{name}.png" for name in kept}
    assert {name: Store(str(tmp_path)).get(name) for name in kept} == {digest(picture(n)): picture(n) for n in range(4)}


def test_a_stored_file_carries_its_label_for_others_too(tmp_path):
    store = Store(str(tmp_path))
    labelled = open_picture(encode(picture().image, Label(source_type=GENERATED), "JPEG"))
    name = store.hold(labelled)
    store.share(name)
    xmp = Image.open(io.BytesIO((tmp_path / f"{name}.png").read_bytes())).info["xmp"]
    assert GENERATED.encode() in (xmp if isinstance(xmp, bytes) else xmp.encode())
