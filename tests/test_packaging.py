"""What is written in two places because two tools read it says the same in both."""

import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FRONT_MATTER = yaml.safe_load((ROOT / "README.md").read_text("utf-8").split("---\n")[1])


def test_a_space_and_pip_install_the_same() -> None:
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == PROJECT["dependencies"]


def test_the_front_matter_is_what_a_space_takes() -> None:
    gradio = next(need for need in map(Requirement, PROJECT["dependencies"]) if need.name == "gradio")
    assert Version(FRONT_MATTER["sdk_version"]) in gradio.specifier
    assert len(FRONT_MATTER["short_description"]) <= 60
    assert (ROOT / FRONT_MATTER["app_file"]).is_file()
    assert FRONT_MATTER["license"] == PROJECT["license"].lower()


def test_the_extras_are_there() -> None:
    assert {"train", "c2pa", "ray", "test"} <= set(PROJECT["optional-dependencies"])


def test_the_entry_of_a_space_is_short() -> None:
    assert len((ROOT / "app.py").read_text("utf-8").splitlines()) < 60
