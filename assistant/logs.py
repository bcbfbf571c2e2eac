"""What the process logs is masked: messages, their arguments, tracebacks, and errors that nobody caught.

`install` is called once, by `cli.main`. A handler that is added later gets `Masked()` as a filter of its own.
"""
from __future__ import annotations

import logging
import re
import sys
import threading
import traceback

_TOKEN = re.compile(r"(?<!\d)\d{6,}:[A-Za-z0-9_-]{20,}")  # a bot's token opens every chat


def clean(text: str) -> str:
    """`text` without tokens and personal data."""
    from assistant.redact import mask  # its patterns take time to build, and most runs have nothing to log

    return mask(_TOKEN.sub("[令牌]", text))


class Masked(logging.Filter):
    """Lets every record pass, masked. A record that cannot be put together keeps what can be said of it."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # a library's slip in its format is no reason to print the raw values
            message = f"{record.msg}（日志的参数对不上格式）"
        record.msg, record.args = clean(message), ()
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)  # what a formatter finds, it writes
        record.exc_text = clean(record.exc_text) if record.exc_text else None
        record.stack_info = clean(record.stack_info) if record.stack_info else None
        return True


def _uncaught(kind, error, trace) -> None:
    sys.stderr.write(clean("".join(traceback.format_exception(kind, error, trace))))


def install() -> None:
    """Masks all that the root's handlers write, and what Python prints of an error that nobody caught. Twice is as once."""
    for handler in (*logging.getLogger().handlers, logging.lastResort):
        if handler is not None and not any(isinstance(found, Masked) for found in handler.filters):
            handler.addFilter(Masked())
    sys.excepthook = _uncaught
    threading.excepthook = lambda failed: _uncaught(failed.exc_type, failed.exc_value, failed.exc_traceback)
