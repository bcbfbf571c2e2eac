"""Numbers that belong to a person, found in running text: mobiles, landlines, IDs, bank cards.

A number is a chain of digit groups: "138 1234 5678", "幺三八 嗯 一二三四五六七八", "138一二三四5678". A chain is
read from each group on; its length, its shape and its check digits say what it is. Public numbers (400, 800, 95519, 12378,
12345) are too short to be any of these and stay.
"""
from __future__ import annotations

import re
from collections.abc import Iterator

SPOKEN = "零〇○洞幺一壹二两贰三叁四肆五伍六陆七拐柒八捌九勾玖"
_TO_DIGITS = str.maketrans(SPOKEN, "00001112223344556677788999")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_GROUP = re.compile(rf"[0-9]+|[{SPOKEN}]+")
_INVISIBLE = "\u00ad\u200b-\u200f\u2060\ufeff"
_TIGHT = re.compile(rf"[\s\-\u2010-\u2015\u2212.·•_(){_INVISIBLE}]{{0,4}}")
_LOOSE = re.compile(rf"(?:[\s\-\u2010-\u2015.·•_(),、。…~{_INVISIBLE}]|嗯|啊|呃|额|哦|诶|唉|哎|那个|这个|然后|就是|再就是|完了|横?杠|空格|逗号|对)"
                    "{0,6}")
_LONGEST_GAP = 12
_BIRTH = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_ID18 = re.compile(rf"[1-9]\d{{5}}(?:19|20)\d\d{_BIRTH}\d{{3}}[\dX]")
_ID15 = re.compile(rf"[1-8]\d{{5}}\d\d{_BIRTH}\d{{3}}")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d\d)[2-8]\d{6,7}")
_STAMP = re.compile(rf"20\d\d{_BIRTH}(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?")
_CHECK_LETTER = re.compile(rf"[\s\-·{_INVISIBLE}]{{0,2}}[Xx×叉](?![A-Za-z0-9])")
_MOBILE_SHAPES = {(3, 4, 4), (3, 8), (7, 4), (5, 6), (3, 3, 5), (3, 5, 3), (4, 4, 3), (4, 7), (6, 5)}
_AREAS = {3, 4}
_MOST_DIGITS = 21
_RANK = {"号码": 0, "座机": 1, "手机号": 2, "银行卡": 3, "身份证": 4}


def digits_of(text: str) -> str:
    """`text` with its spoken digits as figures and everything else dropped."""
    return re.sub(r"[^0-9]", "", text.translate(_TO_DIGITS))


