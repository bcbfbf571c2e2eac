from __future__ import annotations

import sqlite3
import threading
from datetime import date, timedelta

import pytest

from assistant.domain import Outcome, Role, Turn
from assistant.errors import StoreError
from assistant.store import Store
from tests.conftest import NOW


def turn(heard: str, told: str = "好的", flags: tuple[str, ...] = (), card: str = "price") -> Turn:
    return Turn(id=0, session_id=0, at=NOW, heard=heard, told=told, asked="？", card_id=card, rung=1, grounding="strong",
                kind="call", facts=("F-01",), flags=flags, ms={"embed": 1.5})


def test_a_turn_comes_back_as_it_was_told(store):
    call = store.open_call("li", NOW, "老王")
    key = store.add_turn(call.id, turn("太贵了"))
    store.time_turn(key, {"send": 2.0})
    got, person = store.turn(key)
    assert person == "li"
    assert (got.heard, got.told, got.facts, got.ms) == ("太贵了", "好的", ("F-01",), {"embed": 1.5, "send": 2.0})


@pytest.mark.parametrize("wanted, count", [("退款", 1), ("退", 1), ("申请退款", 1), ("款申", 0), ("方案", 1), ("没有的", 0),
                                           ('"', 0), ("退款 方案", 1)])
def test_two_character_words_are_found_in_what_was_heard_or_told(store, wanted, count):
    call = store.open_call("li", NOW)
    store.add_turn(call.id, turn("我要申请退款", "我给您出方案"))
    store.add_turn(call.id, turn("太贵了"))
    assert len(store.turns(wanted)) == count


def test_the_log_is_narrowed_by_day_call_and_count(store):
    first = store.open_call("li", NOW)
    store.add_turn(first.id, turn("一"))
    second = store.open_call("li", NOW)
    store.add_turn(second.id, turn("二"))
    assert [t.heard for _, t in store.turns()] == ["二", "一"]
    assert [t.heard for _, t in store.turns(call=first.id)] == ["一"]
    assert len(store.turns(limit=1)) == 1
    assert store.turns(since=NOW.date() + timedelta(days=1)) == ()


def test_a_call_is_open_until_its_outcome_or_the_next_call(store):
    first = store.open_call("li", NOW)
    assert store.current_call("li").id == first.id
    second = store.open_call("li", NOW)
    assert store.current_call("li").id == second.id
    store.close_call(second.id, Outcome.CALLBACK, date(2026, 11, 28), NOW)
    assert store.current_call("li") is None
    assert (store.last_call("li").outcome, store.last_call("li").callback_on) == ("回访", "2026-11-28")


def test_a_turn_that_fails_half_way_leaves_nothing_behind(store):
    call = store.open_call("li", NOW)
    store._db.execute("drop table turns_search")
    with pytest.raises(StoreError):
        store.add_turn(call.id, turn("太贵了", flags=("gap",)))
    assert store.counts() == {"people": 1, "sessions": 1, "turns": 0, "feedback": 0, "gaps": 0}


def test_a_restart_finds_the_ladder_where_it_was(tmp_path):
    with_one = Store(tmp_path / "coach.db")
    with_one.know("li", "小李", Role.AGENT, NOW)
    call = with_one.open_call("li", NOW)
    with_one.add_turn(call.id, turn("太贵了"))
    with_one.close()
    again = Store(tmp_path / "coach.db")
    assert [(t.card_id, t.rung) for t in again.told(again.current_call("li").id)] == [("price", 1)]
    again.close()


def test_eight_threads_lose_no_turn(store):
    call = store.open_call("li", NOW)
    threads = [threading.Thread(target=lambda: [store.add_turn(call.id, turn("太贵了")) for _ in range(25)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.counts()["turns"] == 200


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path):
    path = tmp_path / "coach.db"
    path.write_bytes(b"not a database at all, but somebody's letter" * 50)
    with pytest.raises(StoreError, match="不是完好的数据库"):
        Store(path)
    assert path.read_bytes().startswith(b"not a database")


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="打不开"):
        Store(tmp_path / "file" / "coach.db")


def test_a_full_disk_loses_nothing_that_was_stored(tmp_path):
    store = Store(tmp_path / "coach.db")
    store.know("li", "小李", Role.AGENT, NOW)
    call = store.open_call("li", NOW)
    store.add_turn(call.id, turn("太贵了"))
    pages = store._db.execute("pragma page_count").fetchone()[0]
    store._db.execute(f"pragma max_page_count={pages}")  # SQLite then answers as on a full disk
    with pytest.raises(StoreError, match="磁盘满了"):
        for _ in range(2000):
            store.add_turn(call.id, turn("别家便宜" * 100))
    store._db.execute("pragma max_page_count=1000000")
    before = store.counts()["turns"]
    store.add_turn(call.id, turn("还在"))
    assert store.counts()["turns"] == before + 1
    assert store.turns("太贵")[0][1].heard == "太贵了"
    store.close()


def test_the_log_is_pleasant_for_any_sqlite_tool(store, tmp_path):
    call = store.open_call("li", NOW)
    store.add_turn(call.id, turn("太贵了"))
    with sqlite3.connect(tmp_path / "coach.db") as other:
        assert other.execute("select heard, told, card from turns").fetchall() == [("太贵了", "好的", "price")]
