"""Correction recall: who was given a line, one correction to each, who has read it; changes noticed by themselves."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from assistant import recall as thinking
from assistant.desk import Desk
from assistant.domain import Incoming, Role, Variant
from assistant.errors import CoachError
from assistant.guard import LIKENESS, RULES, Break
from assistant.handlers import answer, recall
from tests.conftest import NOW, hear, shown, unguarded

LATER = NOW + timedelta(days=3)


@pytest.fixture
def told(say, store):
    """小李 was given price#1 and flood#1, 王姐 price#1 and price#2, 张三 only flood#1."""
    store.know("wang", "王姐", Role.AGENT, NOW)
    store.know("zhang", "张三", Role.AGENT, NOW)
    store.know("chen", "陈主管", Role.MANAGER, NOW)
    for person, lines in (("li", ["/new 甲", "太贵了", "泡水了"]), ("wang", ["太贵了", "太贵了"]), ("zhang", ["泡水了", "没听过的话"])):
        for line in lines:
            say(line, person)
    return store


@pytest.mark.parametrize("text, expected", [
    ("COM-22", thinking.Target("COM-22", "COM-22")), ("price_too_high#2", thinking.Target("price_too_high#2", "price_too_high", 2)),
    ("flood@nev#1", thinking.Target("flood@nev#1", "flood", 1, "nev")), ("a b", None), ("price@nev", None), ("", None), ("price#0", None),
])
def test_an_id_names_a_fact_a_card_or_a_rung(text, expected):
    assert thinking.target(text) == expected


@pytest.mark.parametrize("wanted, expected", [
    ("F-01", "F-01：最近 30 天给过 3 人 5 次。"), ("price", "price：最近 30 天给过 2 人 3 次。"),
    ("price#2", "price#2：最近 30 天给过 1 人 1 次。"), ("价格太高#2", "price#2：最近 30 天给过 1 人 1 次。"), ("stop", "stop：最近 30 天没有人拿到过。"),
])
def test_a_fact_a_card_and_a_rung_are_traced_to_whoever_was_given_them(told, small, wanted, expected):
    assert recall.given(wanted, told, small, LATER)[0] == expected


def test_each_row_says_who_when_in_which_call_and_what(told, small):
    assert recall.given("price", told, small, LATER)[1] == "小李 · 11-24 10:00 · 通话 1·甲 · 价格太高第一句，我帮您看看。"


def test_what_was_given_too_long_ago_or_withheld_or_left_with_is_not_listed(told, small, say):
    assert recall.given("price", told, small, NOW + timedelta(days=31)) == ("price：最近 30 天没有人拿到过。",)
    before = [recall.given(wanted, told, small, LATER)[0] for wanted in ("F-01", "price", "price#3")]
    stale = Desk(hear, small, told, unguarded, as_of=date(2019, 1, 1))
    answer(Incoming("wang", "太贵了", NOW), stale)
    for _ in range(2):
        say("太贵了", "wang")
    after = [recall.given(wanted, told, small, LATER)[0] for wanted in ("F-01", "price", "price#3")]
    assert [turn.rung for _, turn in told.turns()][:3] == [0, 0, 3] and after == before


def test_one_correction_goes_to_each_agent_once_a_day_and_is_audited(desk, told, small):
    rows = recall.send("price", "附加费用率先别讲，以系统报价为准。", told, small, desk.guard, "chen", LATER)
    assert rows[-1] == "更正发给 2 人。"
    [notice] = told.unsent(LATER, "li")
    assert [line.text for line in notice.lines] == ["更正（price）：附加费用率先别讲，以系统报价为准。",
                                                  "您用过它的电话：11-24 通话 1·甲。对客户说过的，请回电更正。"]
    assert (notice.kind, [found.id for found in told.notices("recall:price:2026-11-27:li")]) == ("correction", [notice.id])
    assert told.unsent(LATER, "zhang") == ()
    assert recall.send("price", "再说一遍", told, small, desk.guard, "chen", LATER)[-1] == "更正发给 0 人；2 人今天已经发过这条。"
    assert [(entry["person"], entry["what"], entry["detail"]) for entry in told.audited()] == [
        ("chen", "recall", "price: 0 of 2 people"), ("chen", "recall", "price: 2 of 2 people")]


def test_the_status_says_who_has_read_it(desk, told, small, say):
    assert recall.status("price", told, small) == ("price 还没有发过更正。",)
    recall.send("price", "先别讲。", told, small, desk.guard, "chen", LATER)
    [notice] = told.unsent(LATER, "li")
    told.mark_sent(notice.id, LATER)
    assert recall.status("price", told, small) == ("小李 · 11-27 10:00 发 · 送到了，还没确认", "王姐 · 11-27 10:00 发 · 还没送到")
    say(action=f"read:{notice.id}")
    assert recall.status("价格太高", told, small)[0] == "小李 · 11-27 10:00 发 · 已读"


@pytest.mark.parametrize("wanted, text, says", [
    ("price", "可以说私下返您三百", "碰了红线 RL-01"), ("price", "  ", "更正要写明"), ("price", "长" * 201, "超过 200 字"),
    ("F-77", "先别讲", "没有 F-77 这个编号"), ("price#9", "先别讲", "没有 price#9 这个编号"), ("a b", "先别讲", "没有 a b 这个编号"),
])
def test_a_correction_that_breaks_a_rule_or_means_nothing_is_refused_in_one_sentence(desk, told, small, wanted, text, says):
    with pytest.raises(CoachError, match=says):
        recall.send(wanted, text, told, small, desk.guard, "chen", LATER)
    assert told.notices("recall:") == () and told.audited() == ()


