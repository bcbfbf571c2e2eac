"""Masks personal data before anything is stored, logged, indexed, shown in an error or sent to a chat model.

Caught: mobiles, landlines, IDs, bank cards (`digits`: spaced, dashed, full-width, in Chinese digits, dictated with
pauses), plates, VINs, e-mail, WeChat and QQ, policy and document numbers after their cue, street addresses with a house
number, names after a cue (`names`). Public numbers (400, 95519, 12378) and figures of the trade stay.

Not caught, because nothing in the line gives it away: a name without a cue (王五说太贵) or in the customer's code; a surname
with a title (王先生); nicknames; dates of birth; an address without a house number; the last digits of a plate, a VIN or a
phone; a number told over several lines, in words ("三个八", "一百三十八") or in another script; WeChat ids without a cue;
temporary and old military plates; plates or VINs with characters misheard; the fourth character of a name.
"""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from assistant.digits import SPOKEN, is_bank_card, is_resident_id, personal
from assistant.names import people

__all__ = ["LABELS", "is_bank_card", "is_resident_id", "mask"]

LABELS = ("手机号", "座机", "身份证", "银行卡", "车牌", "车架号", "邮箱", "微信号", "QQ号", "姓名", "地址", "保单号", "证件号", "号码")
Span = tuple[int, int, str]

_BLANK = "\0"
# One character for one, so that a place in the plain text is a place in what was typed.
_DIGIT_BLOCKS = ((0xB2, 0xBA), (0x660, 0x66A), (0x6F0, 0x6FA), (0x966, 0x970), (0x2070, 0x208A), (0x2460, 0x2500), (0x2776, 0x2794),
                 (0x1D7CE, 0x1D800), (0x1F100, 0x1F10B))
_PLAIN = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {
    code: str(digit) for block in _DIGIT_BLOCKS for code in range(*block)
    if (digit := unicodedata.digit(chr(code), None)) is not None} | {ord("。"): ",", ord("【"): "(", ord("】"): ")", 0x3000: " "}
_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_DIGIT = f"[0-9{SPOKEN}]"
_SEP = r"[\s·•.\-—_]{0,2}"
_IS = r"\s?(?:号码?|ID|id|账号)?[\s:=(\"“「]{0,2}(?:(?:就?是|为|叫|用|搜|填|is)[\s:=(\"“「]{0,2})?"
_FOUR = f"(?:[0-9]{{4}}|[{SPOKEN}]{{4}})"
_FIVE = f"(?:[0-9]{{5}}|[{SPOKEN}]{{5}})"
_TAIL = f"(?:[A-Za-z0-9]{{5}}|[A-Za-z{SPOKEN}]{{5}})"
_PLATE = re.compile(
    rf"[{_PROVINCE}]{_SEP}[A-Za-z]{_SEP}(?:(?P<new>[A-Za-z]{_SEP}[A-Za-z0-9{SPOKEN}]{_FOUR}|{_FIVE}[A-Za-z])"
    rf"|(?P<special>(?:{_TAIL}|[A-Za-z0-9]{{4}}|[A-Za-z{SPOKEN}]{{4}})[挂学警港澳领使])"
    rf"|(?P<old>{_TAIL}|{_DIGIT}{{2}}\s{_DIGIT}{{3}}|{_DIGIT}{{3}}\s{_DIGIT}{{2}}"
    rf"|(?:[A-Za-z0-9{SPOKEN}][\s.·-]){{4,5}}[A-Za-z0-9{SPOKEN}]))(?![A-Za-z0-9])")
_OFFICIAL = re.compile(
    rf"使\s?[0-9]{{3}}[·\s]?[0-9]{{3}}(?![0-9])|(?<![0-9])[0-9]{{3}}[·\s]?[0-9]{{3}}使(?![用得劲])"
    rf"|[{_PROVINCE}][0-9]{{3}}[·\s]?[0-9]{{2}}领(?![取导先养到了])|(?<![A-Za-z])[Ww][Jj]\s?[{_PROVINCE}]?[·\s]?[0-9]{{4,5}}[0-9A-Za-z]?"
    r"(?![A-Za-z0-9])")
