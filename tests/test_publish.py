"""Weights go to the Hub as one commit, and come back byte for byte."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
import torch
from hub import Hub, client_of, running_hub
from huggingface_hub import ModelCard, hf_hub_download, snapshot_download
from torch import nn

from zoo import Card, Stylizer, WeightsRef, tensors, weights
from zoo.errors import WeightsError
from zoo.publish import layout, publish, pull
from zoo.registry import Entry

REPO = "ada/tests-tint"


class Tint(Stylizer):
    """Tints a picture.

    More than the first line is not for the card.
    """

    name = "tint"
    card = Card(
        title="Tint", license="LicenseRef-NVIDIA-NC", source="https://example.org/tint", credits=("Ada, for the tint",)
    )

    def build(self) -> nn.Module:
        return nn.Conv2d(3, 3, 1)

    def stylize(self, images: torch.Tensor, params: object, reference: torch.Tensor | None = None) -> torch.Tensor:
        return self.net(images).sigmoid()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A Hub, and the real client set up to ask it."""
    with running_hub() as hub, client_of(hub, tmp_path / "home"):
        yield hub


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """The weights and metrics that a trainer left behind."""
    tensors.save(Tint().build().state_dict(), tmp_path / "run" / "model.safetensors")
    (tmp_path / "run" / "metrics.json").write_text('{"psnr": 30.5}')
    return tmp_path / "run" / "model.safetensors"


def tint(ref: WeightsRef | None = None, folder: Path | None = None) -> Entry:
    """The model, its weights pinned by `ref`, its plugin in `folder`."""
    return Entry("tests/tint", "tests", type("Tint", (Tint,), {"weights": ref, "__doc__": Tint.__doc__}), folder)


def test_what_is_published_is_what_is_pulled(hub: Hub, trained: Path, tmp_path: Path) -> None:
    layout(tint(), trained, tmp_path / "repo")
    ref = publish(tint(), tmp_path / "repo", REPO)
    file = pull(tint(ref))
    assert file.read_bytes() == trained.read_bytes()
    assert eval(repr(ref)) == ref, "the pin is a line to paste"
    assert weights.status(ref, None) == "downloaded"
    assert isinstance(tint(ref).open().net, nn.Conv2d)


def test_a_repo_is_published_as_one_commit(hub: Hub, trained: Path) -> None:
    trained.with_name("private-notes.txt").write_text("not for the Hub")
    ref = publish(tint(), trained.parent, REPO)
    assert list(hub.repos[REPO]) == [ref.revision]
    assert sorted(hub.repos[REPO][ref.revision]) == ["README.md", "metrics.json", "model.safetensors"]
    assert Path(hf_hub_download(REPO, "metrics.json", revision=ref.revision)).read_text() == '{"psnr": 30.5}'


def test_publishing_again_adds_a_commit_only_where_something_changed(hub: Hub, trained: Path, tmp_path: Path) -> None:
    layout(tint(), trained, tmp_path / "repo")
    first = publish(tint(), tmp_path / "repo", REPO)
    assert publish(tint(), tmp_path / "repo", REPO) == first
    tensors.save(Tint().build().state_dict(), tmp_path / "repo" / "model.safetensors")
    second = publish(tint(), tmp_path / "repo", REPO)
    assert list(hub.repos[REPO]) == [first.revision, second.revision]
    assert pull(tint(first)).read_bytes() == trained.read_bytes()


def test_a_host_fills_its_cache_with_the_clients_own_command(hub: Hub, trained: Path, tmp_path: Path) -> None:
    layout(tint(), trained, tmp_path / "repo")
    ref = publish(tint(), tmp_path / "repo", REPO)
    snapshot_download(REPO, revision=ref.revision)
    with client_of(hub, tmp_path / "home", HF_HUB_OFFLINE="1"):
        assert pull(tint(ref)).read_bytes() == trained.read_bytes()


def test_a_damaged_download_is_replaced(hub: Hub, trained: Path, tmp_path: Path) -> None:
    layout(tint(), trained, tmp_path / "repo")
    ref = publish(tint(), tmp_path / "repo", REPO)
    file = pull(tint(ref))
    file.write_bytes(b"eaten by mice")
    with pytest.raises(WeightsError, match="Get it anew with `zoo pull`"):
        weights.find(ref, None)
    assert pull(tint(ref)).read_bytes() == trained.read_bytes()