def test_what_only_resembles_a_break_may_be_said_to_colleagues(told, small):
    concealment = Break("RL-10", "先别讲旧的那句", "《保险法》第16条", "…", LIKENESS)
    assert recall.send("price", "先别讲旧的那句", told, small, lambda text: (concealment,), "chen", LATER)[-1] == "更正发给 2 人。"
    with pytest.raises(CoachError, match="RL-10"):
        recall.send("F-01", "先别讲", told, small, lambda text: (concealment, replace(concealment, layer=RULES)), "chen", LATER)


def test_what_was_withdrawn_from_the_corpus_can_still_be_recalled_from_the_log(told, small):
    without = replace(small, cards={"stop": small.cards["stop"]}, facts={})
    assert recall.given("F-01", told, without, LATER)[0] == "F-01：最近 30 天给过 3 人 5 次。"
    assert recall.given("price#2", told, without, LATER)[0] == "price#2：最近 30 天给过 1 人 1 次。"


def test_a_manager_recalls_in_the_chat_and_an_agent_may_not(told, say):
    assert "要主管才能用" in shown(say("/recall price", "li"))
    assert shown(say("/recall", "chen")) == recall.USAGE
    assert shown(say("/recall price", "chen", minutes=1)).endswith("要发更正：/recall price 更正的话")
    assert shown(say("/recall price 先别讲。", "chen", minutes=1)).endswith("更正发给 2 人。")
    assert "还没送到" in shown(say("/recall price 已读", "chen"))
    assert "没有 F-77" in shown(say("/recall F-77 先别讲", "chen"))
    assert shown(say("/recall 变动", "chen")) == "最近 30 天没有改动或撤回的事实和话。"


def edited(small):
    """The corpus after one rung was rewritten, one fact reworded and one card withdrawn."""
    price = small.cards["price"]
    price = replace(price, say=("新的第一句", *price.say[1:]))
    return replace(small, cards={"price": price, "stop": small.cards["stop"]},
                   facts={**small.facts, "F-01": replace(small.facts["F-01"], speak=("20万元",))})


def test_a_change_is_noticed_at_the_next_start_with_who_was_told_the_old_one(told, small):
    assert recall.watch(told, small, NOW) == 0 and recall.watch(told, small, NOW) == 0
    assert recall.watch(told, edited(small), LATER) == 5
    rows = recall.changed(told, edited(small), LATER)
    assert [row.partition(" ")[0] for row in rows if not row.startswith("　")] == ["F-01", "flood#1", "flood#2", "flood#3", "price#1"]
    at = rows.index("price#1 11-27 改了：价格太高第一句，我帮您看看。 → 新的第一句")
    assert rows[at + 1:at + 3] == ("　旧的那版：最近 30 天给过 2 人 2 次。", "　小李 · 11-24 10:00 · 通话 1·甲 · 价格太高第一句，我帮您看看。")
    assert "flood#1 11-27 撤回或失效：泡水第一句，我帮您看看。" in rows
    assert recall.changed(told, edited(small), LATER + timedelta(days=31)) == ("最近 30 天没有改动或撤回的事实和话。",)


def test_who_was_told_the_new_text_is_not_among_those_who_had_the_old_one(told, small):
    recall.watch(told, small, NOW)
    recall.watch(told, edited(small), LATER)
    answer(Incoming("zhang", "太贵了", LATER + timedelta(hours=1)), Desk(hear, edited(small), told, unguarded))
    [change] = [change for change, _ in told.changed(NOW) if change.id == "price#1"]
    assert [one.person for one in told.given(thinking.target("price#1"), NOW, change.at)] == ["li", "wang"]
    rows = recall.changed(told, edited(small), LATER + timedelta(days=1))
    assert "　旧的那版：最近 30 天给过 2 人 2 次。" in rows and not any("新的第一句" in row and "张三" in row for row in rows)


def test_of_two_changes_each_has_its_own_listeners(told, small):
    recall.watch(told, small, NOW)
    recall.watch(told, edited(small), LATER)
    answer(Incoming("zhang", "太贵了", LATER + timedelta(hours=1)), Desk(hear, edited(small), told, unguarded))
    recall.watch(told, small, LATER + timedelta(hours=2))
    rows = recall.changed(told, small, LATER + timedelta(days=1))
    first = next(i for i, row in enumerate(rows) if row.startswith("price#1 11-27 改了：价格"))
    second = next(i for i, row in enumerate(rows) if row.startswith("price#1 11-27 改了：新的"))
    assert (rows[first + 1], rows[second + 1]) == ("　旧的那版：最近 30 天给过 2 人 2 次。", "　旧的那版：最近 30 天给过 1 人 1 次。")


def test_a_fact_whose_last_day_has_passed_counts_as_withdrawn(told, small):
    ended = replace(small, facts={**small.facts, "F-01": replace(small.facts["F-01"], valid_to=date(2026, 11, 25))})
    rows = recall.changed(told, ended, LATER)
    assert rows[0].startswith("F-01 11-26 撤回或失效：") and rows[1] == "　旧的那版：最近 30 天给过 3 人 5 次。"
    assert recall.changed(told, ended, NOW + timedelta(days=1)) == ("最近 30 天没有改动或撤回的事实和话。",)


def test_a_variant_is_recalled_apart_from_the_line_it_replaces(small, store):
    price = replace(small.cards["price"], variants=(Variant("nev", {1: "电车这句"}),))
    corpus = replace(small, cards={**small.cards, "price": price})
    desk = Desk(hear, corpus, store, unguarded)
    for text in ("太贵了", "/new", "客户 新能源", "太贵了"):
        answer(Incoming("li", text, NOW), desk)
    assert [recall.given(wanted, store, corpus, LATER)[-1].rpartition(" · ")[2] for wanted in ("price#1", "price@nev#1")] == [
        "价格太高第一句，我帮您看看。", "电车这句"]