_CUED_PLATE = re.compile(rf"(?:车牌|牌照|牌号|号牌){_IS}(?P<x>[A-Za-z]{_SEP}(?:[A-Za-z0-9]{{5,6}}|[A-Za-z{SPOKEN}]{{5,6}}))(?![A-Za-z0-9])")
_VIN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{17}(?![A-Za-z0-9])")
_CUED_VIN = re.compile(r"(?:[Vv][Ii][Nn]|车架|大架|识别代?[号码])(?:码|号)?" + _IS +
                       r"(?P<x>[A-Za-z0-9](?:[\s-]?[A-Za-z0-9]){16})(?![A-Za-z0-9])")
_MAIL = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]++\s?(?:@|艾特|\(at\))\s?[A-Za-z0-9-]++(?:\s?(?:\.|点)\s?[A-Za-z0-9-]++)+")
_WXID = re.compile(r"(?i)(?<![A-Za-z0-9])wxid_[a-z0-9]{5,}")
_WECHAT = re.compile(r"(?i)(?:[微威薇徽]\s?信|v信|wei ?xin|wechat|(?<![a-z0-9])[vw]x|[加+]我?[微薇v])" + _IS +
                     r"(?P<x>[a-z][a-z0-9_-]{5,19}|[0-9][0-9_-]*[a-z_][a-z0-9_-]{2,18}|[0-9]{6,10})(?![a-z0-9_])")
_QQ = re.compile(rf"(?i)(?:qq|扣扣|企鹅)群?{_IS}(?P<x>[1-9][0-9]{{4,11}}|[{SPOKEN}]{{6,11}})(?![0-9])")
_POLICY = re.compile(r"保险?单(?:号码?|编号)[\s:=是为(]{0,3}(?P<x>[A-Za-z0-9][A-Za-z0-9 -]{4,30}[A-Za-z0-9])(?![A-Za-z0-9])")
_PAPER = re.compile(
    r"(?:护照|通行证|军官证|居留证|驾驶?证|行驶证|档案|发动机|报案|赔案|案件|批单|合同|订单|社保|医保)(?:号码?|编号|卡号|档案编?号)?[\s:=是为(]{0,3}"
    r"(?P<x>[A-Za-z0-9][A-Za-z0-9-]{5,24})(?![A-Za-z0-9])")
_CUED_PHONE = re.compile(r"(?:电话|手机|座机|号码|联系方式|固话|小灵通)(?:号码?)?[\s:=是为(]{0,3}"
                         r"(?P<x>[0-9]{7,10}|[2-8][0-9]{2,3}-[0-9]{4}|[0-9]{3}-[0-9]{4}-[0-9]{3})(?![0-9元块万千百.])")
_PUBLIC = re.compile(r"(?:400|800|95|96|10|11|12)")
_ROAD = "路街道巷弄胡村坊大"
_NUMBER = r"[0-9一二三四五六七八九十百零〇甲乙丙]{1,6}"
_HOUSE = re.compile(
    rf"(?:(?:大道|胡同|(?<!街)道|[路街巷弄村坊])\s?{_NUMBER}\s?(?:号院?|弄|巷)(?![线公高人开起前后之以那当早晚上下封])"
    rf"|[^\W\d_]{_NUMBER}\s?(?:栋|幢|号楼)(?=\s?{_NUMBER}(?:单元|楼|层|室|门|[A-Za-z]|\b)))"
    rf"(?:\s?(?:院|内|[A-Za-z]?{_NUMBER}\s?(?:号院|号楼|弄|栋|幢|座|单元|楼|层|室|户|门|号)|[A-Za-z]座|[0-9]{{3,4}}(?![0-9])))*")
_BEFORE_HOUSE = re.compile(r"[^\u4e00-\u9fffA-Za-z0-9]|[住在到去寄送是往址于从给把离我你您他她个那这家]|为|来自")
_ADDRESS_REACH = 24


