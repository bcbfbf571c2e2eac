"""What the process logs, as bytes on stderr."""
from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from assistant.logs import Masked, clean
from tests.conftest import ROOT


@pytest.fixture
def written(tmp_path):
    """A logger with the filter on its handler, and what that handler wrote."""
    path = tmp_path / "log.txt"
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.addFilter(Masked())
    logger = logging.getLogger("test.masked")
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, lambda: path.read_text("utf-8")
    logger.removeHandler(handler)
    handler.close()


def test_messages_arguments_errors_and_stacks_are_masked(written):
    logger, text = written
    logger.warning("heard %s", "打我13812345678")
    logger.warning("plate 京A12345")
    logger.warning({"id": "11010519491231002X"})
    try:
        raise RuntimeError("cannot send to 13812345678")
    except RuntimeError:
        logger.exception("lost %s", "13912345678", stack_info=True)
    assert "heard 打我[手机号]\nplate [车牌]\n{'id': '[身份证]'}\nlost [手机号]\nTraceback" in text()
    assert "RuntimeError: cannot send to [手机号]" in text() and "Stack (most recent call last)" in text()
    assert not any(number in text() for number in ("13812345678", "13912345678", "11010519491231002X"))


def test_a_record_that_cannot_be_put_together_prints_no_value(written):
    logger, text = written
    logger.warning("two %s %s", "13812345678")
    assert text() == "two %s %s（日志的参数对不上格式）\n"


def test_a_token_is_no_number_to_be_half_masked():
    token = "123456789012:AAE-abcdefghijklmnopqrstuvwxyz012345"
    assert clean(f"https://api.telegram.org/bot{token}/getMe") == "https://api.telegram.org/bot[令牌]/getMe"


def test_what_nobody_configured_and_nobody_caught_is_masked_too():
    code = ("import logging, threading\nfrom assistant import logs\nlogs.install(); logs.install()\n"
            "logging.getLogger('some.library').warning('to %s', '13812345678')\n"
            "def fail(): raise ValueError('in a thread: 13812345678')\n"
            "thread = threading.Thread(target=fail); thread.start(); thread.join()\n"
            "raise ValueError('at the end: 京A12345')\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 1
    assert "to [手机号]" in done.stderr and "ValueError: in a thread: [手机号]" in done.stderr and "at the end: [车牌]" in done.stderr
