"""Masks personal data before anything is stored, indexed, shown in an error or sent anywhere.

Not caught (no list of them exists that is safe to keep): names without a cue, addresses, dates of birth in words.
"""
from __future__ import annotations

import re
from collections.abc import Callable

_FULL_WIDTH = str.maketrans("０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ－", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-")
_SPOKEN = str.maketrans("零〇幺一二两三四五六七八九", "0011223456789")
_GAP = r"[\s\-—.·,，]{0,2}"
_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _digits(text: str) -> str:
    return re.sub(r"[^0-9Xx]", "", text)


def is_resident_id(number: str) -> bool:
    """Whether 18 characters carry a right check digit (GB 11643-1999)."""
    if not re.fullmatch(r"\d{17}[\dXx]", number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _ID_WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[-1].upper()


def is_bank_card(number: str) -> bool:
    """Whether 16 to 19 digits pass the Luhn check (ISO/IEC 7812-1)."""
    if not re.fullmatch(r"\d{16,19}", number):
        return False
    total = 0
    for i, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if i % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _looks_like_id(text: str) -> bool:
    number = _digits(text)
    # A slip of the thumb breaks the check digit; a valid birth date still gives it away.
    return is_resident_id(number) or re.fullmatch(r"[1-9]\d{5}(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dXx]",
                                                  number) is not None


def _always(text: str) -> bool:
    return True


def _has_letter_and_digit(text: str) -> bool:
    return any(char.isdigit() for char in text) and any(char.isalpha() for char in text)


_RULES: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("身份证", re.compile(rf"(?<!\d)\d(?:{_GAP}\d){{16}}{_GAP}[\dXx](?![\dA-Za-z])"), _looks_like_id),
    ("身份证", re.compile(r"(?<!\d)[1-9]\d{5}\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)"), _always),
    ("银行卡", re.compile(rf"(?<!\d)[3-6]\d{{3}}(?:{_GAP}\d){{12,15}}(?!\d)"), _always),
    ("车架号", re.compile(r"(?<![A-Za-z0-9])[A-HJ-NPR-Za-hj-npr-z0-9]{17}(?![A-Za-z0-9])"), _has_letter_and_digit),
    ("手机号", re.compile(rf"(?<!\d)(?:\+?86{_GAP})?1{_GAP}[3-9](?:{_GAP}\d){{9}}(?!\d)"), _always),
    ("座机", re.compile(rf"(?<!\d)[(（]?0(?:10|2\d|[3-9]\d\d)[)）]?{_GAP}[2-8]\d{{2,3}}{_GAP}\d{{4}}(?!\d)"), _always),
    ("车牌", re.compile(rf"[{_PROVINCE}]{_GAP}[A-HJ-NP-Za-hj-np-z]{_GAP}(?:[A-HJ-NP-Za-hj-np-z0-9]{_GAP}){{4,5}}"
                      r"[A-HJ-NP-Za-hj-np-z0-9挂学警港澳](?![A-Za-z0-9])"), _always),
    ("邮箱", re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"), _always),
    ("微信号", re.compile(r"(?<=微信)(?:号)?(?:是|：|:)?\s*[A-Za-z][A-Za-z0-9_-]{5,19}"), _always),
)
_SPOKEN_NUMBER = re.compile(rf"[零〇幺一二两三四五六七八九0-9](?:{_GAP}[零〇幺一二两三四五六七八九0-9]){{10,18}}")


def _mask(label: str, accept: Callable[[str], bool]) -> Callable[[re.Match[str]], str]:
    return lambda match: f"[{label}]" if accept(match.group()) else match.group()


def _mask_spoken(match: re.Match[str]) -> str:
    number = re.sub(r"\D", "", match.group().translate(_SPOKEN))
    if re.fullmatch(r"1[3-9]\d{9}", number):
        return "[手机号]"
    if len(number) in (15, 18):
        return "[身份证]"
    return "[银行卡]" if 16 <= len(number) <= 19 else match.group()


def mask(text: str) -> str:
    """`text` with mobile, landline, ID, plate, VIN, bank card, e-mail and WeChat id replaced by [手机号] and the like."""
    masked = text.translate(_FULL_WIDTH)
    for label, pattern, accept in _RULES:
        masked = pattern.sub(_mask(label, accept), masked)
    masked = _SPOKEN_NUMBER.sub(_mask_spoken, masked)
    return text if masked == text.translate(_FULL_WIDTH) else masked
