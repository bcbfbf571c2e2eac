"""What the process tells its operator, a line a happening: never a token, never a customer's data, never what was typed."""
from __future__ import annotations

import copy
import logging
import sys
import traceback
from collections.abc import Callable, Iterable

from assistant.logs import clean

_QUIET = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "apscheduler": logging.ERROR,
          "tornado": logging.ERROR, "telegram": logging.WARNING, "telegram.ext.AIORateLimiter": logging.CRITICAL,
          "chromadb": logging.WARNING}


class Discreet(logging.Formatter):
    """Masks tokens and personal data in whatever is logged, by us or by a library. Of an error only its type and the places
    in the code are written: its text may quote what somebody typed."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        record = copy.copy(record)
        record.exc_text = None  # another handler may have written the error out in full
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "[令牌]")
        return clean(text)

    def formatException(self, info) -> str:
        return trace(info[1])


def trace(error: BaseException | None) -> str:
    """Types and places of an error and of those behind it."""
    lines = []
    while error is not None and len(lines) < 200:
        lines.append(type(error).__qualname__)
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(lines)


def _says_what_came(record: logging.LogRecord) -> bool:
    """The Telegram library writes out updates that it cannot read; that stays out of the log."""
    return record.name.startswith("telegram") and "data" in str(record.msg) and bool(record.args)


def write(secrets: Iterable[str] = (), level: int = logging.INFO, stream=None) -> Callable[[], None]:
    """Starts the journal on stderr; what it returns stops it."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Discreet(secrets))
    handler.addFilter(lambda record: not _says_what_came(record))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    for name, floor in _QUIET.items():
        logging.getLogger(name).setLevel(floor)

    def stop() -> None:
        root.removeHandler(handler)
        root.setLevel(before)

    return stop
