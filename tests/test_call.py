"""The call as an agent lives it, through `answer`, with a real log."""
from __future__ import annotations

import sqlite3

import pytest

from assistant import asking, coach, handlers
from assistant.desk import Desk
from assistant.domain import Incoming, Role
from assistant.handlers import answer, call
from assistant.handlers.call import EMPTY, NOTHING_YET, STALE_KEY
from assistant.store import Store
from tests.conftest import NOW, found, hear, shown, unguarded


def test_a_heard_line_gets_its_card_with_five_keys_and_a_logged_turn(say, store):
    message = say("太贵了")
    assert [line.role for line in message.lines] == ["say", "ask", "never", "cite"]
    assert shown(message, "say") == "价格太高第一句，我帮您看看。"
    assert shown(message, "cite") == "价格太高 · 依据 F-01（2020-09-19 起 · 全国）"
    assert [button.label for button in message.buttons] == ["换一句", "为什么", "复制", "👍", "👎"]
    [(call, turn)] = store.turns()
    assert (call.person, turn.heard, turn.told, turn.card_id, turn.rung) == ("li", "太贵了", "价格太高第一句，我帮您看看。", "price", 1)
    assert (turn.facts, turn.cards, turn.grounding) == (("F-01",), ("price",), "strong")
    assert {"embed", "search", "decide", "render"} <= set(turn.ms)


def test_the_same_objection_again_climbs_the_ladder(say):
    assert [shown(say("太贵了"), "say")[:7] for _ in range(3)] == ["价格太高第一句", "价格太高第二句", "价格太高第三句"]
    assert "打扰" in shown(say("太贵了"), "say")


def test_another_line_and_the_heard_line_share_one_ladder(say):
    first = say("太贵了")
    assert shown(say("换一句"), "say") == "价格太高第二句，我帮您算算。"
    assert shown(say(action=first.buttons[0].action), "say") == "价格太高第三句，您慢慢想。"


def test_a_new_call_and_a_long_silence_both_start_over(say, store):
    say("太贵了")
    assert "王五" in shown(say("/new 王五"))
    assert shown(say("太贵了"), "say") == "价格太高第一句，我帮您看看。"
    assert shown(say("太贵了", minutes=31), "say") == "价格太高第一句，我帮您看看。"
    assert [call.customer for call, _ in store.turns()] == ["", "王五", ""]


def test_what_nobody_can_answer_is_filed_as_a_gap(say, store):
    message = say("今天天气如何")
    assert shown(message, "note") == coach.NO_ANSWER and coach.ASK_MORE in shown(message, "ask")
    assert [heard for _, _, heard in store.gaps()] == ["今天天气如何"]


def test_why_unfolds_points_never_lines_and_dated_sourced_facts(say):
    say("太贵了")
    text = shown(say("/why"))
    assert all(part in text for part in ("甲", "我私下返您三百", "RL-01 合同外利益", "F-01 有责限额20万元", "2020-09-19 起", "测试法第1条"))


def test_two_objections_in_one_line_are_both_answered_and_logged(say, store):
    message = say("太贵了，别再打了")
    assert shown(message, "say") == "别再打了第一句，我帮您看看。"
    assert "价格太高第一句" in shown(message, "also")
    assert sorted(turn.card_id for _, turn in store.turns()) == ["price", "stop"]


def test_thumbs_and_the_outcome_are_kept(say, store):
    first = say("太贵了")
    say("👍")
    say(action=first.buttons[4].action)
    assert shown(say("结果 回访 11-28")) == "这通电话记为：回访，2026-11-28 回访。下一通直接输入客户的话。"
    [(call, turn)] = store.turns()
    assert (turn.feedback, call.outcome, call.callback_on) == ("👎", "回访", "2026-11-28")


def test_an_outcome_that_nobody_understands_changes_nothing(say, store):
    say("太贵了")
    for text in ("结果", "结果 随便", "结果 回访", "结果 回访 13-45", "结果 回访 2020-01-01"):
        assert "结果 回访" in shown(say(text))
    assert store.current_call("li") is not None


def test_keys_before_any_card_and_other_peoples_keys_are_refused_kindly(say):
    assert shown(say("换一句")) == NOTHING_YET
    action = say("太贵了").buttons[1].action
    assert shown(say(action=action, person="wang")) == STALE_KEY
    assert shown(say(action="why:abc")) == STALE_KEY


def test_empty_emoji_and_endless_lines_get_one_clear_sentence(say, store):
    assert shown(say("   ")) == EMPTY
    assert shown(say("😡😡😡")) == EMPTY
    assert store.turns() == ()
    message = say("太贵了" + "啊" * 10_000)
    assert "10003 个字" in shown(message, "note") and shown(message, "say").startswith("价格太高")
    assert len(store.turns()[0][1].heard) == 200


