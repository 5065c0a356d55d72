"""Where training pictures come from."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow
import pytest
import torch
from hub import Hub, client_of, running_hub
from PIL import Image
from pyarrow import parquet

from zoo.training import sources
from zoo.training.avatars import STYLES, draw, look
from zoo.training.sources import SourceError, avatars, batches, pictures


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "CACHE", tmp_path / "cache")


@pytest.mark.parametrize("style", STYLES)
def test_a_portrait_is_a_function_of_its_seed(style):
    assert (draw(style, 7, 32) == draw(style, 7, 32)).all()
    assert (draw(style, 7, 32) != draw(style, 8, 32)).any()


@pytest.mark.parametrize("style", STYLES)
def test_a_portrait_fills_its_picture_with_colour(style):
    portrait = draw(style, 3, 64).astype(int)
    background, middle = portrait[2, 2], portrait[20:44, 20:44].reshape(-1, 3)
    assert (np.abs(middle - background).sum(1) > 40).mean() > 0.8
    assert np.ptp(middle, axis=1).max() > 30, "not a grey face"


def test_a_look_leaves_nothing_to_the_dice():
    options = look("lorelei", 5)
    assert all(len(value) == 1 for value in options.values() if isinstance(value, list))
    assert {value for name, value in options.items() if name.endswith("Probability")} <= {0, 100}


def test_more_avatars_begin_with_the_same_ones():
    few, many = avatars(2, 24, seed=1), avatars(4, 24, seed=1)
    assert few.shape == (2, 24, 24, 3)
    assert (few == many[:2]).all()
    assert (few != avatars(2, 24, seed=2)).any()


def test_avatars_are_drawn_once_and_then_read(tmp_path):
    first = avatars(2, 24)
    (file,) = (tmp_path / "cache").iterdir()
    written = file.stat().st_mtime_ns
    assert (avatars(2, 24) == first).all()
    assert file.stat().st_mtime_ns == written


def test_a_source_may_be_one_style():
    one, both = pictures("avatars:open-peeps", 2, 24), pictures("avatars:", 2, 24)
    assert (one != both).any()


def test_a_folder_gives_its_pictures_cut_square_without_the_broken(tmp_path, capsys):
    Image.new("RGBA", (40, 20), "red").save(tmp_path / "b.png")
    Image.new("L", (20, 20), 128).save(tmp_path / "a.png")
    (tmp_path / "c.jpg").write_bytes(b"not a picture")
    (tmp_path / "d.png").write_bytes(b"")
    whole = BytesIO()
    Image.effect_noise((64, 64), 50).save(whole, "PNG")
    (tmp_path / "e.png").write_bytes(whole.getvalue()[:1000])
    (tmp_path / "notes.txt").write_text("neither")
    found = pictures(str(tmp_path), 10, 16)
    assert found.shape == (2, 16, 16, 3)
    assert found[:, 8, 8].tolist() == [[128, 128, 128], [255, 0, 0]]
    told = capsys.readouterr().out
    assert told.startswith("3 of 5 pictures")
    assert all(name in told for name in ("c.jpg", "d.png", "e.png (image file is truncated"))


def test_pictures_of_every_mode_become_rgb_on_white(tmp_path):
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(tmp_path / "a.png")
    Image.fromarray(np.full((20, 20), 257 * 100, np.uint16)).save(tmp_path / "b.png")
    Image.new("CMYK", (20, 20), (255, 0, 0, 0)).save(tmp_path / "c.jpg", quality=95)
    Image.new("P", (20, 20)).save(tmp_path / "d.png")
    clear, deep, cyan, palette = pictures(str(tmp_path), 4, 16)[:, 8, 8].astype(int).tolist()
    assert (clear, deep, palette) == ([255] * 3, [100] * 3, [0] * 3)
    assert cyan[0] < 20
    assert cyan[2] > 200


def test_a_folder_of_one_picture_is_too_little(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "one.png")
    with pytest.raises(SourceError, match=r"too few pictures to learn from: 1\. Give at least 2"):
        pictures(str(tmp_path), 10, 16)


def test_batches_are_drawn_with_torchs_generator_and_mirrored_where_asked():
    found = np.arange(2 * 3, dtype=np.uint8).reshape(2, 1, 3, 1).repeat(3, axis=3)
    torch.manual_seed(0)
    first = batches(found)(8)
    torch.manual_seed(0)
    assert torch.equal(batches(found)(8), first)
    assert first.shape == (8, 3, 1, 3)
    rows = {tuple((255 * row).round().int().tolist()) for row in batches(found, mirrored=True)(64)[:, 0, 0]}
    assert rows == {(0, 1, 2), (2, 1, 0), (3, 4, 5), (5, 4, 3)}


def idx(values: np.ndarray) -> bytes:
    """The format of MNIST: type and rank, the sizes, the bytes."""
    return bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape) + values.tobytes()


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    for name in ("MNIST", "FashionMNIST"):
        raw = tmp_path / name / "raw"
        raw.mkdir(parents=True)
        for part in ("train", "t10k"):
            (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(np.full((3, 28, 28), 70, np.uint8)))
            (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(3, dtype=np.uint8)))
    return tmp_path


@pytest.mark.parametrize("name", ["mnist", "fashionmnist"])
def test_torchvisions_digits_and_clothes(name, digits):
    found = pictures(f"{name}:{digits}", 2, 32)
    assert found.shape == (2, 32, 32, 3)
    assert (found == 70).all()


def test_a_damaged_dataset_is_a_sentence(digits):
    (digits / "MNIST" / "raw" / "train-images-idx3-ubyte").write_bytes(b"cut")
    with pytest.raises(SourceError, match=r"MNIST cannot be downloaded to .*, or what lies there is damaged"):
        pictures(f"mnist:{digits}", 2, 32)


def test_celeba_is_read_where_its_pictures_lie(tmp_path):
    (tmp_path / "celeba" / "img_align_celeba").mkdir(parents=True)
    for n in (1, 2):
        Image.new("RGB", (178, 218), "green").save(tmp_path / "celeba" / "img_align_celeba" / f"00000{n}.jpg")
    assert pictures(f"celeba:{tmp_path}", 5, 32).shape == (2, 32, 32, 3)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub() as hub, client_of(hub, tmp_path / "home"):
        yield hub


def png(level: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (20, 20), (level, level, level)).save(file, "PNG")
    return file.getvalue()


def table(levels: list[int], broken: bool = False) -> bytes:
    """A Parquet file as the Hub has them: labels, and a column of encoded pictures with their paths."""
    images = [{"bytes": png(level), "path": f"{level}.png"} for level in levels]
    images += [{"bytes": b"", "path": "broken.png"}] * broken
    sink = BytesIO()
    parquet.write_table(pyarrow.table({"label": list(range(len(images))), "image": images}), sink)
    return sink.getvalue()


def test_a_dataset_of_pictures_on_the_hub(hub):
    hub.add("maker/faces", {"README.md": b"", "data/b.png": png(20), "data/a.png": png(10), "data/c.png": png(30)})
    assert pictures("hub:maker/faces", 2, 16)[:, 0, 0, 0].tolist() == [10, 20]


def test_a_dataset_of_tables_on_the_hub_training_split_first(hub, capsys):
    hub.add(
        "maker/faces",
        {"test-0.parquet": table([9]), "train-0.parquet": table([1, 2], True), "train-1.parquet": table([3])},
    )
    assert pictures("hub:maker/faces", 3, 16)[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert "train-0.parquet, row 2 (no picture)" in capsys.readouterr().out


def test_a_dataset_at_a_revision(hub):
    first = hub.add("maker/faces", {"train.parquet": table([1, 2])})
    hub.add("maker/faces", {"train.parquet": table([3, 4])})
    assert pictures(f"hub:maker/faces@{first}", 2, 16)[:, 0, 0, 0].tolist() == [1, 2]
    assert pictures("hub:maker/faces", 2, 16)[:, 0, 0, 0].tolist() == [3, 4]


def test_a_dataset_that_cannot_be_had_is_a_sentence(hub):
    hub.add("maker/text", {"a.csv": b"x"})
    with pytest.raises(SourceError, match="No pictures that can be read in hub:maker/text"):
        pictures("hub:maker/text", 2, 16)
    with pytest.raises(SourceError, match="The Hub has no maker/nothing"):
        pictures("hub:maker/nothing", 2, 16)
    with pytest.raises(SourceError, match="hub:OWNER/NAME"):
        pictures("hub:faces", 2, 16)
    hub.down = True
    with pytest.raises(SourceError, match="Try again"):
        pictures("hub:maker/text", 2, 16)


@pytest.mark.parametrize(
    ("source", "named"),
    [("avatars:picasso", "lorelei"), ("no/such/folder", "hub:"), ("imagenet:", "celeba:"), ("{empty}", "PNG")],
)
def test_a_source_without_pictures_says_so(source, named, tmp_path):
    with pytest.raises(SourceError, match=named):
        pictures(source.format(empty=tmp_path), 1, 16)