def is_resident_id(number: str) -> bool:
    """Whether 18 characters carry a right check digit (GB 11643-1999)."""
    if not re.fullmatch(r"[0-9]{17}[0-9Xx]", number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _ID_WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[-1].upper()


def is_bank_card(number: str) -> bool:
    """Whether 16 to 19 digits pass the Luhn check (ISO/IEC 7812-1)."""
    if not re.fullmatch(r"[0-9]{16,19}", number):
        return False
    total = 0
    for i, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if i % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _round(groups: list[str]) -> bool:
    """Whether these look like a list of prices: 1500 2000 300."""
    return all(group.endswith("0") for group in groups if len(group) > 2)


def _mobile(number: str, groups: list[str], spoken: bool) -> bool:
    if not _MOBILE.fullmatch(number):
        return False
    sizes = tuple(map(len, groups))
    if spoken or len(sizes) == 1:
        return True
    if sizes in _MOBILE_SHAPES:
        return len(groups[0]) == 3 or not _round(groups)
    return len(sizes) > 3 and max(sizes) < 4 and set(sizes[1:]) != {3}  # 13,812,345,678 is a sum of money


def _card(number: str, groups: list[str], spoken: bool) -> bool:
    if not 16 <= len(number) <= 19 or number[0] not in "34569":
        return False
    if spoken or len(groups) == 1:
        return is_bank_card(number) or number.startswith("62")
    fours = all(len(group) == 4 for group in groups[:-1]) and len(groups[-1]) < 5
    return not _round(groups) and (is_bank_card(number) and (fours or number.startswith("62"))
                                   or fours and number.startswith("62"))


def _landline(number: str, groups: list[str], spoken: bool) -> bool:
    if not _LANDLINE.fullmatch(number):
        return False
    return len(groups) == 1 or len(groups[0]) in _AREAS and groups[0] != "00" or spoken or len(groups) > 6


def _kind(number: str, groups: list[str], spoken: bool, loose: bool) -> str:
    """What `number`, written in these groups, is; "" for nothing personal."""
    size = len(number)
    if size == 18 and (is_resident_id(number) or _ID18.fullmatch(number)):
        return "身份证"
    if _mobile(number, groups, spoken):
        return "手机号"
    if not loose and _landline(number, groups, spoken):
        return "座机"
    if size == 15 and (len(groups) == 1 or spoken or [len(group) for group in groups] == [6, 6, 3]) and _ID15.fullmatch(number):
        return "身份证"
    if (not loose or spoken) and _card(number, groups, spoken):
        return "银行卡"
    if len(groups) == 1 and 10 < size and not _STAMP.fullmatch(number):
        return "号码"  # nobody speaks of eleven digits in a row unless they number a person, a card or a policy
    return ""


def _prefix(groups: list[str]) -> int:
    """How many digits of a country code lead: 86, 086, 0086."""
    found = re.match(r"(?:00|0)?86(?=1[3-9]|[1-9]|$)", groups[0])
    return len(found.group()) if found else 0


def _abroad(groups: list[str], spoken: bool) -> str:
    """What follows a country code: a mobile, or an area code that has lost its 0."""
    code = _prefix(groups)
    rest = [groups[0][code:], *groups[1:]] if code < len(groups[0]) else groups[1:]
    if not code or not rest:
        return ""
    number = "".join(rest)
    if _mobile(number, rest, spoken):
        return "手机号"
    domestic = number if number.startswith("0") else f"0{number}"
    return "座机" if _LANDLINE.fullmatch(domestic) and len(groups) > 1 else ""


class _Chain:
    """Groups of one chain with their places, and whether a gap holds commas or fillers."""

    def __init__(self, first: re.Match[str]) -> None:
        self.groups = [first]
        self.loose: list[bool] = []

    def joins(self, text: str, group: re.Match[str]) -> bool:
        """Adds the next group if only a short gap parts it from the last."""
        start, end = self.groups[-1].end(), group.start()
        if end - start > _LONGEST_GAP:
            return False
        tight = _TIGHT.fullmatch(text, start, end) is not None
        if not tight and not _LOOSE.fullmatch(text, start, end):
            return False
        self.groups.append(group)
        self.loose.append(not tight)
        return True


def _chains(text: str) -> Iterator[_Chain]:
    chain = None
    for group in _GROUP.finditer(text):
        if chain is None or not chain.joins(text, group):
            if chain is not None:
                yield chain
            chain = _Chain(group)
    if chain is not None:
        yield chain


def _read(text: str, chain: _Chain, at: int, skip: int) -> tuple[int, int, str] | None:
    """The likeliest number that starts `skip` digits into group `at`: where it ends, the group after it, its kind."""
    parts, total, spoken, loose, best = [], 0, False, False, None
    for j in range(at, len(chain.groups)):
        group = chain.groups[j]
        part = group.group()[skip:] if j == at else group.group()
        is_spoken = part[0] in SPOKEN
        spoken |= is_spoken
        loose |= j > at and chain.loose[j - 1]
        if total + len(part) > _MOST_DIGITS and j > at:
            break
        total += len(part)
        parts.append(part.translate(_TO_DIGITS) if is_spoken else part)
        if total < 10:
            continue
        number = "".join(parts)
        if total == 17 and (letter := _CHECK_LETTER.match(text, group.end())) and (
                is_resident_id(number + "X") or _ID18.fullmatch(number + "X")):
            return letter.end(), j + 1, "身份证"
        end, kind = group.end(), _abroad(parts, spoken) or _kind(number, parts, spoken, loose)
        if is_spoken and kind in ("", "号码"):  # "...五六七八一下": the last numeral belongs to the next word
            for spare in (1, 2):
                cut = [*parts[:-1], parts[-1][:-spare]]
                if len(cut[-1]) >= 4 and (shorter := _kind(number[:-spare], cut, True, loose)) not in ("", "号码"):
                    end, kind = end - spare, shorter
                    break
        if kind and (best is None or _RANK[kind] >= _RANK[best[2]]):
            best = end, j + 1, kind
            if kind == "身份证" or j == at and kind != "号码":
                break
    return best


def _start(text: str, at: int, kind: str) -> int:
    """Where a number begins, with the sign or bracket that belongs to it."""
    if at > 0 and (text[at - 1] == "+" or text[at - 1] == "(" and kind == "座机"):
        return at - 1
    return at


def personal(text: str) -> Iterator[tuple[int, int, str]]:
    """Personal numbers in `text` as (start, end, kind), in order. Digits must be ASCII or one of SPOKEN."""
    for chain in _chains(text):
        i = 0
        while i < len(chain.groups):
            group, found = chain.groups[i], None
            for skip in (0, 1) if group.group()[0] in SPOKEN and len(group.group()) > 1 else (0,):
                found = _read(text, chain, i, skip)
                if found is not None:
                    end, i, kind = found
                    yield _start(text, group.start() + skip, kind), end, kind
                    break
            if found is None:
                i += 1
