"""The soak in small: real processes, a kill -9 in the middle, every message answered and logged once."""
from __future__ import annotations

from evals.soak import soak
from tests.conftest import PHRASINGS, write_corpus


async def test_a_kill_in_the_middle_of_a_busy_minute_loses_and_doubles_nothing(tmp_path):
    lines = [line for _, _, phrasings in PHRASINGS.values() for line in phrasings]
    figures = await soak(tmp_path, write_corpus(tmp_path), lines, agents=30, messages=8, seconds=5, kills=1, patience=30)
    assert figures.good, figures
    assert (figures.accepted, figures.kills, figures.exit_status) == (240, 1, 0)
