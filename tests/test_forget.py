"""Forgetting, against the bytes of the files; the backup; and the list of what belongs to whom, against the tables."""
from __future__ import annotations

import sqlite3
import stat
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from assistant.domain import Line, Outcome, Role, Scope, Turn
from assistant.errors import StoreError
from assistant.store import Store
from assistant.store.forget import AGEING, FULL_TEXT, KEEPER, NOBODY, OWNED
from tests.conftest import NOW

OLD = datetime(2025, 12, 31, 23, 59)


def turn(heard: str, at: datetime = NOW, flags: tuple[str, ...] = ()) -> Turn:
    return Turn(id=0, session_id=0, at=at, heard=heard, told="好的", asked="？", card_id="price", rung=1, grounding="strong",
                kind="call", facts=("F-01",), flags=flags)


def on_disk(folder: Path) -> bytes:
    """Every byte of the log: the database, its -wal and its -shm."""
    files = sorted(folder.glob("coach.db*"))
    assert files
    return b"".join(path.read_bytes() for path in files)


def holds(folder: Path, *words: str) -> list[str]:
    content = on_disk(folder)
    return [word for word in words if word.encode() in content]


@pytest.fixture
def full(store) -> Store:
    """小李 with an old call and one of today, 小王 with one of today; thumbs, a gap, notices, audit."""
    store.know("wang", "小王", Role.AGENT, NOW)
    for person, at, heard in (("li", OLD, "陈年旧账翻篇"), ("li", NOW, "骊山脚下买贵"), ("wang", NOW, "鼓楼那边便宜")):
        call = store.open_call(person, at, f"{heard[:2]}客户")
        key = store.add_turn(call.id, turn(heard, at, ("gap",)))
        store.rate(key, person, "👍", at)
        store.close_call(call.id, Outcome.RENEWED, None, at)
        store.notify(person, "callback", [Line("note", f"该回访{heard}")], f"callback:{call.id}", at)
    store.rate(3, "li", "👎", NOW)
    store.audit("li", "invite", "agent 1a2b", NOW)
    store.audit("chen", "people role", "li manager", NOW)
    return store


def test_what_is_older_than_a_day_is_gone_to_the_last_byte_and_the_rest_stays(full, tmp_path):
    assert holds(tmp_path, "陈年旧账", "陈年", "旧账", "骊山脚下", "鼓楼") == ["陈年旧账", "陈年", "旧账", "骊山脚下", "鼓楼"]
    counts = {"citations": 1, "gaps": 1, "feedback": 1, "turns": 1, "notices": 1, "sessions": 1}
    scope = Scope(before=date(2026, 1, 1))
    assert full.forgettable(scope) == counts
    assert full.forget(scope, "chen", NOW) == counts
    assert holds(tmp_path, "陈年", "旧账", "翻篇", "骊山脚下", "鼓楼") == ["骊山脚下", "鼓楼"]
    assert [t.heard for _, t in full.turns()] == ["鼓楼那边便宜", "骊山脚下买贵"]
    assert full.turns("鼓楼") and not full.turns("旧账")
    assert full.forgettable(scope) == {}
    assert full.audited()[0] == {
        "at": NOW.isoformat(), "person": "chen", "what": "forget",
        "detail": "2026-01-01 以前：citations 1，gaps 1，feedback 1，turns 1，notices 1，sessions 1"}


def test_a_call_that_runs_past_the_day_keeps_what_came_after(store, tmp_path):
    call = store.open_call("li", OLD, "守岁客户")
    store.add_turn(call.id, turn("元旦凌晨", OLD + timedelta(minutes=2)))
    store.add_turn(call.id, turn("除夕前夜", OLD))  # the clock was set back
    assert store.forget(Scope(before=date(2026, 1, 1)), "chen", NOW) == {"citations": 1, "turns": 1}
    assert holds(tmp_path, "除夕", "元旦", "守岁") == ["元旦", "守岁"]


def test_of_a_person_only_that_it_happened_remains(full, tmp_path):
    counts = full.forget(Scope(person="li"), "chen", NOW)
    assert counts == {"citations": 2, "gaps": 2, "feedback": 3, "turns": 2, "notices": 2, "sessions": 2, "people": 1}
    assert holds(tmp_path, "陈年", "旧账", "骊山", "脚下", "小李", "鼓楼", "小王") == ["鼓楼", "小王"]
    assert full.role("li") is None and full.role("wang") is Role.AGENT
    assert [(entry["person"], entry["what"], entry["detail"]) for entry in full.audited()] == [
        ("chen", "forget", "一个人：citations 2，gaps 2，feedback 3，turns 2，notices 2，sessions 2，people 1"),
        ("chen", "people role", NOBODY), (NOBODY, "invite", NOBODY)]
    assert full.turn(3)[0].feedback == "👍"  # 小王's own thumb stays where 小李's is gone


