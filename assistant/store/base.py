"""One connection to the log, its lock, and the sentences that its errors become; sqlite-utils stops in this package.

One writing connection behind a lock, WAL, synchronous=NORMAL. Everything heard or typed is masked on its way in.
"""
from __future__ import annotations

import functools
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from assistant.errors import StoreError, why
from assistant.store.migrations import migrations

BUSY_MS = 300  # an agent is on the phone: better a line without its log than a line too late


def _sentence(error: sqlite3.Error, path: str) -> str:
    text = str(error).lower()
    if "locked" in text or "busy" in text:
        return f"日志 {path} 正被别的程序锁着，这次没写进去。请关掉占用它的程序再试。"
    if "readonly" in text or "read-only" in text:
        return f"日志 {path} 是只读的，这次没写进去。请检查文件和目录的写权限。"
    if "full" in text:
        return f"磁盘满了，日志 {path} 这次没写进去。请腾出空间，已存的记录都在。"
    if "not a database" in text or "malformed" in text:
        return f"日志 {path} 不是完好的数据库。请先把它改名留底，再从备份恢复；程序会另建一个新的。"
    if "unable to open" in text:
        return f"打不开日志 {path}。请检查目录是否存在、有没有写权限。"
    return f"日志 {path} 出错（{error}），这次没写进去。已存的记录都在。"


def _make_private(path: Path) -> None:
    """Makes a missing folder and file so that only their owner can read them; SQLite gives -wal and -shm the same rights."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def guarded(method: Callable) -> Callable:
    """Runs a method under the lock; a vendor error leaves as one sentence."""
    @functools.wraps(method)
    def run(self: Base, *args, **kwargs):
        with self._sentences(), self._lock:
            return method(self, *args, **kwargs)
    return run


class Base:
    """A SQLite file (or ":memory:") opened, migrated and guarded; what the tables mean is the subclasses' job."""

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        self._lock = threading.RLock()
        with self._sentences():
            if self.path != ":memory:":
                _make_private(Path(path))
            self._db = Database(sqlite3.connect(self.path, timeout=BUSY_MS / 1000, check_same_thread=False))
            self._db.execute(f"pragma busy_timeout={BUSY_MS}")
            self._db.execute("pragma foreign_keys=on")
            self._db.execute("pragma synchronous=normal")
            self._db.execute("pragma secure_delete=on")  # what is deleted or replaced is overwritten with zeros
            if self._db.execute("pragma journal_mode").fetchone()[0] != "wal":
                self._db.execute("pragma journal_mode=wal")
            if migrations.pending(self._db):
                migrations.apply(self._db)

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(_sentence(error, self.path)) from error
        except OSError as error:
            raise StoreError(f"打不开日志 {self.path}（{why(error)}）。请检查目录和权限。") from error

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """All writes inside happen, or none does; other threads wait."""
        with self._sentences(), self._lock, self._db.atomic():
            yield

    @guarded
    def counts(self) -> dict[str, int]:
        """Rows by table, for the doctor."""
        return {name: self._db[name].count for name in ("people", "sessions", "turns", "feedback", "gaps")}

    @guarded
    def check(self) -> Iterable[str]:
        """What SQLite's own integrity check finds; empty when all is well."""
        found = [row[0] for row in self._db.execute("pragma quick_check").fetchall()]
        return () if found == ["ok"] else tuple(found)
