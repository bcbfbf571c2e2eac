"""The log for people: as text, as a CSV that a spreadsheet opens, as JSON."""
from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.domain import Call, Turn
from assistant.errors import CoachError, why
from assistant.render import transcript

__all__ = ["export", "transcript"]
_FIELDS = ("通话", "客户代号", "座席", "结果", "回访", "序号", "时间", "客户说", "给的话", "接着问", "卡片", "第几句", "依据",
           "把握", "反馈", "毫秒")


def _row(call: Call, turn: Turn) -> dict:
    values = (call.id, call.customer, call.person, call.outcome, call.callback_on, turn.id, turn.at.isoformat(sep=" "),
              turn.heard, turn.told, turn.asked, turn.card_id, turn.rung, " ".join(turn.facts), turn.grounding,
              turn.feedback, round(sum(turn.ms.values()), 2))
    return dict(zip(_FIELDS, values, strict=True))


def _csv(rows: Sequence[dict]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _FIELDS)
    writer.writeheader()
    # A cell that starts like a formula would run in a spreadsheet (OWASP: CSV injection).
    writer.writerows({key: f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value
                      for key, value in row.items()} for row in rows)
    return text.getvalue()


def export(turns: Sequence[tuple[Call, Turn]], path: Path) -> str:
    """Writes the turns, oldest first, to a .csv or .json file (- is JSON on stdout); returns a sentence about it."""
    rows = [_row(call, turn) for call, turn in reversed(turns)]
    if path.suffix not in (".csv", ".json") and str(path) != "-":
        raise CoachError(f"不会写 {path.suffix or '没有后缀'} 的文件，请用 .csv 或 .json 结尾。")
    text = _csv(rows) if path.suffix == ".csv" else json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    if str(path) == "-":
        sys.stdout.write(text)
        return f"导出了 {len(rows)} 条。"
    try:
        path.write_text(text, encoding="utf-8-sig" if path.suffix == ".csv" else "utf-8", newline="")
        path.chmod(0o600)  # what customers said is for its owner alone, as in the log
    except OSError as error:
        raise CoachError(f"写不了 {path}（{why(error)}）。请换个位置。") from error
    return f"导出了 {len(rows)} 条到 {path}。"