def test_what_others_were_told_no_longer_names_who_is_forgotten(full, tmp_path):
    full.notify("wang", "pattern", [Line("note", "小李 本周 3 次")], "pattern:RL-01:li:2026-48:wang", NOW)
    full.notify("wang", "digest", [Line("note", "给过 2 人：小李 · 11-24 · 通话 2·骊山客户 · 好的"), Line("note", "小李子不变")], "digest:1", NOW)
    full.forget(Scope(person="li"), "chen", NOW)
    assert full.notices("pattern:") == ()
    [digest] = full.notices("digest:")
    assert [line.text for line in digest.lines] == [f"给过 2 人：{NOBODY} · 11-24 · 通话 2·{NOBODY} · 好的", "小李子不变"]
    assert holds(tmp_path, "小李 ", "骊山") == []


def test_a_call_that_is_forgotten_alone_is_struck_out_of_a_correction(full):
    lines = "您用过它的电话：11-24 通话 2·骊山客户、11-24 通话 3·鼓楼客户。"
    full.notify("li", "correction", [Line("note", lines)], "recall:F-01:2026-11-24:li", NOW)
    full.forget(Scope(call=2), "chen", NOW)
    [told] = full.notices("recall:")
    assert told.lines[0].text == f"您用过它的电话：11-24 通话 2·{NOBODY}、11-24 通话 3·鼓楼客户。"


def test_a_person_may_stay_without_their_records_and_may_remove_themselves(full):
    assert "people" not in full.forget(Scope(person="li", keep_person=True), "li", NOW)
    assert full.role("li") is Role.AGENT
    assert full.audited()[0]["person"] == NOBODY


def test_one_call_goes_alone(full, tmp_path):
    assert full.forget(Scope(call=2), "chen", NOW) == {
        "citations": 1, "gaps": 1, "feedback": 1, "turns": 1, "notices": 1, "sessions": 1}
    assert holds(tmp_path, "骊山脚下买贵", "陈年旧账", "鼓楼") == ["陈年旧账", "鼓楼"]
    assert full.audited()[0]["detail"].startswith("通话 2：")


@pytest.mark.parametrize("words", [{}, {"person": "li", "call": 1}])
def test_a_scope_is_exactly_one_thing(words):
    with pytest.raises(ValueError, match="a day, a person or a call"):
        Scope(**words)


def test_while_another_program_reads_nothing_is_removed_and_afterwards_all_is(full, tmp_path):
    full.patience_ms = 50
    reader = sqlite3.connect(tmp_path / "coach.db", isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from turns").fetchone()
    full.add_turn(full.open_call("wang", NOW).id, turn("读着的时候"))
    with pytest.raises(StoreError, match="什么都没删.*停掉它"):
        full.forget(Scope(person="li"), "chen", NOW)
    assert len(full.turns()) == 4 and full.audited()[0]["what"] == "people role"
    reader.execute("rollback")
    assert full.forget(Scope(person="li"), "chen", NOW)["turns"] == 2
    assert holds(tmp_path, "骊山", "陈年") == []
    reader.close()


def test_an_idle_connection_of_a_bot_is_no_obstacle(full, tmp_path):
    bot = Store(tmp_path / "coach.db")
    assert bot.turns("旧账")
    full.forget(Scope(before=date(2026, 1, 1)), "chen", NOW)
    assert bot.turns("旧账") == () and holds(tmp_path, "旧账") == []
    bot.close()


def test_while_another_program_writes_nothing_is_removed(full, tmp_path):
    full.patience_ms = 50
    writer = sqlite3.connect(tmp_path / "coach.db", isolation_level=None)
    writer.execute("begin immediate")
    with pytest.raises(StoreError):
        full.forget(Scope(person="li"), "chen", NOW)
    writer.execute("rollback")
    writer.close()
    assert len(full.turns()) == 3 and full.role("li") is Role.AGENT


def test_a_removal_that_fails_half_way_removes_nothing(full):
    full._db.execute("create trigger no_more before delete on sessions begin select raise(abort, 'no'); end")
    with pytest.raises(StoreError):
        full.forget(Scope(person="li"), "chen", NOW)
    assert len(full.turns()) == 3 and len(full.turns("旧账")) == 1 and len(full.notices("callback:")) == 3


def test_text_that_another_program_deleted_is_swept_too(store, tmp_path):
    call = store.open_call("li", NOW)
    for number in range(50):
        store.add_turn(call.id, turn(f"犄角旮旯{number}" * 40))
    store._db.execute("pragma secure_delete=off")
    store._db.execute("delete from citations")
    store._db.execute("delete from turns")
    store._db.execute("delete from turns_search")
    store._db.conn.commit()
    assert holds(tmp_path, "犄角旮旯") == ["犄角旮旯"]
    store.sweep()
    assert holds(tmp_path, "犄角旮旯") == []


def test_deleted_bytes_are_zeroed_at_once(store):
    assert store._db.execute("pragma secure_delete").fetchone()[0] == 1


def test_days_kept_are_counted_from_today_and_nothing_to_forget_leaves_no_trace(full):
    assert full.expire(0, NOW) == {} and full.expire(400, NOW) == {}
    assert full.audited()[0]["what"] == "people role"
    assert full.oldest() == OLD.date()
    assert full.expire(30, NOW)["turns"] == 1
    assert full.audited()[0]["person"] == KEEPER and full.oldest() == NOW.date()


PERSONAL = {"person", "turn", "session", "call", "agent", "author", "reviewer", "customer_id"}


def test_every_column_that_points_at_a_person_a_call_or_a_turn_is_on_the_list(store):
    """A migration that adds such a column, and forgets the list, fails here."""
    listed = {(owned.table, owned.column) for owned in OWNED}
    tables = [name for name in store._db.table_names() if not name.startswith(("sqlite_", "_sqlite", "turns_search_"))]
    assert len(tables) > 7
    for name in tables:
        table = store._db[name]
        columns = {column.name for column in table.columns}
        found = {column for column in columns if column in PERSONAL or column.endswith(("_by", "_person", "_turn", "_session"))}
        found |= {key.column for key in table.foreign_keys if key.other_table in ("people", "sessions", "turns")}
        assert {(name, column) for column in found} <= listed, f"{name}: add what belongs to whom to store/forget.py"
    for owned in OWNED:
        if owned.table in tables:
            names = {column.name for column in store._db[owned.table].columns} | {"rowid"}
            assert owned.column in names and AGEING.get(owned.table, owned.column) in names
    assert set(FULL_TEXT) == {name for name in tables if "fts5" in (store._db[name].schema or "").lower()}


def test_files_are_made_for_their_owner_alone(tmp_path):
    folder = tmp_path / "new"
    store = Store(folder / "coach.db")
    store.know("li", "小李", Role.AGENT, NOW)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())} == {
        "new": 0o700, "coach.db": 0o600, "coach.db-wal": 0o600, "coach.db-shm": 0o600}
    store.close()


