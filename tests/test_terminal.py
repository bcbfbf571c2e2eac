"""The chat in a real terminal (a pseudo-terminal): prompt, colour, keys, history, Ctrl-C, Ctrl-D."""
from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT, write_corpus


class Terminal:
    """A process on a pseudo-terminal: types, and waits for what the screen shows."""

    def __init__(self, folder) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "assistant", "chat"], stdin=slave, stdout=slave, stderr=slave, cwd=folder, close_fds=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "120", "LANG": "C.UTF-8"})
        os.close(slave)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def at_prompt(self, text: str) -> None:
        """Waits until the prompt listens, then types: before that the keys belong to the line discipline."""
        self.wait_for("客户说>")
        self.wait_for("\x1b[?25h")
        self.type(text)

    def wait_for(self, wanted: str, seconds: float = 60) -> str:
        deadline = time.monotonic() + seconds
        while wanted not in self.seen:
            assert time.monotonic() < deadline, f"{wanted!r} never came; the screen: {self.seen[-2000:]!r}"
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    chunk = os.read(self._master, 65536).decode("utf-8", "replace")
                except OSError:
                    break
                if "\x1b[6n" in chunk:  # a terminal answers where its cursor is
                    self.type("\x1b[1;1R")
                self.seen += chunk
        assert wanted in self.seen
        before, _, self.seen = self.seen.partition(wanted)
        return before


@pytest.fixture
def terminal(tmp_path):
    write_corpus(tmp_path)
    found = Terminal(tmp_path)
    yield found
    found.process.kill()
    found.process.wait()


def test_a_call_in_a_terminal(terminal):
    terminal.at_prompt("怎么这么贵啊\r")
    screen = terminal.wait_for("价格太高第一句，我帮您看看。")
    assert "\x1b[" in screen  # colour
    terminal.wait_for("[5 👎]")
    terminal.at_prompt("1\r")
    terminal.wait_for("价格太高第二句，我帮您算算。")
    terminal.at_prompt("3\r")
    copied = terminal.wait_for("已复制")
    assert "\x1b]52;c;" in copied
    terminal.at_prompt("半句\x03")  # Ctrl-C drops the line and nothing else
    terminal.at_prompt("\x04")
    terminal.wait_for("再见。")
    assert terminal.process.wait(timeout=30) == 0


def test_the_history_of_the_log_is_there_after_a_restart(terminal, tmp_path):
    terminal.at_prompt("怎么这么贵啊\r")
    terminal.wait_for("[5 👎]")
    terminal.at_prompt("\x04")
    terminal.wait_for("再见。")
    terminal.process.wait(timeout=30)
    again = Terminal(tmp_path)
    try:
        again.at_prompt("\x1b[A\r")
        again.wait_for("价格太高第二句，我帮您算算。")
    finally:
        again.process.kill()
        again.process.wait()