def test_bundled_weights_are_pulled_from_beside_the_plugin(hub: Hub, trained: Path, tmp_path: Path) -> None:
    ref = layout(tint(), trained, tmp_path / "plugin" / "weights" / "tint")
    assert ref.revision is None
    assert pull(tint(ref, tmp_path / "plugin")) == tmp_path / "plugin" / "weights" / "tint" / "model.safetensors"
    assert hub.requests == []


def test_a_model_without_weights_has_nothing_to_pull() -> None:
    with pytest.raises(WeightsError, match="tests/tint has no weights"):
        pull(tint())


def test_the_card_says_what_the_hub_indexes_and_what_a_reader_asks(trained: Path, tmp_path: Path) -> None:
    layout(tint(), trained, tmp_path / "repo")
    card = ModelCard.load(tmp_path / "repo" / "README.md")
    assert card.data.to_dict() == {
        "license": "other",
        "license_name": "LicenseRef-NVIDIA-NC",
        "license_link": "https://example.org/tint",
        "library_name": "persona-zoo",
        "pipeline_tag": "image-to-image",
        "tags": ["persona-zoo", "stylizer", "tests"],
    }
    assert all(words in card.text for words in ("# Tint", "Tints a picture.", "zoo pull tests/tint", "- Ada, for"))
    assert "More than the first line" not in card.text


def test_a_licence_that_the_hub_knows_is_given_its_name(trained: Path, tmp_path: Path) -> None:
    entry = tint()
    entry.cls.card = replace(Tint.card, license="CC0-1.0")
    layout(entry, trained, tmp_path / "repo")
    assert ModelCard.load(tmp_path / "repo" / "README.md").data.license == "cc0-1.0"


def test_a_card_that_is_there_is_kept(trained: Path, tmp_path: Path) -> None:
    trained.with_name("README.md").write_text("---\nlicense: mit\n---\nBy hand.")
    layout(tint(), trained, trained.parent)
    assert trained.with_name("README.md").read_text().endswith("By hand.")


@pytest.mark.parametrize(
    ("card", "says"),
    [
        ("", "names no licence"),
        ("# Tint", "names no licence"),
        ("---\ntags:\n- x\n---\n# Tint", "names no licence"),
        ("---\nlicense: [\n---\n# Tint", "is no YAML"),
    ],
)
def test_a_card_without_a_licence_is_not_published(hub: Hub, trained: Path, card: str, says: str) -> None:
    trained.with_name("README.md").write_text(card)
    with pytest.raises(WeightsError, match=says):
        publish(tint(), trained.parent, REPO)
    assert hub.requests == []


def test_weights_that_the_model_cannot_load_are_not_published(hub: Hub, trained: Path, tmp_path: Path) -> None:
    layout(tint(), trained, tmp_path / "repo")
    tensors.save({"weight": torch.ones(3, 3, 1, 1)}, tmp_path / "repo" / "model.safetensors")
    with pytest.raises(WeightsError, match="Missing: bias"):
        publish(tint(), tmp_path / "repo", REPO)
    assert hub.requests == []


def test_publishing_without_a_token_says_where_to_put_one(hub: Hub, trained: Path, tmp_path: Path) -> None:
    layout(tint(), trained, tmp_path / "repo")
    with mock.patch.dict(os.environ, HF_TOKEN=""), pytest.raises(WeightsError, match="Set HF_TOKEN"):
        publish(tint(), tmp_path / "repo", REPO)
    assert hub.requests == []


def test_a_token_that_may_not_write_is_refused(hub: Hub, trained: Path, tmp_path: Path) -> None:
    layout(tint(), trained, tmp_path / "repo")
    with mock.patch.dict(os.environ, HF_TOKEN="hf_reader"), pytest.raises(WeightsError, match="HF_TOKEN"):
        publish(tint(), tmp_path / "repo", REPO)
    assert REPO not in hub.repos
