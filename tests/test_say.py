"""能说吗: an agent asks before saying something of their own."""
from __future__ import annotations

from datetime import timedelta

from assistant.domain import Role
from assistant.handlers.say import USAGE
from assistant.render import MAY_SAY
from tests.conftest import NOW, shown


def test_a_break_is_quoted_with_its_rule_its_law_and_a_line_to_say_instead(say, store):
    message = say("能说吗 我私下返您三百")
    assert shown(message, "warning").startswith("别说：“返您”，碰了 RL-01 合同外利益（《保险法》第116条）")
    assert shown(message, "say") == "按规定合同外的利益我不能给您。"
    assert [(button.label, button.copy) for button in message.buttons] == [("复制", "按规定合同外的利益我不能给您。")]
    [asked] = store.checks(NOW - timedelta(days=1))
    assert (asked.person, asked.text, asked.rules, asked.session_id) == ("li", "我私下返您三百", ("RL-01",), None)


def test_what_may_be_said_is_said_so_and_a_figure_without_a_fact_is_named(say):
    assert shown(say("/say 我先把条款发您看看")) == MAY_SAY
    assert "2950元" in shown(say("能说吗 您这单2950元"), "warning")
    assert shown(say("能说吗 财产限额2000元")) == MAY_SAY
    say("客户 今年2950")
    assert shown(say("能说吗 您这单2950元")) == MAY_SAY


def test_last_years_figure_is_not_this_years(say):
    say("客户 上年3200 今年2950")
    assert shown(say("能说吗 您去年是3200元，今年系统出的是2950元")) == MAY_SAY
    assert shown(say("能说吗 去年3200元今年2950元")) == MAY_SAY
    assert "3200元" in shown(say("能说吗 今年还是3200元"), "warning")
    assert "2950元" in shown(say("能说吗 去年才2950元"), "warning")


def test_in_a_call_the_question_is_kept_with_the_call_and_tells_no_rung(say, store):
    say("太贵了")
    say("能说吗 打我13812345678")
    [asked] = store.checks(NOW - timedelta(days=1))
    assert asked.session_id == store.current_call("li").id and "13812345678" not in asked.text
    assert shown(say("太贵了"), "say") == "价格太高第二句，我帮您算算。"


def test_an_empty_question_and_an_endless_one_get_one_clear_sentence(say):
    assert shown(say("能说吗")) == shown(say("/say ？")) == USAGE
    assert "10000 个字" in shown(say("能说吗 " + "啊" * 10_000), "note")


def test_the_manager_hears_of_a_habit_once_a_week_and_of_no_single_slip(say, store):
    store.know("chen", "陈主管", Role.MANAGER, NOW)
    for count in range(5):
        say("能说吗 我返您三百", minutes=count)
        assert len(store.unsent(NOW + timedelta(hours=1), "chen")) == (1 if count >= 2 else 0)
    assert store.unsent(NOW + timedelta(hours=1), "li") == ()
    say("能说吗 我返您三百", minutes=60 * 24 * 7 + 5)  # a new week, with one slip in its last seven days
    assert len(store.unsent(NOW + timedelta(days=8), "chen")) == 1


def test_the_manager_sees_rules_by_how_often_and_an_agent_does_not(say, store):
    store.know("chen", "陈主管", Role.MANAGER, NOW)
    say("能说吗 我返您三百")
    say("能说吗 条款先发您")
    text = shown(say("/checks", person="chen", minutes=1))
    assert "问了 2 次“能说吗”，1 次碰了红线" in text and "RL-01 合同外利益：1 次（li 1 次），最近一句“我返您三百”" in text
    assert "主管" in shown(say("/checks"))
    assert "/checks 7" in shown(say("/checks abc", person="chen"))
