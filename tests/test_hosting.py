"""The page for hosts names every variable that there is, and none that there is not."""

from __future__ import annotations

import re
from pathlib import Path

HOUSE = Path(__file__).parent.parent


def test_the_page_for_hosts_names_every_variable() -> None:
    source = "\n".join(file.read_text("utf-8") for file in [HOUSE / "app.py", *HOUSE.glob("zoo/**/*.py")])
    read = set(re.findall(r'"(ZOO_[A-Z_]+)"', source)) - {"ZOO_API"}
    assert set(re.findall(r"`(ZOO_[A-Z_]+)`", (HOUSE / "docs" / "hosting.md").read_text("utf-8"))) == read


def test_the_variables_of_the_hub_are_its_clients_own() -> None:
    from huggingface_hub import constants

    page = (HOUSE / "docs" / "hosting.md").read_text("utf-8")
    known = {*vars(constants), "HF_ENDPOINT", "HF_TOKEN"}
    assert set(re.findall(r"`(HF_[A-Z_]+)`", page)) <= known
    assert f"`HF_HUB_ETAG_TIMEOUT` | {constants.DEFAULT_ETAG_TIMEOUT} " in page
    assert f"`HF_HUB_DOWNLOAD_TIMEOUT` | {constants.DEFAULT_DOWNLOAD_TIMEOUT} " in page