def _letters(text: str) -> int:
    return sum(char.isascii() and char.isalpha() for char in text)


def _is_plate(match: re.Match[str]) -> bool:
    """Whether the tail has digits enough: 云A座 and 新A类 have none."""
    kind = match.lastgroup or "x"
    tail = re.sub(r"[^A-Za-z0-9]", "", match[kind].translate({ord(char): "0" for char in SPOKEN}))
    return len(tail) - _letters(tail) >= (4 if kind == "new" else 3)


def _is_vin(match: re.Match[str]) -> bool:
    text = match.group(match.lastgroup or 0)
    return _letters(text) > 0 and sum(char.isdigit() for char in text) >= 4


def _is_number(match: re.Match[str]) -> bool:
    return sum(char.isdigit() for char in match["x"]) >= 4


def _is_private(match: re.Match[str]) -> bool:
    return not _PUBLIC.match(match["x"])


def _always(match: re.Match[str]) -> bool:
    return True


def _found(label: str, pattern: re.Pattern[str], accept: Callable[[re.Match[str]], bool] = _always,
           ) -> Callable[[str], Iterator[Span]]:
    """A rule that masks the group `x` where the pattern names one, else the whole match."""
    place = "x" if "x" in pattern.groupindex else 0

    def find(text: str) -> Iterator[Span]:
        return ((*match.span(place), label) for match in pattern.finditer(text) if accept(match))
    return find


def _addresses(text: str) -> Iterator[Span]:
    """A house number with what stands before it, back to a word that no address holds."""
    for house in _HOUSE.finditer(text):
        reach = max(0, house.start() - _ADDRESS_REACH)
        start = reach
        for stop in _BEFORE_HOUSE.finditer(text, reach, house.start()):
            start = stop.end()
        if house.start() - start > 0 or house.group()[0] not in _ROAD:
            yield start, house.end(), "地址"


_RULES: tuple[tuple[str, Callable[[str], Iterable[Span]]], ...] = (
    ("@艾特(", _found("邮箱", _MAIL)),
    ("_", _found("微信号", _WXID)),
    ("信vVxXeE微薇", _found("微信号", _WECHAT)),
    ("qQ扣鹅", _found("QQ号", _QQ)),
    ("单", _found("保单号", _POLICY, _is_number)),
    (_PROVINCE, _found("车牌", _PLATE, _is_plate)),
    ("使领jJ", _found("车牌", _OFFICIAL)),
    ("牌", _found("车牌", _CUED_PLATE, _is_plate)),
    ("", _found("车架号", _VIN, _is_vin)),
    ("Nn架识", _found("车架号", _CUED_VIN, _is_vin)),
    ("照证案机单同保档", _found("证件号", _PAPER, _is_number)),
    ("", personal),
    ("话机码式", _found("座机", _CUED_PHONE, _is_private)),
    ("号弄栋幢巷", _addresses),
    ("", people),
)


def _once(text: str) -> str:
    """One pass of all rules. None reads across [ or ], nor what an earlier one has taken: every pass leaves less to mask."""
    plain = text.translate(_PLAIN)
    seen, spans = set(plain), []
    for hints, rule in _RULES:
        if hints and seen.isdisjoint(hints):
            continue
        parts, at = [], 0
        for start, end, label in sorted(rule(plain)):
            if start >= at:
                spans.append((start, end, label))
                parts += (plain[at:start], _BLANK * (end - start))
                at = end
        plain = "".join((*parts, plain[at:])) if parts else plain
    if not spans:
        return text
    parts, at = [], 0
    for start, end, label in sorted(spans):
        parts += (text[at:start], f"[{label}]")
        at = end
    return "".join((*parts, text[at:]))


def mask(text: str) -> str:
    """`text` with what tells who somebody is replaced by [手机号], [姓名] and the like; the rest stays as typed.

    Masking twice changes nothing more. Linear in the length; no text makes it raise.
    """
    while (masked := _once(text)) != text:
        text = masked
    return text
