"""What agents get over MCP.

Gradio 6.31 makes pictures anew for them, without the label, and of several outputs one text in Python's notation.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from anyio import to_thread
from PIL import Image


def mend_mcp() -> None:
    """Puts our way of answering in place of Gradio's, for every server started after."""
    from gradio.mcp import GradioMCPServer

    GradioMCPServer.get_base64_data = staticmethod(_file_of)  # type: ignore[method-assign, assignment]
    GradioMCPServer._execute_tool_without_progress = _outputs_of  # type: ignore[method-assign, assignment]


def _file_of(image: Image.Image, _: str) -> str:
    """The file that `image` was opened from, as it is, in base64."""
    return base64.b64encode(Path(image.filename).read_bytes()).decode()  # type: ignore[attr-defined]


async def _outputs_of(_: Any, job: Any) -> list[Any]:
    """The outputs of a finished call: pictures as Gradio knows them, data as JSON."""
    result = await to_thread.run_sync(job.result)
    outputs = result if isinstance(result, tuple) else (result,)
    return [one if "path" in one else json.dumps(one, ensure_ascii=False) for one in outputs]
