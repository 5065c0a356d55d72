"""The plugin `avatars`: what a latent says, how it is drawn, and what the trained network makes of it."""

from __future__ import annotations

import json
from importlib import import_module

import pytest
import torch
from safetensors.torch import load_file

from plugins.avatars.attributes import BEARDED, FACTORS, KINDS, STYLES, options, shares
from plugins.avatars.drawing import coverages, parts
from plugins.avatars.evaluation import evaluate_portraits
from plugins.avatars.judging import asked, judge, judged, shown
from plugins.avatars.latent import AXES, SIZE, every, kinds, read
from plugins.avatars.net import Portraits, paint, palette
from plugins.avatars.palette import COLOURS, SLOTS
from zoo.latents import pack
from zoo.registry import BUNDLED, discover
from zoo.training.loop import Budget
from zoo.training.tables import numbers


def latents(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, SIZE, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def model():
    return discover(only=("avatars",), strict=True).entry("avatars/portraits").open()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("factor", FACTORS)
def test_the_shares_of_a_style_sum_to_one(style: str, factor: str) -> None:
    assert sum(shares(style, factor)) == pytest.approx(1)
    assert {option.kind for option in options(style, factor)} <= {"", *KINDS.get(factor, ())}


def test_random_latents_draw_attributes_as_often_as_the_tables_say() -> None:
    choice = read(latents(20_000), {"style": "notionists"})
    sunglasses = torch.tensor([kind == "sunglasses" for kind in kinds("glasses")])
    assert float((choice.shapes["glasses"] * sunglasses).sum(1).mean()) == pytest.approx(0.10, abs=0.01)


def test_what_is_asked_for_is_what_is_read() -> None:
    wanted = {"style": "micah", "hair": "long", "glasses": "glasses", "background": "mint", "beard": "beard"}
    choice = read(latents(50), wanted)
    named = dict(zip(AXES, range(SIZE), strict=True))
    assert set(choice.style.argmax(1).tolist()) == {named["micah"]}
    for factor in ("hair", "glasses", "beard"):
        assert {kinds(factor)[at] for at in choice.shapes[factor].argmax(1).tolist()} == {wanted[factor]}


def test_what_a_style_does_not_have_stays_with_the_latent() -> None:
    assert torch.equal(
        read(latents(9), {"style": "lorelei", "beard": "beard"}).shapes["beard"],
        read(latents(9), {"style": "lorelei"}).shapes["beard"],
    )


def test_no_beard_below_long_hair_unless_asked_for() -> None:
    choice = read(latents(2_000), {})
    hair = [kinds("hair")[at] for at in choice.shapes["hair"].argmax(1).tolist()]
    beard = [kinds("beard")[at] for at in choice.shapes["beard"].argmax(1).tolist()]
    assert {h for h, b in zip(hair, beard, strict=True) if b in ("beard", "moustache")} <= set(BEARDED)


def test_every_option_can_be_drawn_and_covers_each_pixel_once() -> None:
    for style in STYLES:
        for factor in FACTORS:
            for n in range(len(options(style, factor))):
                choice = read(latents(1), {"style": style})
                at = every(factor).index((style, n))
                choice.shapes[factor].zero_()[0, at] = 1
                assert parts(choice, 0)[0] == style
                drawn = coverages(choice, 32)
                assert drawn.shape == (1, len(SLOTS), 32, 32)
                assert torch.allclose(drawn.sum(1), torch.ones(1, 32, 32), atol=0.02)


def test_the_network_draws_what_the_drawing_covers(model) -> None:
    some = latents(16, seed=7)
    choice = read(some, {})
    drawn = paint(coverages(choice, 256), palette(choice))
    assert float((model.net(some, {}) - drawn).abs().mean()) < 0.02


def test_attributes_that_are_asked_for_are_seen_by_the_judge(model) -> None:
    some = latents(32, seed=8)
    looks = model.Params(style="open-peeps", hair="curly", glasses="sunglasses", mouth="laugh", skin="brown")
    seen = judged(judge(), (255 * model.draw(some, looks)).byte())
    for name in ("style", "hair", "glasses", "mouth", "skin"):
        value = getattr(looks, name)
        number = STYLES.index(value) if name == "style" else list(KINDS.get(name, COLOURS.get(name))).index(value)
        assert float((seen.named[name] == number).float().mean()) > 0.9, name


def test_a_drawn_portrait_comes_back_from_its_latent(model) -> None:
    some = latents(6, seed=9)
    told: list[float] = []
    found = model.encode(model.draw(some, model.Params()), told.append)
    back, true = asked(found), asked(some)
    right = torch.cat([(back[name] == true[name])[shown(name, true["style"])].float() for name in true])
    assert float(right.mean()) > 0.8
    assert told.count(1.0) == 6
    assert len(pack(found[0].numpy())) < 1500


def test_a_picture_of_something_else_still_gets_a_latent(model) -> None:
    assert torch.isfinite(model.encode(torch.rand(1, 3, 40, 90))).all()


def test_two_seeds_of_the_same_attributes_differ(model) -> None:
    looks = model.Params(
        style="toon-head", hair="short", hair_colour="brown", skin="tan", mouth="smile", beard="none",
        eyebrows="soft", clothes_colour="sky", background="sky",
    )  # fmt: skip
    drawn = model.draw(latents(12, seed=3), looks)
    apart = torch.pdist(drawn.flatten(1), p=1) / drawn[0].numel()
    assert float(apart.median()) > 0.01


def test_a_training_step_learns() -> None:
    train = import_module("plugins.avatars.train")
    torch.manual_seed(0)
    method, some = train.Distillation(), train.covered(4)
    first = method.step(some, 0.1)["coverage"].item()
    for _ in range(10):
        last = method.step(some, 0.1)["coverage"].item()
    assert last < 0.8 * first


def test_the_whole_training_leaves_portraits_a_reader_and_a_judge(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = import_module("plugins.avatars.train")
    monkeypatch.setattr(train, "SHAPES", Budget(8, 4, 8))
    monkeypatch.setattr(train, "READING", Budget(8, 4, 8))
    monkeypatch.setattr(train, "SEEN_BY_PRINCIPAL", 16)
    train.train("portraits", "avatars:", tmp_path / "out", tracker="none")
    net = Portraits()
    net.load_state_dict(load_file(tmp_path / "out" / "model.safetensors"))
    assert float(net.get_buffer("principal_0").norm()) == pytest.approx(1, abs=1e-4)
    assert (tmp_path / "out" / "judge" / "model.safetensors").exists()


def test_an_evaluation_compares_with_drawn_portraits_and_with_peers(model) -> None:
    figures = evaluate_portraits(model.net, count=48, inverted=2)
    for name in ("swd", "precision", "recall", "density", "coverage", "mode_coverage", "mode_kl", "swd_256"):
        assert {name, f"{name}_floor", f"dcgan_{name}", f"mlp_{name}"} <= figures.keys()
    for name in ("attribute_accuracy", "inversion_ms_ssim", "inversion_attribute_accuracy", "memorised_share"):
        assert figures[f"{name}_low"] <= figures[name] <= figures[f"{name}_high"]
    assert figures["swd_256"] < figures["dcgan_swd_256"] < figures["mlp_swd_256"]


def test_the_principal_directions_are_orthogonal_and_leave_the_style(model) -> None:
    net = model.net
    assert isinstance(net, torch.nn.Module)
    found = torch.stack([net.get_buffer(f"principal_{n}") for n in range(3)])
    assert torch.allclose(found @ found.T, torch.eye(3), atol=1e-3)
    assert float(found[:, : len(STYLES)].abs().max()) < 1e-6


def test_the_network_is_small() -> None:
    assert sum(each.numel() for each in Portraits().parameters()) < 3_000_000


def test_the_readme_and_the_results_say_what_was_measured() -> None:
    facts = json.loads((BUNDLED / "avatars" / "weights" / "portraits" / "metrics.json").read_text("utf-8"))
    results = json.loads((BUNDLED.parent / "docs" / "results" / "avatars-portraits.json").read_text("utf-8"))
    assert results == facts["metrics"]
    assert numbers({"portraits": facts}) in (BUNDLED / "avatars" / "README.md").read_text("utf-8")
