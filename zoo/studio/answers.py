"""How handlers answer: in the visitor's language, and with a sentence when something is wrong."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeVar

import gradio as gr

from zoo.errors import ZooError
from zoo.language import say, tell

F = TypeVar("F", bound=Callable[..., Any])

log = logging.getLogger("zoo.studio")


def answering(handler: F) -> F:
    """A handler whose `ZooError`s reach the visitor as sentences, and whose other failures go to the log.

    The language is the handler's argument `language`; English where it has none.
    """
    signature = inspect.signature(handler)

    @functools.wraps(handler)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        except gr.Error:
            raise
        except ZooError as error:
            raise gr.Error(tell(error, _language(signature, args, kwargs)), print_exception=False) from None
        except Exception:
            log.exception("%s failed", handler.__name__)
            sentence = say("Something went wrong here. Try again; nothing is lost.", _language(signature, args, kwargs))
            raise gr.Error(sentence, print_exception=False) from None

    return answer  # type: ignore[return-value]


def _language(signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    given = signature.bind_partial(*args, **kwargs).arguments.get("language", "en")
    return "zh" if given == "zh" else "en"