def test_an_unknown_command_is_named(say):
    assert "/xyz" in shown(say("/xyz"))
    assert "换一句" in shown(say("/help"))


def test_personal_data_never_reaches_the_log(say, store, tmp_path):
    say("/new 老王13812345678")
    say("太贵了，打我13812345678，车牌京A12345")
    store.close()
    files = list(tmp_path.glob("coach.db*"))
    assert files
    content = b"".join(path.read_bytes() for path in files)
    assert b"13812345678" not in content and "京A12345".encode() not in content and "太贵了".encode() in content


def test_a_log_that_cannot_be_written_costs_a_sentence_and_not_the_line(small, tmp_path):
    store = Store(tmp_path / "coach.db")
    store._db.execute("pragma query_only=on")
    message = answer(Incoming("li", "太贵了", NOW), Desk(hear, small, store, unguarded))
    assert shown(message, "say") == "价格太高第一句，我帮您看看。"
    assert "只读" in shown(message, "warning")


def test_a_log_that_another_program_locks_costs_a_sentence_and_not_the_line(small, tmp_path):
    store = Store(tmp_path / "coach.db")
    store._db.execute("pragma busy_timeout=1")
    other = sqlite3.connect(tmp_path / "coach.db", isolation_level=None)
    other.execute("begin exclusive")
    message = answer(Incoming("li", "太贵了", NOW), Desk(hear, small, store, unguarded))
    other.execute("rollback")
    assert shown(message, "say") == "价格太高第一句，我帮您看看。"
    assert "锁" in shown(message, "warning")
    assert shown(answer(Incoming("li", "太贵了", NOW), Desk(hear, small, store, unguarded)), "warning") == ""


def test_nobody_is_admitted_by_default_and_a_command_checks_the_role(desk, say, monkeypatch):
    for refused in (Incoming("stranger", "太贵了", NOW, channel="telegram"),
                    Incoming("stranger", "", NOW, action="why:1", channel="telegram")):
        assert shown(answer(refused, desk)) == f"{handlers.STRANGER}\n没有链接的话，把这个编号报给管理员也行：stranger"
    boss = handlers.Command(("/boss",), handlers.help_, Role.MANAGER, help="/boss　只有主管看得到")
    monkeypatch.setitem(handlers._BY_NAME, "/boss", boss)
    assert shown(say("/boss")) == handlers.NOT_ALLOWED.format(role="主管")
    desk.store.know("chen", "陈主管", Role.ADMIN, NOW)
    assert "/help" in shown(answer(Incoming("chen", "/boss", NOW, channel="telegram"), desk))


def test_leafing_through_a_card_is_no_refusal_and_ends_no_call(say, store):
    say("太贵了")
    say("换一句")
    say("换一句")
    assert shown(say("换一句")) == shown(say("换一句")) == call.ALL_TOLD
    assert "打扰" in shown(say("太贵了"), "say")  # the customer himself has said it again


def test_the_word_and_the_key_go_on_with_the_same_card(say):
    first = say("太贵了，别再打了")
    assert shown(say("换一句"), "say") == "别再打了第二句，我帮您算算。"
    assert shown(say(action=first.buttons[0].action), "say") == "别再打了第三句，您慢慢想。"


def test_after_a_line_without_an_answer_the_words_are_still_about_the_last_card(say):
    say("太贵了")
    say("今天天气如何")
    assert shown(say("换一句"), "say") == "价格太高第二句，我帮您算算。"
    assert "F-01" in shown(say("为什么"))


@pytest.mark.parametrize("typed", ["换一句！", "换一句吧", "／again", "/AGAIN", "/again"])
def test_a_command_is_known_by_its_neighbours_on_the_keyboard(say, typed):
    say("太贵了")
    assert shown(say(typed), "say") == "价格太高第二句，我帮您算算。"


def test_a_dark_thumb_is_a_thumb(say, store):
    say("太贵了")
    say("👍🏿")
    assert store.turns()[0][1].feedback == "👍"


def test_a_number_that_is_no_key_is_not_heard_as_the_customer(say, store):
    say("太贵了")
    say("结果 续了")
    assert shown(say("9")) == call.NO_KEY.format(key="9")
    assert store.current_call("li") is None and len(store.turns()) == 1


def test_personal_data_does_not_stand_in_the_way_of_an_answer(small):
    heard = []

    def search(line):
        heard.append(line)
        return found("price")
    for line in ("我叫王小明，太贵了", "粤B12345这车太贵了", "电话13812345678太贵了", "太贵了"):
        asking.look_up(line, search)
    assert heard == ["太贵了", "这车太贵了", "太贵了", "太贵了"]
    asking.look_up("13812345678", search)
    assert heard[-1] == "13812345678"
