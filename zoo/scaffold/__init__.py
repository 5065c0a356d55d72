"""What `zoo new` writes: a plugin that works, to be changed step by step.

The modules beside this one are the plugins it starts from, one per kind of model.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from zoo.errors import PluginError
from zoo.model import Kind

_INIT = '''"""{title}: a plugin of Persona Zoo."""

from .plugin import ZOO_API, zoo_models

__all__ = ["ZOO_API", "zoo_models"]
'''

_TEST = '''"""The contract of the zoo, for every model of this plugin. Run it: pytest {name}"""

from pathlib import Path

import pytest

from zoo.contract import check
from zoo.registry import discover

ZOO = discover(Path(__file__).parent.parent, only=(Path(__file__).parent.name,), strict=True)


@pytest.mark.parametrize("id", ZOO.models)
def test_keeps_the_contract(id):
    assert [result for result in check(ZOO.entry(id)) if not result.passed] == []
'''

_CHINESE = {
    "Contrast": "反差",
    "Draws soft clouds of colour: a network that was never trained.": "画出柔和的彩云：一个从未训练过的网络。",
    "Finds single pixels that fit nothing around them, and paints them over.": "找出与四周不合的像素，并补上。",
    "How far a pixel may be off, from 0 to 1.": "一个像素可以偏离多少，从 0 到 1。",
    "How far the colours are apart.": "颜色之间相距多远。",
    "How many interests to name.": "写出几样兴趣。",
    "How many steps of each colour are left.": "每种颜色留下几级。",
    "How much of the effect is mixed in.": "混入多少效果。",
    "Interests": "兴趣",
    "Levels": "级数",
    "Prints a portrait in a few flat colours, like a poster.": "用几种平涂的颜色印出肖像，像一张海报。",
    "Specks": "杂点",
    "Strength": "强度",
    "Writes a few quiet words for a portrait.": "为肖像写几句安静的话。",
}
"""What a visitor reads of these plugins: sentences as they are, titles as the studio makes them of params' names."""

_README = """# {title}

What it does, in a sentence. How it works, in a paragraph, with the paper it comes from.

- **Licence** Apache-2.0, weights included
- **Made from** what it was trained on, and whose work that is
- **Check** `zoo check {name}`
"""


def new(name: str, kind: Kind, folder: Path) -> tuple[Path, ...]:
    """Write the plugin `name`, with one model of `kind`, into a folder of its own under `folder`. The files written.

    Raises `PluginError` where the name is no name, or taken there.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", name):
        raise PluginError("“{name}” cannot name a plugin. Use lower-case letters, digits, _ and -.", name=name)
    home = folder / name
    if home.exists() or home.with_suffix(".py").exists():
        raise PluginError("{home} is there already. Choose another name, or move it away.", home=home)
    home.mkdir(parents=True)
    return tuple(_write(home / file, text) for file, text in _files(name, kind).items())


def _files(name: str, kind: Kind) -> dict[str, str]:
    title = re.sub(r"[_-]+", " ", name).title()
    source = (Path(__file__).parent / f"{kind}.py").read_text("utf-8")
    source = source.replace("class Example", f"class {title.replace(' ', '')}").replace('"Example"', f'"{title}"')
    source = source.replace("[Example]", f"[{title.replace(' ', '')}]")
    chinese = {english: words for english, words in _CHINESE.items() if english.lower() in source.lower()}
    return {
        "__init__.py": _INIT.format(title=title),
        "plugin.py": source,
        "test_plugin.py": _TEST.format(name=name),
        "README.md": _README.format(title=title, name=name),
        "zh.json": json.dumps(chinese, ensure_ascii=False, indent=2) + "\n",
    }


def _write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path
