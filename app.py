"""The Space's entry, and `python app.py`: the studio as it is, on ZeroGPU, CUDA or a CPU."""

import contextlib
import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

with contextlib.suppress(ImportError):
    import spaces  # noqa: F401 – on ZeroGPU it has to come before torch

from zoo.studio import serve

if __name__ == "__main__":
    serve()
