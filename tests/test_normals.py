"""What is normal for a stylizer: kept beside its plugin by `zoo calibrate`, and told to its corrector alone."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from tests.engine.troupe import Clouds, Shade
from tests.watchers import Watchman
from zoo import Context, Findings, WeightsRef, normals, scaffold
from zoo.cli import main
from zoo.engine import Engine
from zoo.engine.local import Local
from zoo.errors import ModelError, WeightsError
from zoo.recipe import Draw, Recipe, Step
from zoo.registry import Entry, Zoo, discover
from zoo.store import Store
from zoo.training import calibrating
from zoo.training.anomalies import last_step
from zoo.training.avatars import STYLES, draw


class Knowing(Watchman):
    """Says by how much pictures are lighter than is usual for their stylizer."""

    name = "knowing"

    def normal(self, images: Tensor, originals: Tensor) -> Mapping[str, Tensor]:
        return {"light": images.mean().view(1), "change": (images - originals).mean().view(1)}

    def detect(self, images: Tensor, params, context: Context) -> Findings:
        usual = context.normal["light"] if context.normal else torch.zeros(1)
        score = (images.mean((1, 2, 3)) - usual).clamp(0, 1)
        return Findings(dict.fromkeys(self.kinds, score), torch.ones_like(images[:, :1]), overall=score)


def entry(cls: type, folder: Path | None = None) -> Entry:
    return Entry(f"tiny/{cls.name}", "tiny", cls, folder)


def test_a_normal_is_kept_beside_the_plugin(tmp_path: Path) -> None:
    style, corrector = entry(Shade, tmp_path), entry(Knowing)
    assert normals.read(style, corrector) is None
    file = normals.write({"light": torch.tensor([0.25])}, style, corrector)
    assert file.is_relative_to(tmp_path / "normals" / "shade")
    assert normals.read(style, corrector) == {"light": torch.tensor([0.25])}
    assert normals.read(style, entry(Watchman)) is None


def test_with_other_weights_a_normal_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    style, corrector = entry(Shade, tmp_path), entry(Knowing)
    monkeypatch.setattr(Knowing, "weights", WeightsRef("a/b", None, 64 * "1"))
    normals.write({"light": torch.zeros(1)}, style, corrector)
    monkeypatch.setattr(Knowing, "weights", WeightsRef("a/b", None, 64 * "2"))
    assert normals.read(style, corrector) is None


def test_what_cannot_be_kept_is_told(tmp_path: Path) -> None:
    style, corrector = entry(Shade, tmp_path), entry(Knowing)
    with pytest.raises(ModelError, match="Keep it under 65536"):
        normals.write({"light": torch.zeros(20_000)}, style, corrector)
    with pytest.raises(ModelError, match="all stylizers alike"):
        normals.write({}, style, corrector)
    with pytest.raises(ModelError, match="no folder"):
        normals.write({"light": torch.zeros(1)}, entry(Shade), corrector)


def test_a_damaged_normal_is_told(tmp_path: Path) -> None:
    style, corrector = entry(Shade, tmp_path), entry(Knowing)
    normals.write({"light": torch.zeros(1)}, style, corrector).write_bytes(b"\x00" * 40)
    with pytest.raises(WeightsError, match="no safetensors file"):
        normals.read(style, corrector)


def test_the_engine_tells_a_corrector_what_is_normal(tmp_path: Path) -> None:
    models = [entry(Clouds), entry(Shade, tmp_path), entry(Knowing)]
    engine = Engine(Zoo({one.id: one for one in models}), Store(str(tmp_path / "store")), Local("cpu", seconds=60))
    plain = Recipe(source=Draw(model="tiny/clouds", seed=1))
    styled = plain.model_copy(update={"steps": (Step(model="tiny/shade"),)})
    before = engine.detect(styled, "tiny/knowing").overall
    normals.write({"light": torch.tensor([before / 2])}, entry(Shade, tmp_path), entry(Knowing))
    again = Engine(engine.zoo, engine.store, Local("cpu", seconds=60))
    assert again.detect(styled, "tiny/knowing").overall == pytest.approx(before / 2, abs=1e-3)
    assert again.detect(plain, "tiny/knowing").overall > before / 2  # nobody's style
    mended = again.run(styled.model_copy(update={"steps": (*styled.steps, Step(model="tiny/knowing"))}))
    assert mended.report.overall == pytest.approx(before / 2, abs=1e-3)


def portraits(count: int, first: int) -> Tensor:
    drawn = [torch.tensor(draw(STYLES[seed % 2], first + seed, 256)) for seed in range(count)]
    return torch.stack(drawn).permute(0, 3, 1, 2) / 255


def test_a_new_style_is_no_longer_suspected_once_it_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A poster has few colours, like a picture with bands. Who knows posters is not alarmed, and still sees noise."""
    scaffold.new("poster", "stylizer", tmp_path / "plugins")
    (tmp_path / "pictures").mkdir()
    for number, one in enumerate(portraits(calibrating.COUNT, 70_000)):
        pixels = one.permute(1, 2, 0).mul(255).byte().numpy()
        Image.fromarray(pixels).save(tmp_path / "pictures" / f"{number}.png")
    words = ["calibrate", "poster", "--plugins", str(tmp_path / "plugins"), "--data", str(tmp_path / "pictures")]
    assert main(words) == 0
    file = Path(capsys.readouterr().out.strip())
    assert file.stat().st_size < normals.LARGEST

    style = discover(tmp_path / "plugins").entry("poster/poster")
    mender = discover().entry("mender/mender")
    model, poster = mender.open(), style.open()
    known = Context(None, style.id, normals.read(style, mender))
    originals = portraits(20, 80_000)
    with torch.inference_mode():
        posters = poster.stylize(originals, poster.Params())

        def suspected(images: Tensor, context: Context) -> float:
            return (model.detect(images, model.Params(), context).overall >= 0.5).float().mean().item()

        assert suspected(posters, Context(None, style.id)) >= 0.5
        assert suspected(posters, known) <= 0.3
        noise = torch.randn(posters.shape, generator=torch.Generator().manual_seed(0))
        for amount in (0.05, 0.1):
            assert suspected(last_step(posters + amount * noise, 0), known) >= 0.8


def test_a_generator_has_no_normal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "avatars"]) == 1
    assert "is no stylizer" in capsys.readouterr().err
