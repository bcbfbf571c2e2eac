"""更正: who was given a line, one correction to each, who has read it, and what has changed by itself."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from assistant import recall as thinking
from assistant.desk import Desk, Guard
from assistant.domain import Corpus, Incoming, Line, Message
from assistant.errors import CoachError
from assistant.redact import mask
from assistant.store import Store

USAGE = "写成：/recall COM-22（看谁用过）｜/recall COM-22 更正的话（发更正）｜/recall COM-22 已读｜/recall 变动"
STATUS, CHANGED = ("已读", "--status"), ("变动", "--changed")
_STATES = {(False, False): "还没送到", (True, False): "送到了，还没确认", (True, True): "已读"}


def watch(store: Store, corpus: Corpus, now: datetime) -> int:
    """At each start: keeps which facts and rungs the corpus holds, so that a change is noticed by itself."""
    return store.see_lines(thinking.lines(corpus), now)


def _target(wanted: str, store: Store, corpus: Corpus) -> thinking.Target:
    """What is meant, in the corpus or, when withdrawn, in the log. Raises CoachError with one sentence."""
    found = thinking.target(thinking.named(wanted, corpus))
    if found is None or not (thinking.known(found, corpus) or store.given(found, datetime.min)):
        raise CoachError(thinking.UNKNOWN.format(id=wanted))
    return found


def given(wanted: str, store: Store, corpus: Corpus, now: datetime, days: int = thinking.DAYS) -> tuple[str, ...]:
    """Who was given it in the last `days` days, when and in which call, for people."""
    found = _target(wanted, store, corpus)
    return thinking.listing(found.id, store.given(found, now - timedelta(days=days)), days)


def send(wanted: str, text: str, store: Store, corpus: Corpus, guard: Guard, by: str, now: datetime,
         days: int = thinking.DAYS) -> tuple[str, ...]:
    """Queues one correction for each agent who was given it. Raises CoachError where the text may not be sent."""
    found, text = _target(wanted, store, corpus), mask(text)
    if reason := thinking.refused(text, guard(text)):
        raise CoachError(reason)
    lines = store.given(found, now - timedelta(days=days))
    people, sent = thinking.by_person(lines), 0
    with store.together():
        for person, theirs in people.items():
            notice = thinking.correction(found, text, theirs)
            sent += store.notify(person, "correction", notice, thinking.key(found.id, now.date(), person), now) is not None
        store.audit(by, "recall", f"{found.id}: {sent} of {len(people)} people", now)
    again = f"；{len(people) - sent} 人今天已经发过这条" if sent < len(people) else ""
    return (*thinking.listing(found.id, lines, days), *([f"更正发给 {sent} 人{again}。"] if people else []))


def status(wanted: str, store: Store, corpus: Corpus) -> tuple[str, ...]:
    """Each correction sent about it and whether it was read."""
    wanted = thinking.named(wanted, corpus)
    notices = store.notices(f"recall:{wanted}:")
    return tuple(f"{store.name(notice.person)} · {notice.due:%m-%d %H:%M} 发 · {_STATES[notice.sent, notice.read]}"
                 for notice in notices) or (f"{wanted} 还没有发过更正。",)


def changed(store: Store, corpus: Corpus, now: datetime, days: int = thinking.DAYS,
            today: date | None = None) -> tuple[str, ...]:
    """What was changed, withdrawn or expired in the last `days` days, and who was told the old one."""
    since = now - timedelta(days=days)
    found = [(change, max(start, since)) for change, start in store.changed(since)]
    found += [(change, since) for change in thinking.expired(corpus, since.date(), today or now.date())]
    return thinking.changes([replace(change, given=store.given(thinking.target(change.id), start, change.at))
                             for change, start in found], days)


def recall(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """Lists, sends, shows who has read: by the words after the command."""
    wanted, _, text = rest.partition(" ")
    try:
        if not wanted:
            rows: tuple[str, ...] = (USAGE,)
        elif wanted in CHANGED:
            rows = changed(desk.store, desk.corpus, incoming.at)
        elif text.strip() in STATUS:
            rows = status(wanted, desk.store, desk.corpus)
        elif text.strip():
            rows = send(wanted, text, desk.store, desk.corpus, desk.guard, incoming.person, incoming.at)
        else:
            rows = (*given(wanted, desk.store, desk.corpus, incoming.at), f"要发更正：/recall {wanted} 更正的话")
    except CoachError as error:
        rows = (str(error),)
    return Message(tuple(Line("note", row) for row in rows))
