"""Weights: where they are looked for, what is checked, and what each thing that goes wrong says."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import safetensors.torch
import torch
from hub import Hub, client_of, running_hub, settings, sha256
from huggingface_hub import constants

from zoo import tensors, weights
from zoo.errors import WeightsError
from zoo.weights import WeightsRef

REPO = "ada/faces"
TENSORS = {"fc.weight": torch.arange(12.0).reshape(4, 3), "fc.bias": torch.ones(4)}
SHAPES = {"fc.weight": (4, 3), "fc.bias": (4,)}
GOOD = safetensors.torch.save(TENSORS)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A Hub, and the real client set up to ask it."""
    with running_hub() as hub, client_of(hub, tmp_path / "home"):
        yield hub


def published(hub: Hub, data: bytes = GOOD) -> WeightsRef:
    return WeightsRef(REPO, hub.add(REPO, {"model.safetensors": data}), sha256(data))


def read(folder: Path, data: bytes) -> dict[str, torch.Tensor]:
    """`data` read as weights whose pin it matches."""
    file = folder / "model.safetensors"
    file.write_bytes(data)
    return weights.read(file, WeightsRef(REPO, None, sha256(data)), SHAPES)


def with_header(header: object, data: bytes = b"") -> bytes:
    """A safetensors file with this header, whatever it claims."""
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype: str = "F32", shape: object = (), offsets: tuple[int, int] = (0, 4)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


# Beside the plugin


