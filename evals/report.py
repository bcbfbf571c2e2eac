"""One HTML page with tables and plots that opens offline: the plots are SVG inside the page."""
from __future__ import annotations

import html
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from evals import metrics

_STYLE = ("body{font:15px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
          "table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #ccc;padding:.25em .6em;text-align:left}"
          "td.n{text-align:right}svg{max-width:100%;height:auto}")
_MOST = 25  # confused cards in the heat map


def _svg(figure) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", bbox_inches="tight")
    return out.getvalue()[out.getvalue().index("<svg"):]


def _reliability(found, plt) -> str:
    right = [bool(a.query.gold) and a.query.gold and a.ranked[:1] != () and a.ranked[0] in a.query.gold for a in found]
    curve = metrics.reliability([a.confidence for a in found], right)
    figure, axes = plt.subplots(figsize=(5, 4))
    axes.plot([0, 1], [0, 1], color="#bbb")
    axes.scatter([c for c, _, _ in curve], [s for _, s, _ in curve], s=[10 + n / 3 for _, _, n in curve])
    axes.set(xlabel="confidence", ylabel="share right", title=f"reliability (ECE {metrics.calibration_error(curve):.3f})")
    return _svg(figure)


def _latency(found, plt) -> str:
    figure, axes = plt.subplots(figsize=(5, 4))
    axes.hist([a.ms for a in found], bins=60)
    axes.set(xlabel="ms", ylabel="lines", title="time to answer, warm")
    return _svg(figure)


def _heat(found, plt) -> str:
    import numpy as np

    wrong = [(a.query.gold[0], a.ranked[0]) for a in found if a.query.gold and a.ranked and a.ranked[0] not in a.query.gold]
    names = [name for name, _ in Counter(card for pair in wrong for card in pair).most_common(_MOST)]
    grid = np.zeros((len(names), len(names)))
    for right, given in wrong:
        if right in names and given in names:
            grid[names.index(right), names.index(given)] += 1
    figure, axes = plt.subplots(figsize=(9, 8))
    axes.imshow(grid, cmap="Reds")
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set(xlabel="given", ylabel="right", title=f"confusions among the {len(names)} most confused cards")
    return _svg(figure)


def _rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def write(path: Path, split: str, found, values: Mapping[str, float], systems: Sequence[Sequence[str]]) -> None:
    """Writes the page."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from evals.run import by, confusions

    parts = [f"<!doctype html><meta charset=utf-8><title>{split}</title><style>{_STYLE}</style><h1>Evals: {split}, "
             f"{len(found)} lines</h1>",
             _rows(("system", "R@1 [95 %]", "R@3", "MRR", "nDCG@10", "p"), systems),
             _rows(("figure", "value"), [(name, f"{value:.4f}") for name, value in values.items()]),
             _reliability(found, plt), _latency(found, plt), _heat(found, plt)]
    for title, key in (("voice", lambda q: q.voice), ("kind", lambda q: q.kind), ("card", lambda q: (q.gold or ("-",))[0])):
        parts += [f"<h2>By {title}</h2>", _rows((title, "right first", "lines"), [
            (name, f"{share:.3f}", count) for name, (share, count) in sorted(by(found, key).items(), key=lambda item: item[1][0])])]
    parts += ["<h2>Confusions</h2>", _rows(("right", "given", "times", "example"), [
        (a, b, count, line) for (a, b), count, line in confusions(found)[:100]])]
    plt.close("all")
    path.write_text("\n".join(parts), encoding="utf-8")
