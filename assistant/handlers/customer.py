"""客户: what the customer of this call has quoted; shown, stated, cleared. Lives and dies with the call."""
from __future__ import annotations

from assistant import slots
from assistant.desk import Desk
from assistant.domain import Incoming, Line, Message, Slots
from assistant.handlers import call

USAGE = "例如：客户 上年3200 今年2950 未出险 12天到期 新能源"
EMPTY = f"这通电话还没有记客户的数。{USAGE}"
CLEARED = "客户的数清空了，话里会写【查系统】。"
KEPT = "记下了：{known}。只用在这通电话里。"
UNKNOWN = "没看懂：{words}。{usage}"
PRIVATE = "车牌、电话这类信息不用记，已经丢掉。"
_CLEAR = ("清空", "清除", "重来")


def _notes(parsed: slots.Parsed) -> tuple[Line, ...]:
    notes = [UNKNOWN.format(words="、".join(parsed.unknown), usage=USAGE)] if parsed.unknown else []
    return tuple(Line("note", note) for note in [*notes, *([PRIVATE] if parsed.private else [])])


def customer(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """Keeps what is stated; alone it shows it, 清空 clears it. A line that states nothing is heard as the customer's."""
    if not rest:
        found = desk.store.current_call(incoming.person)
        known = slots.describe(desk.store.slots(found.id)) if found is not None else ""
        return Message((Line("note", f"这位客户：{known}。" if known else EMPTY),))
    if rest in _CLEAR:
        desk.store.set_slots(call._call(incoming, desk).id, Slots(), incoming.at)
        return Message((Line("note", CLEARED),))
    parsed = slots.parse(rest)
    if parsed.slots == Slots():
        numbers = parsed.private or any(char.isdigit() for char in rest)
        return Message(_notes(parsed) or (Line("note", EMPTY),)) if numbers else call.hear(incoming, desk, rest)
    found = call._call(incoming, desk)
    known = slots.merge(desk.store.slots(found.id), parsed.slots)
    desk.store.set_slots(found.id, known, incoming.at)
    return Message((Line("note", KEPT.format(known=slots.describe(known))), *_notes(parsed)))
