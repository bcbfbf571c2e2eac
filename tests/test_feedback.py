from __future__ import annotations

from datetime import date

import pytest

from assistant.handlers.feedback import parse_day

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize("text, day", [
    ("11-28", date(2026, 11, 28)), ("11月28日", date(2026, 11, 28)), ("11.28", date(2026, 11, 28)),
    ("28号", date(2026, 11, 28)), ("3号", date(2026, 12, 3)), ("1-5", date(2027, 1, 5)), ("2027-02-01", date(2027, 2, 1)),
    ("今天", TUESDAY), ("明天", date(2026, 11, 25)), ("后天", date(2026, 11, 26)),
    ("周三", date(2026, 11, 25)), ("周一", date(2026, 11, 30)), ("下周三", date(2026, 12, 2)), ("下星期天", date(2026, 12, 6)),
    ("28", None), ("13-1", None), ("2-30", None), ("改天", None), ("", None),
])
def test_a_call_back_day_is_read_as_people_type_it(text, day):
    assert parse_day(text, TUESDAY) == day


def test_a_day_of_the_month_in_december_rolls_into_the_next_year():
    assert parse_day("3号", date(2026, 12, 24)) == date(2027, 1, 3)
