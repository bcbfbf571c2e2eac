"""What an agent types about this customer -> slots, and slots -> the placeholders of a line. Pure.

Only what was stated is spoken back, in the form of the statement: no difference, ratio or premium is ever computed.
"""
from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, fields, replace
from datetime import date

from assistant.domain import Slots
from assistant.redact import mask

LOOK_UP = "【查系统】"  # stands in a line where neither a fact nor the customer's own quote gives the figure
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
LONGEST = {"上年": "99999.99元", "今年": "99999.99元", "出险": "10次", "到期": "12月31日", "到期天数": "365天"}
MAX_PREMIUM, MIN_PREMIUM = 99_999.99, 100  # yuan; what lies outside is a slip of the thumb
_NAMES = {"fuel": "油车", "nev": "新能源"}
_DIGITS = str.maketrans("零〇一二两三四五六七八九", "001223456789")
_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(rf"[{_PROVINCE}]\s?[A-Z](?:[·\s-]?[A-Z0-9]{{1,6}})?(?![A-Z0-9])")
_MASKED = re.compile(r"\[[一-龥]{2,3}\]")
_N = r"(?P<n>(?>\d+|[一二两三四五六七八九十百零]+))"
_MONEY = (r"(?P<n>(?>\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|[\d.零〇一二两三四五六七八九十百千万]+))"
          r"\s*(?:元|块钱|块)?(?!\s*(?:天|次|月|号|日|年|[-/]\d))")
