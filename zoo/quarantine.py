"""What keeps a plugin out, and what its author is told."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pluggy

from zoo.errors import ZooError

Stage = Literal["import", "register", "describe"]


@dataclass(frozen=True)
class Quarantined:
    """A plugin that was kept out."""

    plugin: str
    stage: Stage
    error: str


class RefusedError(Exception):
    """A plugin is kept out."""

    def __init__(self, stage: Stage, error: str) -> None:
        super().__init__(error)
        self.stage = stage


@contextmanager
def stage(at: Stage, seconds: float) -> Iterator[None]:
    """Whatever a plugin throws in here, `sys.exit` too, becomes a refusal that says what to do."""
    try:
        with _deadline(seconds):
            yield
    except ZooError as error:
        raise RefusedError(at, str(error)) from error
    except (Exception, SystemExit) as error:
        raise RefusedError(at, _advice(error)) from error


def _advice(error: BaseException) -> str:
    match error:
        case ModuleNotFoundError(name=str(name)) if name.startswith("zoo_plugins"):
            return f"It imports its own {name.split('.', 1)[-1]}, which is not there. Write it, or correct the name."
        case ModuleNotFoundError(name=str(name)):
            return f"It needs “{name}”, which is not installed. Try: pip install {name.split('.')[0]}"
        case SyntaxError(filename=file, lineno=line, msg=why):
            return f"Python cannot read {Path(file or '?').name}, line {line}: {why}."
        case SystemExit():
            return "It calls sys.exit while it is loaded. Remove the call: a plugin only defines things."
        case TimeoutError():
            return f"{error} Move slow work into build() or a method."
        case pluggy.PluginValidationError():
            return f"{error} The one hook is zoo_models(), without arguments."
        case _:
            return f"It raised {type(error).__name__}: {error}{_where(error)}."


def _where(error: BaseException) -> str:
    """The line that raised, where it is the plugin's."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f" ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})" if trace else ""


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in here after `seconds`. Only where signals work: in the main thread, not on Windows."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(*_: object) -> None:
        raise TimeoutError(f"It was still busy after {seconds:g} s.")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