def test_weights_beside_the_plugin_need_no_hub(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(GOOD)
    ref = WeightsRef(REPO, None, sha256(GOOD))
    file = weights.find(ref, tmp_path)
    found = weights.read(file, ref, SHAPES)
    assert file.parent == tmp_path
    assert weights.status(ref, tmp_path) == "bundled"
    assert found.keys() == TENSORS.keys()
    assert all(torch.equal(found[name], TENSORS[name]) for name in TENSORS)


def test_bundled_weights_that_are_gone_are_not_looked_for_elsewhere(tmp_path: Path, hub: Hub) -> None:
    ref = WeightsRef(REPO, None, sha256(GOOD))
    with pytest.raises(WeightsError, match="git checkout"):
        weights.find(ref, tmp_path)
    assert weights.status(ref, tmp_path) == "missing"
    assert hub.requests == []


def test_a_changed_file_is_an_error_even_where_the_hub_has_the_right_one(tmp_path: Path, hub: Hub) -> None:
    ref = published(hub)
    (tmp_path / "model.safetensors").write_bytes(GOOD[:-1] + b"!")
    with pytest.raises(WeightsError, match="is not the pinned file"):
        weights.find(ref, tmp_path)
    assert hub.requests == []


def test_looking_for_bundled_weights_imports_neither_torch_nor_the_hubs_client(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(GOOD)
    code = (
        "import sys; from pathlib import Path; from zoo import weights\n"
        f"ref = weights.WeightsRef('a/b', None, {sha256(GOOD)!r})\n"
        f"print(weights.status(ref, Path({str(tmp_path)!r})), weights.find(ref, Path({str(tmp_path)!r})).name)\n"
        "print(sorted({'torch', 'numpy', 'huggingface_hub'} & set(sys.modules)))"
    )
    assert run_python(code) == ["bundled model.safetensors", "[]"]


# What a file must be


def test_halves_are_read_as_float32(tmp_path: Path) -> None:
    halves = {"fc.weight": TENSORS["fc.weight"].half(), "fc.bias": TENSORS["fc.bias"].bfloat16()}
    found = read(tmp_path, safetensors.torch.save(halves))
    assert {tensor.dtype for tensor in found.values()} == {torch.float32}
    assert torch.equal(found["fc.weight"], TENSORS["fc.weight"])


def test_saved_tensors_are_read_back(tmp_path: Path) -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    state = net.state_dict()
    digest = tensors.save(state, tmp_path / "deep" / "model.safetensors")
    expected = {name: tuple(tensor.shape) for name, tensor in state.items()}
    found = weights.read(tmp_path / "deep" / "model.safetensors", WeightsRef(REPO, None, digest), expected)
    assert net.load_state_dict(found, strict=True)
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["model.safetensors"]


def pickled() -> bytes:
    return pickle.dumps({"fc.weight": 1})


def zipped() -> bytes:
    file = io.BytesIO()
    torch.save(TENSORS, file)
    return file.getvalue()


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"
PAGE = b"<!DOCTYPE html><html><body>Sign in</body></html>"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\x00", "no safetensors file"),
        (b"\xff" * 64, "no safetensors file"),
        (pickled(), "is a pickle under another name"),
        (zipped(), "is a pickle under another name"),
        (PAGE, "is a web page"),
        (POINTER, "is a Git LFS pointer"),
        (GOOD[:40], "no safetensors file"),
        (GOOD[:-4], "is damaged"),
        (GOOD + b"tail", "is damaged"),
        (with_header([]), "no safetensors file"),
        (with_header("text"), "no safetensors file"),
        ((20).to_bytes(8, "little") + b"[" * 20, "no safetensors file"),
        ((900_000).to_bytes(8, "little") + b"[" * 900_000, "no safetensors file"),
        (with_header({"fc.weight": 1}), "is of type None"),
        (with_header({"x" * 201: entry()}, bytes(4)), "cannot name a tensor"),
        (with_header({"../../etc/passwd": entry()}, bytes(4)), "cannot name a tensor"),
        (with_header({"fc\0weight": entry()}, bytes(4)), "cannot name a tensor"),
        (with_header({"": entry()}, bytes(4)), "cannot name a tensor"),
        (with_header({"fc.weight": entry("I8", [4], (0, 4))}, bytes(4)), "is of type I8"),
        (with_header({"fc.weight": entry("F64", [1], (0, 8))}, bytes(8)), "is of type F64"),
        (with_header({"fc.weight": entry(shape=[1] * 100)}, bytes(4)), "impossible shape"),
        (with_header({"fc.weight": entry(shape=[-1])}, bytes(4)), "impossible shape"),
        (with_header({"fc.weight": entry(shape=[True])}, bytes(4)), "impossible shape"),
        (with_header({"fc.weight": entry(shape=[2**62, 0], offsets=(0, 0))}), "Of another shape: fc.weight"),
        (with_header({f"t{i}": entry(shape=[0], offsets=(0, 0)) for i in range(6_000)}), "holds 6000 tensors"),
        (with_header({"__metadata__": {"note": "x" * 1_000_000}}), "The header of"),
        (safetensors.torch.save(TENSORS | {"fc.bias": torch.tensor([1, 2, float("nan"), 4])}), "not finite"),
        (safetensors.torch.save(TENSORS | {"fc.bias": torch.full((4,), float("inf"))}), "not finite"),
        (safetensors.torch.save({"fc.weight": TENSORS["fc.weight"]}), "Missing: fc.bias. Not known: –"),
        (safetensors.torch.save(TENSORS | {"more": torch.ones(1)}), "Missing: –. Not known: more"),
        (safetensors.torch.save(TENSORS | {"fc.bias": torch.ones(5)}), r"fc.bias \(5,\) for \(4,\)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_file_is_refused_by_a_sentence(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(WeightsError, match=says):
        read(tmp_path, data)


def test_a_changed_file_gives_finite_tensors_or_a_sentence_and_nothing_else(tmp_path: Path) -> None:
    random, whole = np.random.RandomState(0), np.frombuffer(GOOD, np.uint8)
    refused = 0
    for _ in range(500):
        changed = whole.copy()
        changed[random.randint(len(whole), size=random.randint(1, 9))] = random.randint(256)
        try:
            found = read(tmp_path, changed.tobytes())
            assert {name: tuple(tensor.shape) for name, tensor in found.items()} == SHAPES
            assert all(tensor.isfinite().all() for tensor in found.values())
        except WeightsError:
            refused += 1
    assert 0 < refused < 500


def test_200_000_tensors_are_refused_by_their_size_alone(tmp_path: Path) -> None:
    names = ",".join(f'"t{i}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}' for i in range(200_000))
    many = (len(names) + 2).to_bytes(8, "little") + f"{{{names}}}".encode()
    with pytest.raises(WeightsError, match="larger than this model's weights can be"):
        read(tmp_path, many)


def test_only_the_first_of_many_names_are_listed(tmp_path: Path) -> None:
    renamed = {f"module.{name}.{i}": torch.ones(1) for name in SHAPES for i in range(4)}
    with pytest.raises(WeightsError, match=r"module\.fc\.bias\.0, .*, .* \(\+5\)\."):
        read(tmp_path, safetensors.torch.save(renamed))


def test_a_changed_file_is_refused_when_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(GOOD)
    with pytest.raises(WeightsError, match="is not the pinned file"):
        weights.read(file, WeightsRef(REPO, None, "0" * 64), SHAPES)


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").mkdir()
    with pytest.raises(WeightsError, match="cannot be read: Is a directory"):
        weights.read(tmp_path / "model.safetensors", WeightsRef(REPO, None, sha256(GOOD)), SHAPES)


# From the Hub


def test_weights_come_from_the_hub_once(hub: Hub) -> None:
    ref = published(hub)
    assert weights.status(ref, None) == "on the Hub"
    file = weights.find(ref, None)
    assert file.read_bytes() == GOOD
    assert weights.status(ref, None) == "downloaded"
    asked = len(hub.requests)
    assert weights.find(ref, None) == file
    assert len(hub.requests) == asked


def test_a_broken_transfer_goes_on_where_it_stopped(hub: Hub) -> None:
    written = constants.DOWNLOAD_CHUNK_SIZE
    ref = published(hub, bytes(written + 1_000))
    hub.cut_after = written + 500
    assert weights.find(ref, None).stat().st_size == written + 1_000
    parts = [part for method, _, part in hub.requests if method == "GET"]
    assert parts == [None, f"bytes={written}-"]


def test_without_a_network_what_was_downloaded_is_there(hub: Hub, tmp_path: Path) -> None:
    ref = published(hub)
    file = weights.find(ref, None)
    with client_of(hub, tmp_path / "home", HF_HUB_OFFLINE="1"):
        assert weights.find(ref, None) == file


def test_without_a_network_what_was_not_says_how_to_get_it(hub: Hub, tmp_path: Path) -> None:
    ref = published(hub)
    with (
        client_of(hub, tmp_path / "home", HF_HUB_OFFLINE="1"),
        pytest.raises(WeightsError, match=r"not downloaded yet, .* Run `zoo pull` while online"),
    ):
        weights.find(ref, None)
    assert hub.requests == []


def test_the_environment_of_a_process_is_all_it_takes(hub: Hub, tmp_path: Path) -> None:
    ref = published(hub)
    code = f"from zoo.weights import *; print(find({ref!r}, None).read_bytes().hex())"
    environment = settings(hub, tmp_path / "other")
    assert run_python(code, **environment) == [GOOD.hex()]
    assert run_python(code, **environment, HF_HUB_OFFLINE="1") == [GOOD.hex()]


def test_an_unreachable_hub_is_named(hub: Hub, tmp_path: Path) -> None:
    ref = published(hub)
    with (
        client_of(hub, tmp_path / "home", HF_ENDPOINT="http://127.0.0.1:9"),
        pytest.raises(WeightsError, match=r"did not answer about ada/faces .*docs/hosting.md"),
    ):
        weights.find(ref, None)


def test_a_hub_that_does_not_answer_is_given_up_after_the_clients_own_time_limit(hub: Hub) -> None:
    ref = published(hub)
    hub.silent = True
    with pytest.raises(WeightsError, match=r"did not answer about ada/faces \(ReadTimeout\)"):
        weights.find(ref, None)
    assert len(hub.requests) == 1


def test_a_hub_that_is_down_is_not_asked_twice(hub: Hub) -> None:
    ref = published(hub)
    hub.down = True
    with pytest.raises(WeightsError, match=r"HTTP 503"):
        weights.find(ref, None)
    assert len(hub.requests) == 1


def test_a_repo_that_is_not_there_is_named(hub: Hub) -> None:
    with pytest.raises(WeightsError, match="The Hub has no ada/nobody, or it is private"):
        weights.find(WeightsRef("ada/nobody", "0" * 40, "0" * 64), None)


def test_a_commit_that_is_gone_says_to_update_the_plugin(hub: Hub) -> None:
    published(hub)
    with pytest.raises(WeightsError, match="no longer has the pinned file or commit"):
        weights.find(WeightsRef(REPO, "0" * 40, "0" * 64), None)


def test_a_file_that_is_gone_says_to_update_the_plugin(hub: Hub) -> None:
    ref = published(hub)
    other = WeightsRef(REPO, ref.revision, ref.sha256, "other.safetensors")
    with pytest.raises(WeightsError, match="no longer has the pinned file or commit"):
        weights.find(other, None)


def test_a_gated_repo_says_where_its_terms_are(hub: Hub) -> None:
    ref = published(hub)
    hub.gated.add(REPO)
    with pytest.raises(WeightsError, match=r"is gated\. Accept its terms on https://huggingface\.co/ada/faces"):
        weights.find(ref, None)


class Shelf(SimpleHTTPRequestHandler):
    """A folder of files behind a plain web server, with the two headers that docs/hosting.md asks of a mirror."""

    def end_headers(self) -> None:
        self.send_header("X-Repo-Commit", self.path.split("/")[4])
        self.send_header("ETag", '"5f-62a"')
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_a_folder_of_files_is_a_mirror(hub: Hub, tmp_path: Path) -> None:
    ref = WeightsRef(REPO, "1" * 40, sha256(GOOD))
    file = tmp_path / "mirror" / REPO / "resolve" / ("1" * 40) / "model.safetensors"
    file.parent.mkdir(parents=True)
    file.write_bytes(GOOD)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Shelf, directory=tmp_path / "mirror")) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        with client_of(hub, tmp_path / "home", HF_ENDPOINT=f"http://127.0.0.1:{server.server_port}"):
            assert weights.find(ref, None).read_bytes() == GOOD
        server.shutdown()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (GOOD[:-1] + b"!", "is not the pinned file"),
        (pickled(), "is a pickle under another name"),
        (POINTER, "is a Git LFS pointer"),
        (PAGE, "is a web page"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_bytes_under_the_pinned_commit_are_refused(hub: Hub, data: bytes, says: str) -> None:
    commit = hub.add(REPO, {"model.safetensors": data})
    with pytest.raises(WeightsError, match=says):
        weights.find(WeightsRef(REPO, commit, sha256(GOOD)), None)


def test_a_cache_that_cannot_be_written_says_to_move_it(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ref = published(hub)
    with (
        client_of(hub, tmp_path / "file" / "home"),
        pytest.raises(WeightsError, match=r"could not be stored: .* set HF_HOME"),
    ):
        weights.find(ref, None)


def run_python(code: str, **variables: str) -> list[str]:
    """The lines that `code` prints in a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=os.environ | variables
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
