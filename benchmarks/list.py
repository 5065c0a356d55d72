"""What `zoo list` costs beside the two libraries that any answer needs: `python benchmarks/list.py`.

Processor time of whole processes, the two in turn, so that what else the machine does falls on both alike. Writes
docs/results/list.md.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNS = 20
LIMIT = 3.0
"""Times the libraries' own."""

COMMANDS = {
    'python -c "import pydantic, pluggy"': [sys.executable, "-c", "import pydantic, pluggy"],
    "zoo list": [sys.executable, "-m", "zoo", "list"],
}

PAGE = """# What `zoo list` costs

Processor time of a whole process, user and system, in seconds: the least of {runs} runs, the two in turn.

| | seconds | ratio |
|---|---|---|
{rows}

Asked: under {limit:g}. Python {python}, {machine}, {models} models, our modules compiled {compiled}.
Written by `python benchmarks/list.py`.
"""


def seconds(command: list[str]) -> float:
    """The processor time of one run."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} failed")
    return used.ru_utime + used.ru_stime


def main() -> None:
    runs = [[seconds(command) for command in COMMANDS.values()] for _ in range(RUNS)]
    least = [min(times) for times in zip(*runs, strict=True)]
    rows = [f"| `{name}` | {time:.3f} | {time / least[0]:.2f} |" for name, time in zip(COMMANDS, least, strict=True)]
    listed = subprocess.run(COMMANDS["zoo list"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    page = PAGE.format(
        runs=RUNS,
        rows="\n".join(rows),
        limit=LIMIT,
        python=platform.python_version(),
        machine=platform.machine(),
        compiled="anew in each run (PYTHONDONTWRITEBYTECODE)" if sys.dont_write_bytecode else "once",
        models=len(listed.splitlines()),
    )
    (ROOT / "docs" / "results" / "list.md").write_text(page, "utf-8")
    print(page)


if __name__ == "__main__":
    main()
