"""Write the sample profiles of the README anew: `python -m plugins.phrases.samples`."""

from __future__ import annotations

import re
from pathlib import Path

from zoo import Profile, Traits

from .grammar import profile

README = Path(__file__).with_name("README.md")

PORTRAITS = (
    (1, Traits(styles=("classics/dcgan", "ink/hatch"), colors=("#15807c", "#efe0d0"))),
    (8, Traits(styles=("classics/dcgan", "ink/oil"), colors=("#cc8a22", "#2b2b2b"))),
    (21, Traits(styles=("classics/dcgan",), colors=("#1b2a52",))),
)


def section(language: str) -> str:
    return "\n\n".join(card(profile(traits, seed, language, emoji=True)) for seed, traits in PORTRAITS)


def card(p: Profile) -> str:
    """`p` as Markdown."""
    posts = "\n".join(f"> - {post.text}\n" + "\n".join(f">   - {c}" for c in post.comments) for post in p.posts)
    return f"> **{p.nickname}** {p.handle} – {p.tagline}\n>\n> {p.bio}\n>\n> {' · '.join(p.interests)}\n>\n{posts}"


def renew(readme: str) -> str:
    """`readme` with today's profiles between its `samples` marks."""
    mark = re.compile(r"(<!-- samples (\w+) -->).*?(<!-- end -->)", re.DOTALL)
    return mark.sub(lambda found: f"{found[1]}\n\n{section(found[2])}\n\n{found[3]}", readme)


if __name__ == "__main__":
    README.write_text(renew(README.read_text("utf-8")), "utf-8")
