"""Who was given what, and which facts and rungs the corpus held when: what a correction hangs on."""
from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from assistant.recall import Change, Given, Target
from assistant.store.base import Base, guarded

_GIVEN = ("select t.id as turn, t.at, t.told, s.id as call, s.customer, s.person, coalesce(p.name, s.person) as name "
          "from turns t join sessions s on s.id = t.session left join people p on p.id = s.person ")
_BEGINNING = datetime(1, 1, 1)  # of the lines that stood in the corpus when it was first looked at


class Recalls(Base):
    """Facts are looked up in the citations, cards and rungs in the turns."""

    @guarded
    def given(self, wanted: Target, since: datetime, until: datetime | None = None) -> tuple[Given, ...]:
        """The told lines it reaches, oldest first. Lines that declined, withheld or took leave gave nothing."""
        where = ["t.at >= ?", "t.at < ?", "t.rung > 0", "t.flags not like '%\"withheld\"%'"]
        values: list = [since.isoformat(), (until or datetime.max).isoformat()]
        if wanted.rung:
            where += ["t.card = ?", "t.rung = ?"]
            values += [wanted.base, wanted.rung]
            where.append("t.flags like ?" if wanted.scope else "t.flags not like ?")
            values.append(f'%"variant:{wanted.scope}"%' if wanted.scope else '%"variant:%')
        else:
            where.append("(t.card = ? or t.id in (select turn from citations where fact = ?))")
            values += [wanted.base, wanted.base]
        rows = self._db.query(f"{_GIVEN} where {' and '.join(where)} order by t.id", values)
        return tuple(Given(row["person"], row["name"], row["call"], row["customer"], row["turn"],
                           datetime.fromisoformat(row["at"]), row["told"]) for row in rows)

    @guarded
    def see_lines(self, lines: Mapping[str, str], now: datetime) -> int:
        """Compares what the corpus holds with what it held at the last start; keeps what changed. How many did."""
        standing = {row["id"]: row["text"] for row in self._db.query("select id, text from lines_seen where gone_at is null")}
        if standing == lines:
            return 0
        moment, first = now.isoformat(), not self._db["lines_seen"].count
        old = [name for name, text in standing.items() if lines.get(name) != text]
        with self._db.atomic():
            for name in old:
                self._db.execute("update lines_seen set gone_at = ? where id = ? and gone_at is null", [moment, name])
            self._db["lines_seen"].insert_all(
                {"id": name, "text": text, "since": (_BEGINNING if first else now).isoformat(), "gone_at": None}
                for name, text in lines.items() if standing.get(name) != text)
        return len(old)

    @guarded
    def changed(self, since: datetime) -> tuple[tuple[Change, datetime], ...]:
        """Lines changed or withdrawn since then, oldest first, each with the moment from which the old text stood."""
        rows = self._db.query("select o.*, coalesce(n.text, '') as new from lines_seen o left join lines_seen n "
                              "on n.id = o.id and n.gone_at is null where o.gone_at >= ? order by o.gone_at, o.rowid",
                              [since.isoformat()])
        return tuple((Change(row["id"], row["text"], row["new"], datetime.fromisoformat(row["gone_at"])),
                      datetime.fromisoformat(row["since"])) for row in rows)
