from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.redact import is_bank_card, is_resident_id, mask


@pytest.mark.parametrize("heard, kept", [
    ("我电话13812345678你记下", "我电话[手机号]你记下"),
    ("138-1234-5678", "[手机号]"),
    ("+86 138 1234 5678", "[手机号]"),
    ("１３８１２３４５６７８", "[手机号]"),
    ("幺三八零零幺三八零零零", "[手机号]"),
    ("打010-62345678找我", "打[座机]找我"),
    ("（0571）8765 4321", "[座机]"),
    ("身份证110101199003078515", "身份证[身份证]"),
    ("11010119900307851X", "[身份证]"),
    ("车牌京A12345的", "车牌[车牌]的"),
    ("粤B·D12345", "[车牌]"),
    ("粤BD12345是电车", "[车牌]是电车"),
    ("车架LSVAM4187C2184841", "车架[车架号]"),
    ("卡号6222 0212 3456 7890 123", "卡号[银行卡]"),
    ("发我邮箱li.si@example.com", "发我邮箱[邮箱]"),
    ("加微信abc_12345", "加微信[微信号]"),
])
def test_personal_data_is_masked(heard, kept):
    assert mask(heard) == kept


@pytest.mark.parametrize("heard", [
    "太贵了", "三者200万够吗", "上年3200今年2950", "12378", "48小时内报案", "2020-09-19", "川A的车外地能买吗", "一年小五千",
    "京东上买的便宜", "（别人家）才三千",
])
def test_ordinary_lines_stay_as_they_are(heard):
    assert mask(heard) == heard


def test_check_digits_follow_the_standards():
    assert is_resident_id("11010519491231002X")  # the example of GB 11643-1999
    assert not is_resident_id("110105194912310021")
    assert is_bank_card("4111111111111111")
    assert not is_bank_card("4111111111111112")


@given(st.text(max_size=80), st.integers(3, 9), st.integers(0, 999_999_999))
def test_a_mobile_number_never_survives_whatever_stands_around_it(around, second, rest):
    number = f"1{second}{rest:09d}"
    assert number not in mask(f"{around} {number} {around}")


@given(st.text(max_size=200))
def test_masking_twice_changes_nothing_more(text):
    assert mask(mask(text)) == mask(text)
