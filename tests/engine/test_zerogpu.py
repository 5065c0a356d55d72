"""The ZeroGPU engine under a stand-in for `spaces.GPU` that does what it does: fork, pickle, run, pickle back.

The real one needs a Space; what can break without one is pickling and state that does not survive the fork.
"""

import multiprocessing
import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.engine.troupe import troupe
from zoo.engine import Engine
from zoo.engine.zerogpu import ZeroGpu
from zoo.errors import ModelError
from zoo.recipe import Draw, Recipe, Step
from zoo.store import Store


def forking(duration):
    """`spaces.GPU`, with a worker that is forked for every call."""

    def decorate(function):
        def call(*args):
            parent, child = multiprocessing.Pipe()
            process = multiprocessing.get_context("fork").Process(target=_work, args=(function, child))
            process.start()
            parent.send_bytes(pickle.dumps(args))
            ok, answer = pickle.loads(parent.recv_bytes())
            process.join()
            if not ok:
                raise answer
            return answer

        return call

    assert duration > 0
    return decorate


def _work(function, pipe):
    torch.set_num_threads(1)  # the parent's OpenMP threads did not survive the fork, and would be waited for
    try:
        pipe.send_bytes(pickle.dumps((True, function(*pickle.loads(pipe.recv_bytes())))))
    except Exception as error:
        pipe.send_bytes(pickle.dumps((False, error)))


@pytest.fixture
def engine(tmp_path):
    compute = ZeroGpu(forking, device="cpu")
    return Engine(troupe(), Store(str(tmp_path)), compute)


def test_a_persona_is_made_across_the_fork(engine):
    recipe = Recipe(source=Draw(model="tiny/clouds", seed=3), steps=(Step(model="tiny/shade"), Step(model="tiny/lamp")))
    persona = engine.run(recipe)
    assert len(persona.pictures) == 3
    assert np.asarray(persona.picture).std() > 0


def note(file: Path, share: float, title: str) -> None:
    with file.open("a") as lines:
        lines.write(f"{share:.0%} {title}\n")


def test_a_picture_is_encoded_across_the_fork_and_tells_how_far_it_is(engine, tmp_path):
    progress = partial(note, tmp_path / "progress")

    draw = engine.encode("tiny/mirror", Image.new("RGB", (64, 64), (200, 90, 40)), progress)

    assert engine.run(Recipe(source=draw)).picture.getpixel((9, 9)) == pytest.approx((200, 90, 40), abs=3)
    assert (tmp_path / "progress").read_text().splitlines()[::20] == ["0% Mirror", "50% Mirror", "100% Mirror"]


def test_an_error_crosses_back_as_its_sentence(engine):
    recipe = Recipe(source=Draw(model="tiny/clouds"), steps=(Step(model="tiny/broken"),))
    with pytest.raises(ModelError, match="no luck"):
        engine.run(recipe)
