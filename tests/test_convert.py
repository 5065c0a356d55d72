"""Foreign checkpoints become safetensors, and nothing in a pickle is ever run."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from zoo import Card, Generator
from zoo.convert import convert
from zoo.errors import WeightsError
from zoo.registry import Entry
from zoo.weights import WeightsRef, read


class Dots(Generator):
    """Draws dots."""

    name = "dots"
    card = Card(title="Dots", license="CC0-1.0", source="https://example.org/dots")
    latent_shape = (3,)

    def build(self) -> nn.Module:
        return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))

    def draw(self, latents: torch.Tensor, params: object) -> torch.Tensor:
        return self.net(latents)[:, :3, None, None].sigmoid()


DOTS = Entry("tests/dots", "tests", Dots, None)
SHAPES = {name: tuple(tensor.shape) for name, tensor in Dots().build().state_dict().items()}


@pytest.fixture
def net() -> nn.Module:
    """A trained network: its count of batches is not zero."""
    net = Dots().build()
    net(torch.randn(8, 3))
    return net


def same(file: Path, sha256: str, net: nn.Module) -> bool:
    """Whether the zoo reads from `file` just what `net` holds."""
    found = read(file, WeightsRef("a/b", None, sha256), SHAPES)
    return all(torch.equal(found[name], tensor.float()) for name, tensor in net.state_dict().items())


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before torch 1.6"])
def test_a_state_dict_is_converted(tmp_path: Path, net: nn.Module, zipped: bool) -> None:
    torch.save(net.state_dict(), tmp_path / "dots.pt", _use_new_zipfile_serialization=zipped)
    done = convert(tmp_path / "dots.pt", DOTS, tmp_path / "out" / "model.safetensors")
    assert (done.tensors, done.values) == (7, 3 * 4 + 4 + 4 * 4 + 1)
    assert same(done.file, done.sha256, net)


def test_a_nested_state_dict_is_named_by_its_key(tmp_path: Path, net: nn.Module) -> None:
    inner = {f"module.{name}": tensor for name, tensor in net.state_dict().items()}
    torch.save({"epoch": 3, "optimizer": {0: torch.ones(2)}, "state_dict": inner}, tmp_path / "dots.pth")
    done = convert(tmp_path / "dots.pth", DOTS, tmp_path / "model.safetensors", key="state_dict.module")
    assert same(done.file, done.sha256, net)


def test_a_wrong_key_lists_those_there_are(tmp_path: Path, net: nn.Module) -> None:
    torch.save({"g": net.state_dict(), "d": {"w": torch.ones(1)}}, tmp_path / "dots.pt")
    with pytest.raises(WeightsError, match=r"no tensors under “g_ema”. It has: g \(7\), d \(1\)"):
        convert(tmp_path / "dots.pt", DOTS, tmp_path / "model.safetensors", key="g_ema")


def test_safetensors_of_another_layout_are_converted_too(tmp_path: Path, net: nn.Module) -> None:
    doubles = {f"net.{name}": tensor.double() for name, tensor in net.state_dict().items()}
    safetensors.torch.save_file(doubles, tmp_path / "dots.safetensors")
    done = convert(tmp_path / "dots.safetensors", DOTS, tmp_path / "model.safetensors", key="net")
    assert same(done.file, done.sha256, net)


def test_safetensors_that_begin_like_a_pickle_are_known(tmp_path: Path) -> None:
    data = safetensors.torch.save({"fc.weight": torch.ones(4, 3), "fc.bias": torch.ones(4)})
    assert data.startswith(b"\x80")
    (tmp_path / "any.safetensors").write_bytes(data)
    assert convert(tmp_path / "any.safetensors", None, tmp_path / "model.safetensors").tensors == 2


def test_without_a_model_only_the_limits_are_held(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2, dtype=torch.float16)}, tmp_path / "any.pt")
    done = convert(tmp_path / "any.pt", None, tmp_path / "model.safetensors")
    assert (done.tensors, done.values) == (1, 2)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"0.weight": None}, r"Missing: 0\.weight"),
        ({"more": torch.ones(1)}, "Not known: more"),
        ({"0.bias": torch.ones(9)}, r"0\.bias \(9,\) for \(4,\)"),
        ({"0.bias": torch.full((4,), float("nan"))}, "not finite"),
        ({"0.bias": torch.ones(4, dtype=torch.complex64)}, "complex64"),
        ({"a/b": torch.ones(4)}, "cannot name a tensor"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_model_cannot_load_is_not_written(
    tmp_path: Path, net: nn.Module, change: dict[str, torch.Tensor | None], says: str
) -> None:
    state = {name: tensor for name, tensor in (net.state_dict() | change).items() if tensor is not None}
    torch.save(state, tmp_path / "dots.pt")
    (tmp_path / "model.safetensors").write_text("the last good one")
    with pytest.raises(WeightsError, match=says):
        convert(tmp_path / "dots.pt", DOTS, tmp_path / "model.safetensors")
    assert (tmp_path / "model.safetensors").read_text() == "the last good one"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["dots.pt", "model.safetensors"]


def test_a_place_that_cannot_be_written_says_so(tmp_path: Path, net: nn.Module) -> None:
    torch.save(net.state_dict(), tmp_path / "dots.pt")
    with pytest.raises(WeightsError, match="cannot be written: File exists"):
        convert(tmp_path / "dots.pt", DOTS, tmp_path / "dots.pt" / "model.safetensors")


# Hostile and damaged files


class Payload:
    """Runs a command in whoever unpickles it."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self.command,)