_GLUE = r"(?:的|度|总|保费|报价|价格|价|交了?|花了?|要|是|一共|总共|:|=|\s)*"
_DATE = r"(?P<date>(?:\d{4}[-./年])?\d{1,2}(?:[-./]|月)\d{1,2}[日号]?)"
_WHEN = r"(?P<word>今天|明天|大后天|后天|(?:下|这|本)?(?:周|星期|礼拜)[一二三四五六日天]|(?:这个?月|本月|下个?月)?(?:月底|月末|底))"
_END = r"(?:就|要|会)?(?:到期|过期)"
_LAST_YEAR = re.compile("上一?年|去年|上期|上次|旧保单|原来|之前|以前")
_THIS_YEAR = re.compile("今年|本年|这次|本次|现在|新保单")
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple((name, re.compile(pattern)) for name, pattern in (
    ("last_year", rf"(?:上一?年|去年|上期|旧保单){_GLUE}{_MONEY}"),
    ("this_year", rf"(?:今年|本年|这次|本次|现在|新保单){_GLUE}{_MONEY}"),
    ("this_year", rf"(?:报价|现价){_GLUE}{_MONEY}"),
    ("due", rf"{_DATE}\s*{_END}(?:日期?)?"),
    ("due", rf"(?:到期|过期)(?:日期?|时间|在|是|:|\s)*{_DATE}"),
    ("due", rf"(?:还有|还剩|剩)?\s*{_N}\s*天(?:后|以后|之后|内)?\s*{_END}"),
    ("due", rf"(?:到期|过期)(?:还有|还剩|剩|:|\s)*{_N}\s*天"),
    ("due", rf"(?:还有|还剩|剩)\s*{_N}\s*天"),
    ("due", rf"{_WHEN}\s*{_END}"),
    ("due", rf"(?:到期|过期)(?:日期?|时间|在|是|:|\s)*{_WHEN}"),
    ("no_claims", r"(?:连续)?(?:(?:\d|[一二两三四五])年)?(?:都|从)?(?:未|没有|没|无|零)\s*出过?(?:险|事故)"),
    ("claims", rf"出(?:过|了)?险\s*:?\s*{_N}\s*次?"),
    ("claims", rf"出(?:过|了)\s*{_N}\s*次(?:险|事故)?"),
    ("claims", rf"{_N}\s*次出险"),
    ("nev", r"新能源(?:汽?车)?|纯电(?:动?汽?车)?|电动(?:汽?车)?|电车|插混|增程|绿牌"),
    ("fuel", r"燃油车?|[汽柴]油车?|油车"),
))


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was understood, the words that were not, and whether personal data was thrown away."""

    slots: Slots
    unknown: tuple[str, ...] = ()
    private: bool = False


def number(text: str) -> float | None:
    """A number as people type or dictate it: 3200, 3,200, 三千二 (3200), 2千9, 1.2万, 两千九百五十; None if it is none."""
    text = text.translate(_DIGITS).replace(",", "").strip(".")
    if re.fullmatch(r"\d+(?:\.\d{1,2})?", text):
        return float(text)
    found = re.fullmatch(r"(?:(\d+(?:\.\d+)?)万)?(?:0?(\d+(?:\.\d+)?)千)?(?:0?(\d)百)?(?:0?(\d?)十)?(0?)(\d?)", text)
    if found is None or not any(found.groups()):
        return None
    *digits, zero, tail = found.groups()
    total, last = 0.0, 1
    for digit, unit, mark in zip(digits, (10_000, 1000, 100, 10), "万千百十", strict=True):
        if mark in text:
            total, last = total + float(digit or 1) * unit, unit
    if tail:
        total += float(tail) * (1 if zero or last <= 10 else last // 10)
    return round(total, 2)


def _premium(text: str) -> float | None:
    value = number(text)
    return value if value is not None and MIN_PREMIUM <= value <= MAX_PREMIUM else None


def _date(text: str) -> str | None:
    """11-28, 11月28日, 2026-11-28 -> 11月28日, if the calendar has it."""
    *_, month, day = (int(part) for part in re.findall(r"\d+", text))
    try:
        date(2024, month, day)
    except ValueError:
        return None
    return f"{month}月{day}日"


def _read(name: str, match: re.Match[str]) -> dict[str, object] | None:
    """The slot a match sets, or None where its value makes no sense."""
    groups = match.groupdict()
    if name in ("nev", "fuel"):
        return {"energy": name}
    if name == "no_claims":
        return {"claims": 0}
    if name in ("last_year", "this_year"):
        value = _premium(groups["n"])
        return None if value is None else {name: value}
    if name == "claims":
        count = number(groups["n"])
        return None if count is None or count > 10 else {"claims": int(count)}
    if groups.get("date"):
        day = _date(groups["date"])
        return None if day is None else {"due": day}
    if groups.get("word"):
        return {"due": groups["word"]}
    days = number(groups["n"])
    return None if days is None or days > 365 else {"due": "今天" if days == 0 else f"{days:g}天后"}


def parse(text: str) -> Parsed:
    """Slots from `上年3200 今年2950 未出险 12天到期`: any order, spaces or commas, digits or words.

    Plates, phones and the like are thrown away and never kept; words that mean nothing here are returned as unknown.
    """
    cleaned = mask(unicodedata.normalize("NFKC", text)).upper()
    rest = _PLATE.sub(" ", _MASKED.sub(" ", cleaned))
    private, found, unread = rest != cleaned, {}, []
    for name, pattern in _RULES:
        def take(match: re.Match[str], name: str = name) -> str:
            value = _read(name, match)
            if value is None or ("energy" in value and found.get("energy", name) != name):
                unread.append(match.group().strip())
                return " "
            found.update(value)
            return " "
        rest = pattern.sub(take, rest)
    unread += [word for word in re.split(r"[\s,;、。.!?:()]+", rest) if word]
    return Parsed(Slots(**found), tuple(unread), private)


def merge(old: Slots, new: Slots) -> Slots:
    """The old slots with what the new ones state on top."""
    stated = {field.name: value for field in fields(Slots) if (value := getattr(new, field.name)) not in (None, "")}
    return replace(old, **stated)


def _yuan(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") + "元"


def fillings(slots: Slots) -> dict[str, str]:
    """Placeholder -> the words to say, for what is known."""
    found = {}
    if slots.last_year is not None:
        found["上年"] = _yuan(slots.last_year)
    if slots.this_year is not None:
        found["今年"] = _yuan(slots.this_year)
    if slots.claims is not None:
        found["出险"] = f"{slots.claims}次"
    if slots.due:
        found["到期"] = slots.due
        if slots.due.endswith("天后"):
            found["到期天数"] = slots.due.removesuffix("后")
    return found


def fill(line: str, slots: Slots) -> str:
    """The line with its placeholders filled; 【查系统】 where nothing is known."""
    if "{" not in line:
        return line
    known = fillings(slots)
    return PLACEHOLDER.sub(lambda match: known.get(match[1], LOOK_UP), line)


def bare(line: str) -> str:
    """The line without what the customer's quote fills in: the figures left need a fact."""
    return PLACEHOLDER.sub("某", line)


def longest(line: str) -> str:
    """The line with the longest filling of each placeholder."""
    return PLACEHOLDER.sub(lambda match: max(LONGEST.get(match[1], ""), LOOK_UP, key=len), line)


def strangers(line: str) -> tuple[str, ...]:
    """Placeholders of a line that do not exist."""
    return tuple(name for name in PLACEHOLDER.findall(line) if name not in LONGEST)


def meant(clause: str, slots: Slots) -> Slots:
    """The slots whose year the clause speaks of: last year's premium is no figure for this year's, nor the other way round.
    A clause that names both years may use both."""
    if not _LAST_YEAR.search(clause):
        return replace(slots, last_year=None)
    return slots if _THIS_YEAR.search(clause) else replace(slots, this_year=None)


def describe(slots: Slots) -> str:
    """The slots in one line for the agent; empty where none is known."""
    known = fillings(slots)
    parts = [f"{name} {known[name]}" for name in ("上年", "今年") if name in known]
    parts += [f"出险 {slots.claims} 次" if slots.claims else "未出险"] if slots.claims is not None else []
    parts += [f"{slots.due}到期"] if slots.due else []
    parts += [_NAMES[slots.energy]] if slots.energy else []
    return " · ".join(parts)
