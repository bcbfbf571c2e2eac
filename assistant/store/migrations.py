"""The tables of the log. A migration, once released, is never changed: the next one is added below it."""
from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("renewal-coach")


@migrations()
def first_tables(db: Database) -> None:
    """People, calls, turns and what hangs on them. Times are ISO 8601 in local time; ms are milliseconds."""
    db["people"].create({"id": str, "name": str, "role": str, "added_at": str}, pk="id", not_null={"role"})
    db["sessions"].create(
        {"id": int, "person": str, "customer": str, "channel": str, "started_at": str, "last_at": str, "ended_at": str,
         "outcome": str, "callback_on": str},
        pk="id", not_null={"person", "started_at", "last_at"})
    db["turns"].create(
        {"id": int, "session": int, "at": str, "kind": str, "heard": str, "told": str, "asked": str, "card": str,
         "rung": int, "cards": str, "flags": str, "grounding": str, "ms_embed": float, "ms_search": float,
         "ms_decide": float, "ms_render": float, "ms_send": float},
        pk="id", foreign_keys=[("session", "sessions", "id")], not_null={"session", "at", "kind"})
    db["citations"].create({"turn": int, "fact": str}, pk=("turn", "fact"), foreign_keys=[("turn", "turns", "id")])
    db["feedback"].create({"turn": int, "person": str, "value": str, "at": str}, pk=("turn", "person"),
                          foreign_keys=[("turn", "turns", "id")])
    db["gaps"].create({"turn": int, "heard": str, "at": str, "status": str}, pk="turn",
                      foreign_keys=[("turn", "turns", "id")])
    db["sessions"].create_index(["person", "last_at"])
    db["turns"].create_index(["session"])
    db["turns"].create_index(["card", "at"])
    db["citations"].create_index(["fact"])
    db.execute("create virtual table turns_search using fts5(grams, tokenize='unicode61')")


@migrations()
def notices_and_audit(db: Database) -> None:
    """What people are told unasked (each `key` once), and who did what to people, lines and stored data."""
    db["notices"].create({"id": int, "person": str, "kind": str, "key": str, "lines": str, "due_at": str, "sent_at": str,
                          "read_at": str}, pk="id", not_null={"person", "kind", "key", "lines", "due_at"})
    db["notices"].create_index(["key"], unique=True)
    db["notices"].create_index(["sent_at", "due_at"])
    db["audit"].create({"id": int, "at": str, "person": str, "what": str, "detail": str}, pk="id",
                       not_null={"at", "person", "what"})


@migrations()
def checks(db: Database) -> None:
    """What agents asked before saying it; `rules` and `layers` are JSON lists."""
    db["checks"].create({"id": int, "session": int, "person": str, "at": str, "text": str, "rules": str, "layers": str},
                        pk="id", not_null={"person", "at", "text", "rules"}, foreign_keys=[("session", "sessions", "id")])
    db["checks"].create_index(["at", "person"])


@migrations()
def slots_and_profiles(db: Database) -> None:
    """What was stated about the customer of a call (gone with its call), and where a person works."""
    db.execute("create table slots (session integer primary key references sessions(id) on delete cascade, "
               "last_year float, this_year float, claims integer, due text not null, energy text not null, at text not null)")
    db["people"].add_column("region", str)
    db["people"].add_column("channel", str)


@migrations()
def lines_seen(db: Database) -> None:
    """Which text each fact and rung had, from when (`since`) until when (`gone_at`; null while it stands)."""
    db["lines_seen"].create({"id": str, "text": str, "since": str, "gone_at": str}, not_null={"id", "text", "since"})
    db["lines_seen"].create_index(["gone_at"])
    db["lines_seen"].create_index(["id"])


@migrations()
def card_edits(db: Database) -> None:
    """Lines that managers changed; the newest of a card and rung counts, an empty line gives the file's line back."""
    db["card_edits"].create({"id": int, "card": str, "rung": int, "line": str, "author": str, "at": str}, pk="id",
                            not_null={"card", "rung", "line", "author", "at"})


@migrations()
def telegram_delivery(db: Database) -> None:
    """What Telegram brought (`inbox`, masked) until it is answered, what it is to be sent (`outbox`) and what it was sent,
    and what is known of each chat. The invites: only a hash of each code."""
    db["inbox"].create({"id": int, "chat": int, "person": str, "message": int, "body": str, "at": str, "done_at": str},
                       pk="id", not_null={"chat", "person", "body", "at"})
    db["outbox"].create(
        {"id": int, "chat": int, "person": str, "kind": str, "state": str, "body": str, "turn": int, "question": int,
         "reply": int, "target": int, "notice": int, "message": int, "floor": int, "at": str, "sent_at": str},
        pk="id", not_null={"chat", "kind", "state", "body", "at"})
    db.execute("create index inbox_waiting on inbox (id) where done_at is null")
    db.execute("create index outbox_waiting on outbox (chat, id) where state in ('queued', 'sending')")
    db["inbox"].create_index(["message"])
    db["outbox"].create_index(["message"])
    db["outbox"].create_index(["chat", "question"])
    db["outbox"].create_index(["target"])
    db["chats"].create({"id": int, "menu": str, "keys": str, "unreachable_at": str}, pk="id")
    db["invites"].create({"hash": str, "role": str, "made_by": str, "made_at": str, "expires_at": str, "used_by": str,
                          "used_at": str}, pk="hash", not_null={"role", "made_by", "made_at", "expires_at"})
