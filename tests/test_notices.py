from __future__ import annotations

from datetime import timedelta

from assistant.domain import Line
from tests.conftest import NOW

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