def test_a_backup_is_whole_alone_and_private_and_overwrites_nothing(full, tmp_path):
    path = tmp_path / "copy" / "backup.db"
    with pytest.raises(StoreError, match="换个位置"):
        full.backup(path)
    path.parent.mkdir()
    assert full.backup(path) == 3
    assert [found.name for found in path.parent.iterdir()] == ["backup.db"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes()[18:20] == b"\1\1"  # no WAL: it opens on a disk that cannot be written
    with pytest.raises(StoreError, match="从不覆盖"):
        full.backup(path)
    copy = Store(path)
    assert copy.turns() == full.turns() and list(copy.check()) == []
    copy.close()


def test_a_backup_is_consistent_while_another_program_writes(full, tmp_path):
    bot = Store(tmp_path / "coach.db")
    call = bot.open_call("wang", NOW)
    with bot.together():
        bot.add_turn(call.id, turn("还没写完"))
        full.backup(tmp_path / "backup.db")
    copy = Store(tmp_path / "backup.db")
    assert len(copy.turns()) == 3 and len(full.turns()) == 4
    copy.close()
    bot.close()


def test_a_backup_that_fails_its_check_is_not_left_behind(full, tmp_path):
    page = full._db.execute("select rootpage from sqlite_master where name = 'idx_sessions_person_last_at'").fetchone()[0]
    size = full._db.execute("pragma page_size").fetchone()[0]
    full.close()
    with open(tmp_path / "coach.db", "r+b") as file:
        file.seek(page * size - 40)
        file.write(b"\x2a" * 30)
    hurt = Store(tmp_path / "coach.db")
    with pytest.raises(StoreError, match="没通过检查"):
        hurt.backup(tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()
    hurt.close()


def test_what_the_bot_keeps_goes_with_its_person_and_names_nobody_to_others(full, tmp_path):
    full.accept(1, 7, "li", 11, {"text": "骊山没答完"}, NOW)
    full.queue(7, "li", [Line("say", "骊山给您看看")], NOW, turn=2)
    full.queue(8, "wang", [Line("note", "小李 · 11-24 · 通话 2·骊山客户")], NOW)
    full.invite("secret", Role.AGENT, "li", NOW, NOW + timedelta(hours=1))
    counts = full.forget(Scope(person="li"), "chen", NOW)
    assert {table: counts[table] for table in ("inbox", "outbox", "invites")} == {"inbox": 1, "outbox": 1, "invites": 1}
    assert full.claim(8, 0).lines == (Line("note", f"{NOBODY} · 11-24 · 通话 2·{NOBODY}"),)
    assert holds(tmp_path, "骊山", "小李 ") == [] and full.redeem("secret", "zhao", "小赵", NOW) is None
