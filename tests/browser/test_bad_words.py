"""Words that want to be code, typed and sent by link: shown as they are. That nothing ran and nothing was fetched is
what `visit` checks of every visitor. Row numbers are those of the bad inputs in the notes on trust."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

BAD_WORDS = {
    "row_15_markup": ("<img src=x onerror=alert(1)></div>", "<script>alert(1)</script> & <b>bold</b>"),
    "row_16_templates": ("${alert(1)} {{constructor}} `x`", "{{constructor.constructor('alert(1)')()}} ${alert(2)}"),
    "row_17_markdown": ("[me](javascript:alert(1))", "![](http://tracker.example/a.png) [x](http://evil.example)"),
}


@pytest.mark.parametrize("row", BAD_WORDS)
def test_bad_words_are_only_words(visit, row):
    nickname, bio = BAD_WORDS[row]
    sender, finder = visit(), visit()
    sender.open()
    sender.generate()
    sender.unfold("Name and voice")
    typed(sender, "Nickname", nickname)
    typed(sender, "Bio", bio)
    shows(sender, nickname, bio)

    finder.page.goto(sender.copy_link("generate"))
    finder.changed("")
    shows(finder, nickname, bio)
    finder.see("#recent button").first.click()
    expect(finder.see("#recent-gallery")).to_contain_text(nickname)


def test_row_28_what_a_sender_typed_is_marked_as_theirs_and_is_no_link(visit):
    sender, finder = visit(), visit("zh")
    sender.open()
    sender.generate()
    expect(sender.see("#profile")).not_to_contain_text("typed by whoever")
    sender.unfold("Name and voice")
    typed(sender, "Nickname", "Persona Zoo Support: https://evil.example")

    finder.page.goto(sender.copy_link("generate") + "?lang=zh-CN")
    finder.changed("")

    expect(finder.see("#profile")).to_contain_text(finder.say("Nickname or bio typed by whoever made this persona."))
    expect(finder.see("#profile a")).to_have_count(0)


def test_row_18_a_nickname_is_cut_to_its_length(visit):
    visitor = visit()
    visitor.open()
    visitor.generate()
    visitor.unfold("Name and voice")
    visitor.page.get_by_label("Nickname").evaluate("box => box.removeAttribute('maxlength')")
    typed(visitor, "Nickname", "x" * 5000)

    expect(visitor.see("#profile h2")).to_have_text("x" * 40)


def typed(visitor, label, words):
    before = visitor.recipe
    box = visitor.page.get_by_label(label)
    box.fill(words)
    box.press("Enter")
    visitor.changed(before)


def shows(visitor, nickname, bio):
    expect(visitor.see("#profile h2")).to_have_text(nickname)
    expect(visitor.see("#profile")).to_contain_text(bio)
    expect(visitor.see("#profile a, #profile img, #profile script")).to_have_count(0)
