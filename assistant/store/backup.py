"""A copy of the log that is whole and consistent while others write to it."""
from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from assistant.errors import StoreError, why
from assistant.store.base import Base, guarded


class Backup(Base):
    """SQLite's own backup, checked before it is believed."""

    @guarded
    def backup(self, path: Path) -> int:
        """Copies the log into a new file that only its owner can read; returns the number of turns in the copy.

        Never overwrites. A copy that fails its check is removed.
        """
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            raise StoreError(f"{path} 已经有了，备份从不覆盖。请换个文件名。") from None
        except OSError as error:
            raise StoreError(f"写不了 {path}（{why(error)}）。请换个位置。") from error
        try:
            with closing(sqlite3.connect(path)) as copy:
                self._db.conn.backup(copy)
                copy.execute("pragma journal_mode=delete")  # one file, not three
                found = copy.execute("pragma integrity_check").fetchone()[0]
                if found != "ok":
                    raise StoreError(f"备份没通过检查（{found}），已丢弃。请运行：coach doctor")
                return copy.execute("select count(*) from turns").fetchone()[0]
        except BaseException:
            path.unlink(missing_ok=True)
            raise
