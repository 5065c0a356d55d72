"""The contract over every model of the zoo, and what it says to models that break it."""

import dataclasses
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from zoo import (
    Context,
    Corrector,
    Field,
    Findings,
    Generator,
    Model,
    Params,
    Profile,
    Stylizer,
    WeightsRef,
    Writer,
    tensors,
    weights,
)
from zoo.clauses import CLAUSES, Clause
from zoo.contract import check, judge, write_golden
from zoo.model import Card
from zoo.registry import Entry, discover
from zoo.scaffold import new
from zoo.trial import untrained

ZOO = discover(strict=True)
DOCS = discover(Path(__file__).parent.parent / "docs", only=("example_plugin",), strict=True)
ENTRIES = {**ZOO.models, **DOCS.models}


def offline(entry: Entry) -> bool:
    """Whether the model's real weights belong to this repo, so that the tests need no network for them."""
    ref = entry.cls.weights
    return ref is not None and weights.status(ref, entry.weights_folder) in ("bundled", "missing")


CASES = [
    pytest.param(id, clause, trained, id=f"{id}-{clause.name}" + "-trained" * trained)
    for id, entry in ENTRIES.items()
    for clause in CLAUSES.values()
    for trained in ((False, True) if offline(entry) else (False,))
    if clause.binds(entry, trained)
]


@cache
def opened(id: str, trained: bool) -> Model:
    return ENTRIES[id].open() if trained else untrained(ENTRIES[id])


@pytest.mark.parametrize(("id", "clause", "trained"), CASES)
def test_every_model_keeps_every_clause(id: str, clause: Clause, trained: bool) -> None:
    result = judge(clause, ENTRIES[id], opened(id, trained))
    assert result.passed, result.detail


def test_the_plugin_of_the_docs_is_short() -> None:
    path = Path(__file__).parent.parent / "docs" / "example_plugin.py"
    assert len(path.read_text("utf-8").splitlines()) <= 35


CARD = Card("Bad", license="MIT", source="https://example.org")


class Bad:
    """Breaks a clause."""

    name = "bad"
    card = CARD


class Noisy(Bad, Generator):
    latent_shape = (3,)

    def draw(self, latents, params):
        return latents.view(-1, 3, 1, 1).sigmoid() * latents.new_empty(len(latents), 3, 8, 8).uniform_()


class Deaf(Bad, Generator):
    latent_shape = (3,)
    directions = {"Smile": "smile"}

    def draw(self, latents, params):
        return latents.new_full((len(latents), 3, 8, 8), 0.5)


class Dreamy(Bad, Generator):
    latent_shape = (3,)
    encodes = True

    def draw(self, latents, params):
        return latents.sigmoid().view(-1, 3, 1, 1).expand(-1, -1, 8, 8)

    def encode(self, images, progress=lambda share: None):
        return images.new_empty(len(images), 3).normal_()


class Narrow(Dreamy):
    def encode(self, images, progress=lambda share: None):
        return images[:, :, 8, 8]


class Flat(Dreamy):
    def encode(self, images, progress=lambda share: None):
        return images.mean((0, 2, 3))


class Boundless(Dreamy):
    def encode(self, images, progress=lambda share: None):
        return images.mean((2, 3)).log() / 0


class Longwinded(Dreamy):
    latent_shape = (600,)

    def encode(self, images, progress=lambda share: None):
        return images.mean((1, 2, 3))[:, None].repeat(1, 600)


class Hasty(Dreamy):
    def encode(self, images, progress=lambda share: None):
        progress(40)
        return images.mean((2, 3))


class Mute(Dreamy):
    encode = Generator.encode


class Crowded(Bad, Stylizer):
    """Normalises over the batch."""

    def stylize(self, images, params, reference=None):
        return images * images.mean()


class Greedy(Bad, Stylizer):
    def stylize(self, images, params, reference=None):
        return images.mul_(0.5)


class Cropping(Bad, Stylizer):
    def stylize(self, images, params, reference=None):
        return images[..., 1:, :]


class Dazzling(Bad, Stylizer):
    class Params(Params):
        gain: float = Field(1.0, ge=0, le=2, description="How bright.")

    def stylize(self, images, params, reference=None):
        return images * params.gain


