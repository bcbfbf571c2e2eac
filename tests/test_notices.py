from __future__ import annotations

import io
import itertools
from datetime import timedelta

from assistant.desk import Desk
from assistant.domain import Button, Line, Message
from assistant.handlers import notices, terminal
from tests.conftest import NOW, hear, shown, unguarded

LINES = (Line("note", "这条规定变了"),)


def test_a_notice_is_told_once_from_its_day_on_and_its_reading_is_kept(store):
    later = NOW + timedelta(days=1)
    number = store.notify("li", "correction", LINES, "fix:COM-22:li", later)
    assert store.notify("li", "correction", LINES, "fix:COM-22:li", NOW) is None
    assert store.unsent(NOW) == () and store.next_due() == later
    [due] = store.unsent(later)
    assert (due.id, due.person, due.lines) == (number, "li", LINES)
    assert store.unsent(later, person="wang") == ()
    store.mark_sent(number, later)
    assert store.unsent(later) == ()
    assert not store.mark_read(number, "wang", later)
    assert store.mark_read(number, "li", later)
    [told] = store.notices("fix:COM-22:")
    assert told.sent and told.read


def test_the_audit_says_who_did_what_newest_first(store):
    store.audit("chen", "forget", "3 turns", NOW)
    store.audit("chen", "recall", "COM-22", NOW)
    assert [(entry["what"], entry["detail"]) for entry in store.audited()] == [("recall", "COM-22"), ("forget", "3 turns")]


def test_a_notice_is_shown_with_its_key_and_the_key_keeps_who_read_it(say, store):
    number = store.notify("li", "correction", LINES, "fix:COM-22:li", NOW)
    [due] = store.unsent(NOW)
    message = notices.show(due)
    assert message == Message(LINES, (Button("知道了", f"read:{number}"),))
    action = message.buttons[0].action
    assert shown(say(action=action, person="wang")) == notices.GONE
    assert shown(say(action="read:x")) == notices.GONE
    assert not store.notices("fix:")[0].read
    assert shown(say(action=action)) == notices.THANKS
    assert store.notices("fix:")[0].read


def test_typing_it_confirms_all_that_was_shown_and_nothing_that_was_not(say, store):
    first, second = (store.notify("li", "correction", LINES, f"fix:{i}", NOW) for i in range(2))
    assert shown(say("知道了")) == notices.NONE
    store.mark_sent(first, NOW)
    assert shown(say("知道了")) == notices.THANKS
    assert [notice.read for notice in store.notices("fix:")] == [True, False]
    assert second is not None


def test_the_terminal_shows_what_waits_at_start_and_before_the_next_answer_once(small, store, monkeypatch, capsys):
    later = NOW + timedelta(minutes=1)
    store.notify("li", "correction", (Line("warning", "先前那条更正"),), "fix:1", NOW)
    store.notify("li", "correction", (Line("warning", "刚到的更正"),), "fix:2", later)
    monkeypatch.setattr("sys.stdin", io.StringIO("太贵了\n知道了\n"))
    clock = itertools.chain([NOW], itertools.repeat(later))
    terminal.run(Desk(hear, small, store, unguarded), "li", lambda: next(clock))
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == ["⚠️ 先前那条更正", "看过请输入：知道了"]
    assert lines[3:6] == ["⚠️ 刚到的更正", "看过请输入：知道了", "💬 价格太高第一句，我帮您看看。"]
    assert lines[-2:] == [notices.THANKS, terminal.BYE]
    assert [notice.read for notice in store.notices("fix:")] == [True, True]
