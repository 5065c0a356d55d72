"""Where training pictures come from."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoo.training import sources
from zoo.training.avatars import STYLES, draw, look
from zoo.training.sources import SourceError, avatars, pictures


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
    (tmp_path / "notes.txt").write_text("neither")
    found = pictures(str(tmp_path), 10, 16)
    assert found.shape == (2, 16, 16, 3)
    assert found[:, 8, 8].tolist() == [[128, 128, 128], [255, 0, 0]]
    assert "c.jpg" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "named"), [("avatars:picasso", "lorelei"), ("no/such/folder", "no/such/folder"), ("{empty}", "PNG")]
)
def test_a_source_without_pictures_says_so(source, named, tmp_path):
    with pytest.raises(SourceError, match=named):
        pictures(source.format(empty=tmp_path), 1, 16)
