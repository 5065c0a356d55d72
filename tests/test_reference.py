"""The parts of the docs that the code writes are as the code would write them now."""

from pathlib import Path

import pytest

from zoo.reference import ROOT, pages

PAGES = pages()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_says_what_the_code_does(path: Path) -> None:
    assert path.read_text("utf-8") == PAGES[path], "Run: python -m zoo.reference"


def test_every_verb_and_every_clause_is_on_a_page() -> None:
    assert {path.relative_to(ROOT).as_posix() for path in PAGES} >= {"README.md", "docs/cli.md", "docs/plugins.md"}
    assert "## zoo publish" in PAGES[ROOT / "docs" / "cli.md"]
    assert "**repeats itself**" in PAGES[ROOT / "docs" / "plugins.md"]
    assert "`ink/hatch`" in PAGES[ROOT / "README.md"]
