"""What stands around Gradio's page on the web: `launch(app_kwargs=surroundings(engine))`."""

from __future__ import annotations

import os
from typing import Any

from starlette.middleware import Middleware

from zoo.engine import Engine
from zoo.studio.guard import Guard
from zoo.studio.head import Head
from zoo.studio.headers import security_headers
from zoo.studio.pages import Pages
from zoo.studio.rate import Buckets


def surroundings(engine: Engine, buckets: Buckets | None = None) -> dict[str, Any]:
    """Share pages, and the guard before everything.

    X-Forwarded-For counts on a Space, and where the host says `ZOO_BEHIND_PROXY=1`. On ZeroGPU share pages show the
    banner: a request from outside the studio's page has no quota to draw with.
    """
    on_space = bool(os.environ.get("SPACE_ID"))
    behind_proxy = on_space or os.environ.get("ZOO_BEHIND_PROXY") == "1"
    guard = Middleware(Guard, buckets=buckets, behind_proxy=behind_proxy, headers=security_headers(on_space))
    pages = Pages(engine, draws=not os.environ.get("SPACES_ZERO_GPU"))
    return {"routes": pages.routes(), "middleware": [guard, Middleware(Head)]}
