"""The parts of the docs that the code writes. `python -m zoo.reference` writes them; a test compares."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from zoo.clauses import CLAUSES, Clause
from zoo.cli import VERBS, Argument, Verb
from zoo.registry import Entry, discover

ROOT = Path(__file__).parent.parent


def pages(root: Path = ROOT) -> dict[Path, str]:
    """What every page with generated parts has to read: the README and those in `docs/`."""
    found = {}
    for path in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
        text = path.read_text("utf-8") if path.is_file() else ""
        if parts := re.findall(r"^<!-- begin (\w+) -->$", text, re.MULTILINE):
            found[path] = _filled(text, {part: PARTS[part]() for part in parts})
    return found


def cli() -> str:
    """Every verb of the command line, as its `--help` tells it."""
    return "\n\n".join(_verb(verb) for verb in VERBS.values())


def contract() -> str:
    """Every clause, and whom it binds."""
    rows = [f"| **{one.name}** | {' '.join(one.text.split())} | {_bound(one)} |" for one in CLAUSES.values()]
    return "\n".join(["| clause | what it says | binds |", "|---|---|---|", *rows])


def models() -> str:
    """Every bundled model."""
    rows = [_row(entry) for entry in discover().models.values()]
    return "\n".join(["| model | what it is | licence | credits |", "|---|---|---|---|", *rows])


def plugin() -> str:
    """The plugin that the contract runs."""
    return f"```python\n{(ROOT / 'docs' / 'example_plugin.py').read_text('utf-8').rstrip()}\n```"


PARTS: Mapping[str, Callable[[], str]] = {"cli": cli, "contract": contract, "models": models, "plugin": plugin}


def _filled(text: str, parts: Mapping[str, str]) -> str:
    for name, part in parts.items():
        begin, end = f"<!-- begin {name} -->\n", f"\n<!-- end {name} -->"
        before, rest = text.split(begin, 1)
        text = before + begin + part + end + rest.split(end.strip("\n"), 1)[1]
    return text


def _verb(verb: Verb) -> str:
    usage = " ".join(["zoo", verb.name, *(_usage(one) for one in verb.arguments)])
    lines = [f"- `{_name(one)}` {one.settings['help']}{_default(one)}" for one in verb.arguments]
    return "\n".join([f"## zoo {verb.name}\n", verb.text, "\n```", usage, "```\n", *lines])


def _usage(one: Argument) -> str:
    needed = one.settings.get("required") or (not one.name.startswith("-") and one.settings.get("nargs") != "*")
    return _name(one) if needed else f"[{_name(one)}]"


def _name(one: Argument) -> str:
    """The argument as one types it: `--out FOLDER`, `NAME ...`."""
    choices = one.settings.get("choices")
    value = "|".join(choices) if choices else one.settings.get("metavar", one.name.strip("-").upper())
    if not one.name.startswith("-"):
        return f"{value} ..." if "nargs" in one.settings else value
    return one.name if "action" in one.settings else f"{one.name} {value}"


def _default(one: Argument) -> str:
    return f" (default: {one.settings['default']})" if "default" in one.settings else ""


def _bound(clause: Clause) -> str:
    every = {kind for other in CLAUSES.values() for kind in other.kinds}
    who = "every model" if set(clause.kinds) == every else ", ".join(f"{kind}s" for kind in clause.kinds)
    return f"{who}; with `--weights`" if clause.weights else who


def _row(entry: Entry) -> str:
    card = entry.cls.card
    what = f"[{card.title}]({card.source}), a {entry.kind}. {entry.about}"
    return f"| `{entry.id}` | {what} | {card.license} | {'; '.join(card.credits)} |"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
        print(path)