@pytest.mark.parametrize("writer", ["torch.save", "torch.save before 1.6", "pickle.dump"])
def test_a_payload_is_refused_and_does_not_run(tmp_path: Path, net: nn.Module, writer: str) -> None:
    touched = tmp_path / "touched"
    source = tmp_path / "evil.pt"
    evil = {**net.state_dict(), "evil": Payload(f"touch {touched}")}
    if writer == "pickle.dump":
        source.write_bytes(pickle.dumps(evil))
    else:
        torch.save(evil, source, _use_new_zipfile_serialization=writer == "torch.save")
    with pytest.raises(WeightsError, match=r"could run code \(it names posix\.system\)\. Nothing of it was run"):
        convert(source, DOTS, tmp_path / "model.safetensors")
    assert not touched.exists()
    assert not (tmp_path / "model.safetensors").exists()
    if writer == "pickle.dump":
        pickle.loads(source.read_bytes())
        assert touched.exists(), "the payload is no payload"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html>", "is a web page"),
        (b"not a checkpoint at all", "is no checkpoint of PyTorch"),
        (b"\x80\x04garbage", "is damaged"),
        (b"PK\x03\x04garbage", "is damaged"),
        (pickle.dumps("no tensors"), "has no tensors under “”. It has: –"),
        (b"\x80\x04" + b"]" * 100_000 + b"a" * 99_999 + b".", "is damaged"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(I1\ntR.", "is damaged"),
        (b"\x80\x02ctorch\nx\nK\x01b.", "is damaged"),
        (b"\x80\x02Nr\xff\xff\xff\x7f.", "has no tensors"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_damaged_checkpoint_is_refused_by_a_sentence(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "bad.pkl").write_bytes(data)
    with pytest.raises(WeightsError, match=says):
        convert(tmp_path / "bad.pkl", None, tmp_path / "model.safetensors")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_changed_checkpoint_gives_tensors_or_a_sentence_and_nothing_else(tmp_path: Path, net: nn.Module) -> None:
    source, random = tmp_path / "changed.pkl", np.random.RandomState(0)
    whole = np.frombuffer(pickle.dumps({"net": net}), np.uint8)
    refused = 0
    for _ in range(300):
        changed = whole.copy()
        changed[random.randint(len(whole), size=random.randint(1, 9))] = random.randint(256)
        source.write_bytes(changed.tobytes())
        try:
            convert(source, DOTS, tmp_path / "model.safetensors", key="net")
        except WeightsError:
            refused += 1
    assert 0 < refused < 300


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read: No such file"):
        convert(tmp_path / "none.pt", None, tmp_path / "model.safetensors")


def test_a_tensor_larger_than_its_storage_is_refused(tmp_path: Path) -> None:
    few = pickle.dumps({"w": torch.ones(4)})
    assert few.count(b"K\x04\x85") == 1, "the size of w, (4,), is not where this test looks for it"
    (tmp_path / "bomb.pkl").write_bytes(few.replace(b"K\x04\x85", b"J\x00\x00\x00\x40\x85"))
    with pytest.raises(WeightsError, match="1073741824 values, of which only 16 bytes are there"):
        convert(tmp_path / "bomb.pkl", None, tmp_path / "model.safetensors")


# NVIDIA's pickles: modules with their source inside


@pytest.fixture
def persistent(tmp_path: Path) -> Iterator[type[nn.Module]]:
    """A class that pickles as StyleGAN2-ADA's do: its source, which leaves a trace where it is run, and its state."""
    source = f"open({str(tmp_path / 'touched')!r}, 'w')"
    package, module, dnnlib = ModuleType("torch_utils"), ModuleType("torch_utils.persistence"), ModuleType("dnnlib")
    module._reconstruct_persistent_obj = lambda meta: exec(meta["module_src"])
    module._reconstruct_persistent_obj.__module__ = "torch_utils.persistence"
    module._reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    dnnlib.EasyDict = type("EasyDict", (dict,), {"__module__": "dnnlib"})

    class Persistent(nn.Sequential):
        def __reduce__(self) -> tuple[object, ...]:
            state = self.__dict__ | {"_init_kwargs": dnnlib.EasyDict(z_dim=3)}
            meta = dnnlib.EasyDict(type="class", version=6, module_src=source, class_name="Dots", state=state)
            return module._reconstruct_persistent_obj, (meta,), None

    added = {"torch_utils": package, "torch_utils.persistence": module, "dnnlib": dnnlib}
    sys.modules.update(added)
    yield Persistent
    for name in added:
        sys.modules.pop(name, None)


def test_nvidias_pickle_gives_its_tensors_and_its_source_is_not_run(
    tmp_path: Path, net: nn.Module, persistent: type[nn.Module]
) -> None:
    source = tmp_path / "network-snapshot.pkl"
    snapshot = {
        "G": Dots().build(),
        "G_ema": persistent(*net),
        "training_set_kwargs": {"path": "x"},
        "augment_pipe": None,
    }
    source.write_bytes(pickle.dumps(snapshot))
    done = convert(source, DOTS, tmp_path / "model.safetensors", key="G_ema")
    assert same(done.file, done.sha256, net)
    assert not (tmp_path / "touched").exists()
    pickle.loads(source.read_bytes())
    assert (tmp_path / "touched").exists(), "the source inside was no payload"
