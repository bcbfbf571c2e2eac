"""改话术: a line changed once is changed for everybody, and what was told before can be recalled."""
from __future__ import annotations

from dataclasses import replace

import pytest

from assistant import overlay
from assistant.domain import Edit, Role
from assistant.guard import LIKENESS, Break
from assistant.handlers.fix import USAGE
from tests.conftest import NOW, shown

NEW = "您嫌贵，我按三块拆给您听。"


@pytest.fixture
def desk(desk, store):
    store.know("chen", "陈主管", Role.MANAGER, NOW)
    return replace(desk, corpus=overlay.over(desk.corpus, store.edits()))


def test_a_better_line_is_told_at_once_after_a_restart_and_can_be_taken_back(say, store, small):
    say("太贵了")
    message = say("改话术 价格太高 1 " + NEW, person="chen")
    assert shown(message, "say") == NEW and "1 人听过旧的那句" in shown(message)
    say("/new")
    assert shown(say("太贵了"), "say") == NEW
    assert overlay.over(small, store.edits()).cards["price"].say[0] == NEW
    assert [(entry["person"], entry["what"], entry["detail"]) for entry in store.audited()] == [("chen", "fix", "price#1")]
    say("/fix price 1 撤回", person="chen")
    say("/new")
    assert shown(say("太贵了"), "say") == small.cards["price"].say[0]
    assert overlay.over(small, store.edits()).cards["price"].say == small.cards["price"].say


@pytest.mark.parametrize("line, says", [
    ("我私下返您三百", "RL-01"), ("这是全市最低价", "最低"), ("好", "只有 1 个字"), ("您放心" * 14, "超过 40 字"), ("赔12.2万", "122000"), ("[先生]您好", "念不出口"),
])
def test_a_line_that_may_not_be_told_is_not_kept_and_says_why(say, store, small, line, says):
    message = say(f"改话术 price 2 {line}", person="chen")
    assert "没有存" in shown(message, "warning") and says in shown(message, "why")
    assert store.edits() == () and store.audited() == ()


def test_the_second_layer_guards_it_too(desk, say, store, monkeypatch):
    euphemism = Break("RL-01", "回头给您整点油", "《保险法》第116条", "…", LIKENESS)
    object.__setattr__(desk, "guard", lambda text: (euphemism,) if "整点油" in text else ())
    assert "很像违规的说法" in shown(say("改话术 price 2 回头给您整点油", person="chen"), "why")
    assert store.edits() == ()


def test_who_may_change_lines_and_what_is_misspelt(say, store):
    assert "主管" in shown(say("改话术 price 1 " + NEW))
    for text in ("改话术", "改话术 price", "改话术 price 4 好", "改话术 nowhere 1 好", "改话术 price 1"):
        assert USAGE in shown(say(text, person="chen"))
    assert "没有「nowhere」这张卡" in shown(say("改话术 nowhere 1 好", person="chen"))
    assert store.edits() == ()


def test_an_edit_of_a_card_that_is_gone_is_passed_over(small):
    assert overlay.over(small, [Edit("gone", 1, NEW), Edit("price", 9, NEW)]).cards == small.cards
