"""Numbers that belong to a person, found in running text: mobiles, landlines, IDs, bank cards.

A number is a chain of digit groups: "138 1234 5678", "幺三八 嗯 一二三四五六七八", "138一二三四5678". A chain is
read from each group on; its length, its shape and its check digits say what it is. Public numbers (400, 800, 95519, 12378,
12345) are too short to be any of these and stay.
"""
from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

SPOKEN = "零〇○洞幺一壹二两贰三叁四肆五伍六陆七拐柒八捌九勾玖"
_TO_DIGITS = str.maketrans(SPOKEN, "00001112223344556677788999")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_GROUP = re.compile(rf"[0-9]+|[{SPOKEN}]+")
_INVISIBLE = "\u00ad\u200b-\u200f\u2060\ufeff"
_TIGHT = re.compile(rf"[\s\-\u2010-\u2015\u2212.·•_(){_INVISIBLE}]{{0,4}}")
_LOOSE = re.compile(rf"(?:[\s\-\u2010-\u2015.·•_()/,、。…~{_INVISIBLE}]|嗯|啊|呃|额|哦|诶|唉|哎|那个|这个|然后|就是|再就是|完了|横?杠|空格|逗号|对)"
                    "{0,6}")
_LONGEST_GAP = 12
_BIRTH = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_BORN = rf"[1-9]\d{{5}}(?:19|20)\d\d{_BIRTH}\d{{3}}"
_ID18 = re.compile(rf"{_BORN}[\dX]")
_ID15 = re.compile(rf"[1-8]\d{{5}}\d\d{_BIRTH}\d{{3}}")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d\d)[2-8]\d{6,7}")
_STAMP = re.compile(rf"20\d\d{_BIRTH}(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?")
_CHECK_LETTER = re.compile(rf"[\s\-·{_INVISIBLE}]{{0,2}}[Xx×叉](?![A-Za-z0-9])")
_MOBILE_SHAPES = {(3, 4, 4), (3, 8), (7, 4), (5, 6), (3, 3, 5), (3, 5, 3), (4, 4, 3), (4, 7), (6, 5)}
_CARD_START = re.compile("6|4|5[1-5]|35|9558")
_AREAS = {3, 4}
_RANK = {"号码": 0, "座机": 1, "手机号": 2, "银行卡": 3, "身份证": 4}
# How many digits a number that begins with this one can have, longest first where one could be the start of another.
_LENGTHS = {"0": (16, 15, 14, 13, 12, 11, 10), "1": (18, 15, 11), "2": (18, 15), "8": (19, 18, 17, 16, 15, 14, 13, 12)} | {
    first: (19, 18, 17, 16, 15) for first in "345679"}
_COULD = {total: re.compile("(?:00|0)?86|0(?:10|2|[3-9])|4|5[1-5]|35|6|9558|1[3-9]") for total in range(10, 20)} | {
    15: re.compile(rf"{_ID15.pattern}|0"), 18: re.compile(rf"{_BORN}|4|5|6")}


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
    return all(group[0] != "0" and group.endswith("0") and len(group) < 6 for group in groups if len(group) > 2)


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
    if not 16 <= len(number) <= 19 or not _CARD_START.match(number):
        return False
    if spoken or len(groups) == 1:
        return is_bank_card(number) or number.startswith("62")
    china = number.startswith("62")  # UnionPay
    fours = all(len(group) == 4 for group in groups[:-1]) and len(groups[-1]) < 5
    return (china or fours) and not _round(groups) and (china and fours or is_bank_card(number))


def _landline(number: str, groups: list[str], spoken: bool) -> bool:
    if not _LANDLINE.fullmatch(number):
        return False
    return len(groups) == 1 or len(groups[0]) in _AREAS and groups[0] != "00" or spoken or len(groups) > 6


def _kind(number: str, groups: list[str], spoken: bool, loose: bool) -> str:
    """What `number`, written in these groups, is; "" for nothing personal."""
    size = len(number)
    if size == 18 and (_ID18.fullmatch(number) or len(groups) == 1 and is_resident_id(number)):
        return "身份证"
    if _mobile(number, groups, spoken):
        return "手机号"
    if not loose and _landline(number, groups, spoken):
        return "座机"
    if size == 15 and (len(groups) == 1 or [len(group) for group in groups] == [6, 6, 3]) and _ID15.fullmatch(number):
        return "身份证"
    if (not loose or spoken) and _card(number, groups, spoken):
        return "银行卡"
    if len(groups) == 1 and size > 10 and not _STAMP.fullmatch(number):
        return "号码"  # nobody speaks of eleven digits in a row unless they number a person, a card or a policy
    return ""


def _prefix(groups: list[str]) -> int:
    """How many digits of a country code lead: 86, 086, 0086."""
    found = re.match(r"(?:00|0)?86(?=1[3-9]|[1-9]|$)", groups[0])
    return len(found.group()) if found else 0


def _abroad(groups: list[str], spoken: bool, loose: bool) -> str:
    """What follows a country code: a mobile, or an area code that has lost its 0."""
    code = _prefix(groups)
    rest = [groups[0][code:], *groups[1:]] if code < len(groups[0]) else groups[1:]
    if not code or not rest:
        return ""
    number = "".join(rest)
    if _mobile(number, rest, spoken):
        return "手机号"
    domestic = number if number.startswith("0") else f"0{number}"
    return "座机" if len(rest) < len(groups) and not loose and _LANDLINE.fullmatch(domestic) else ""