class Fragile(Bad, Stylizer):
    class Params(Params):
        side: int = Field(3, ge=0, le=9, description="Side of the brush.")

    def stylize(self, images, params, reference=None):
        return images + 0 * (9 // params.side)


class Forgetful(Bad, Stylizer):
    def build(self):
        from torch import nn

        return nn.Conv2d(3, 3, 1)

    def load(self, tensors):
        return self.build()

    def stylize(self, images, params, reference=None):
        return self.net(images).sigmoid()


class Wild(Bad, Corrector):
    kinds = {"noise": "Noise"}

    def detect(self, images, params, context: Context):
        return Findings({"noise": images.mean((1, 2, 3)), "blur": images.mean((1, 2, 3))}, images[:, :1])

    def fix(self, images, findings, params):
        return 1 - images


class Chatty(Bad, Writer):
    def write(self, traits, seed, language, params):
        words = {"tagline": "Write to me: a@example.org", "bio": "", "interests": ("tea",) * 3}
        return Profile(language=language, nickname="<b>Bo</b>", handle="@bobo", posts=({"text": "Hi"},) * 3, **words)


BREACHES = [
    (Noisy, "repeats itself", "Take no randomness but the latent"),
    (Deaf, "listens to the latent", "Two latents gave the same picture"),
    (Dreamy, "encodes any picture", "encoded in two ways. Take no randomness"),
    (Narrow, "encodes any picture", "It raised IndexError"),
    (Flat, "encodes any picture", "encode() returned [3] where [1, 3] is due"),
    (Boundless, "encodes any picture", "latents that are not finite"),
    (Longwinded, "encodes any picture", "“latent” cannot be used"),
    (Hasty, "encodes any picture", "Tell the share that is done"),
    (Mute, "encodes any picture", "It raised NotImplementedError: bad does not encode"),
    (Crowded, "repeats itself", "Treat each picture by itself"),
    (Greedy, "keeps the shape", "Use no in-place operation"),
    (Cropping, "keeps the shape", "Keep height and width"),
    (Dazzling, "survives both ends", 'With {"gain": 2.0}: Its values leave 0..1'),
    (Fragile, "survives both ends", 'With {"side": 0}: It raised ZeroDivisionError'),
    (Forgetful, "reads its own weights", "Load the tensors as they are"),
    (Wild, "explains itself", "It scores noise, blur and declares noise"),
    (Wild, "changes nothing elsewhere", "Multiply the change by the map"),
    (Chatty, "writes plain text", "“<b>Bo</b>” is not plain text"),
    (Chatty, "writes by the seed", "Two seeds wrote the same words"),
]


@pytest.mark.parametrize(("cls", "clause", "advice"), BREACHES)
def test_a_breach_is_told_with_what_to_do(cls: type[Model], clause: str, advice: str) -> None:
    entry = Entry(f"bad/{cls.name}", "bad", cls, None)
    result = judge(CLAUSES[clause], entry, untrained(entry))
    assert not result.passed
    assert advice in result.detail


def test_a_plugin_that_imports_torch_when_it_is_loaded_is_told(tmp_path: Path) -> None:
    source = (Path(__file__).parent.parent / "docs" / "example_plugin.py").read_text("utf-8")
    (tmp_path / "heavy.py").write_text(source.replace("from zoo", "import torch\nfrom zoo", 1), "utf-8")
    results = check(discover(tmp_path, only=("heavy",)).entry("heavy/duotone"))
    assert [(result.clause, result.detail) for result in results if not result.passed] == [
        ("imports lightly", "Importing the plugin imports numpy, torch. Import it in build() or in a method.")
    ]


@pytest.fixture
def weighted(tmp_path: Path) -> Entry:
    """A new generator with weights of its own beside it."""
    new("clouds", "generator", tmp_path)
    entry = discover(tmp_path, only=("clouds",), strict=True).entry("clouds/clouds")
    digest = tensors.save(untrained(entry).net.state_dict(), entry.weights_folder / "model.safetensors")
    return dataclasses.replace(entry, cls=type("Weighted", (entry.cls,), {"weights": WeightsRef("a/b", None, digest)}))


def broken(entry: Entry) -> list[tuple[str, str]]:
    return [(result.clause, result.detail) for result in check(entry, weights=True) if not result.passed]


def test_real_weights_need_a_golden_picture_and_keep_to_it(weighted: Entry) -> None:
    [(clause, advice)] = broken(weighted)
    assert clause == "matches its golden picture"
    assert "zoo check clouds/clouds --weights --write-golden" in advice

    path = write_golden(weighted)
    assert broken(weighted) == []

    with Image.open(path) as golden:
        golden.point(lambda level: level // 2).save(path)
    [(clause, advice)] = broken(weighted)
    assert clause == "matches its golden picture"
    assert "links would change" in advice


def test_weights_that_are_not_the_pinned_ones_are_told(weighted: Entry) -> None:
    path = weighted.weights_folder / "model.safetensors"
    tensors.save({name: 2 * tensor for name, tensor in untrained(weighted).net.state_dict().items()}, path)
    [(clause, advice)] = broken(weighted)
    assert clause == "opens"
    assert "is not the pinned file" in advice


def test_a_corrector_that_repaints_clean_pictures_is_told() -> None:
    entry = Entry("bad/wild", "bad", Wild, None)
    result = judge(CLAUSES["spares clean pictures"], entry, untrained(entry))
    assert "It changes a clean picture" in result.detail


def test_a_model_that_does_not_open_is_told_once() -> None:
    class Closed(Noisy):
        def build(self):
            raise OSError("no such driver")

    results = check(Entry("bad/closed", "bad", Closed, None))
    assert [(result.clause, result.passed) for result in results] == [("opens", False)]
    assert "no such driver (test_contract.py" in results[0].detail


class Patient(Dreamy):
    """Finds the latent by descent, through a network that drawing has used before."""

    def build(self):
        from torch import nn

        return nn.Linear(3, 3)

    def draw(self, latents, params):
        return self.net(latents).sigmoid().view(-1, 3, 1, 1).expand(-1, -1, 8, 8)

    def encode(self, images, progress=lambda share: None):
        latents = images.new_zeros(len(images), 3).requires_grad_(True)
        loss = (self.net(latents).sigmoid() - images.mean((2, 3))).square().mean()
        loss.backward()
        return latents.detach() - latents.grad


def test_an_encoder_may_descend_where_everything_else_has_autograd_off() -> None:
    entry = Entry("bad/patient", "bad", Patient, None)
    assert [result.detail for result in check(entry) if not result.passed and result.clause != "imports lightly"] == []