class _Chain:
    """Digit groups with only short gaps between them, as one string of figures with the places of its groups."""

    def __init__(self, groups: list[re.Match[str]], loose: list[bool]) -> None:
        self.groups, self.loose = groups, loose
        self.figures = "".join(group.group() for group in groups).translate(_TO_DIGITS)
        self.starts = [0, *itertools.accumulate(group.end() - group.start() for group in groups)]
        self.ends = {end: i for i, end in enumerate(self.starts[1:])}

    def spoken(self, i: int) -> bool:
        """Whether group `i` is in Chinese digits."""
        return self.groups[i].group()[0] in SPOKEN

    def _stray(self, i: int, other: int) -> bool:
        """Whether group `i` is a spoken numeral or two, and its neighbour figures."""
        return self.spoken(i) and not self.spoken(other) and len(self.groups[i].group()) < 3

    def starts_in_a_word(self, i: int) -> bool:
        """Whether the figures begin only behind group `i`: 国六，2026-01-01."""
        return i + 1 < len(self.groups) and self.loose[i] and self._stray(i, i + 1)

    def ends_in_a_word(self, i: int) -> bool:
        """Whether the figures end before group `i`: 13812345678一下, 2026-01-01，三千."""
        return i > 0 and self._stray(i, i - 1) and (
            self.loose[i - 1] or self.groups[i - 1].end() == self.groups[i].start())

    def group_at(self, end: int) -> int | None:
        """The group that ends at this figure. "...五六七八一下": the last numerals of a spoken one may belong to a word."""
        for spare in (0, 1, 2):
            i = self.ends.get(end + spare)
            if i is not None and (not spare or self.spoken(i) and end - self.starts[i] >= 4):
                return i
        return None


def _chains(text: str) -> Iterator[_Chain]:
    groups: list[re.Match[str]] = []
    loose: list[bool] = []
    for group in _GROUP.finditer(text):
        if groups:
            start, end = groups[-1].end(), group.start()
            tight = end - start <= _LONGEST_GAP and _TIGHT.fullmatch(text, start, end) is not None
            if tight or end - start <= _LONGEST_GAP and _LOOSE.fullmatch(text, start, end):
                loose.append(not tight)
            else:
                yield _Chain(groups, loose)
                groups, loose = [], []
        groups.append(group)
    if groups:
        yield _Chain(groups, loose)


def _read(text: str, chain: _Chain, at: int, skip: int) -> tuple[int, int, str] | None:
    """The likeliest number that starts `skip` digits into group `at`: where it ends, the group after it, its kind."""
    first, best, heaviest = chain.starts[at] + skip, None, 0
    alone = chain.starts[at + 1] - first
    if alone >= 11 and chain.ends.get(first + alone) == at:
        kind = _kind(chain.figures[first:first + alone], [chain.figures[first:first + alone]], chain.spoken(at), False)
        best = (chain.groups[at].end(), at + 1, kind) if kind else None
    if best and best[2] != "号码":
        return best
    for total in _LENGTHS[chain.figures[first]]:
        end = first + total
        letter = None
        if total == 18 and (seventeenth := chain.ends.get(end - 1)) is not None:
            letter = _CHECK_LETTER.match(text, chain.groups[seventeenth].end())
        if letter and (is_resident_id(whole := chain.figures[first:end - 1] + "X") or _ID18.fullmatch(whole)):
            return letter.end(), seventeenth + 1, "身份证"
        last = chain.group_at(end) if _COULD[total].match(chain.figures, first) else None
        if last is None or last > at and chain.loose[last - 1] and chain.ends_in_a_word(last):
            continue
        places = [first, *chain.starts[at + 1:last + 1], end]
        parts = [chain.figures[a:b] for a, b in itertools.pairwise(places)]
        spoken = any(chain.spoken(i) for i in range(at, last + 1))
        loose = any(chain.loose[at:last])
        kind = _abroad(parts, spoken, loose) or _kind(chain.figures[first:end], parts, spoken, loose)
        weight = 2 * _RANK[kind] - chain.ends_in_a_word(last) if kind else 0
        if weight > heaviest:
            heaviest = weight
            best = chain.groups[last].start() + end - chain.starts[last], last + 1, kind
    return best


def _start(text: str, at: int, kind: str) -> int:
    """Where a number begins, with the sign or bracket that belongs to it."""
    if at > 0 and (text[at - 1] == "+" or text[at - 1] == "(" and kind == "座机"):
        return at - 1
    return at


def _at(text: str, chain: _Chain, i: int) -> tuple[int, int, int, str] | None:
    """The number that begins in group `i`: start, end, the group after it, its kind. A spoken group may begin with the last
    numeral of a word: 第一一三八..."""
    found = None if chain.starts_in_a_word(i) else _read(text, chain, i, 0)
    if (found is None or found[2] == "号码") and chain.spoken(i) and len(chain.groups[i].group()) > 1:
        later = _read(text, chain, i, 1)
        if later is not None and later[2] != "号码":
            return chain.groups[i].start() + 1, *later
    return (chain.groups[i].start(), *found) if found is not None else None


def personal(text: str) -> Iterator[tuple[int, int, str]]:
    """Personal numbers in `text` as (start, end, kind), in order. Digits must be ASCII or one of SPOKEN."""
    for chain in _chains(text):
        i = 0
        while i < len(chain.groups):
            found = _at(text, chain, i)
            if found is not None:
                start, end, i, kind = found
                yield _start(text, start, kind), end, kind
            else:
                i += 1
