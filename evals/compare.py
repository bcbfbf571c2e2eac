"""Says whether two saved runs differ: `python -m evals.compare before.jsonl after.jsonl [--split dev]`."""
from __future__ import annotations

import argparse
import json
from pathlib import Path

from evals import metrics
from evals.data import load


def _ranked(path: Path) -> dict[str, list[str]]:
    return {entry["id"]: entry["ranked"] for entry in map(json.loads, path.read_text(encoding="utf-8").splitlines())}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.compare", description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--split", default="dev")
    args = parser.parse_args()
    queries = [query for query in load(args.split) if query.gold]
    before, after = _ranked(args.before), _ranked(args.after)
    for name, metric in metrics.METRICS.items():
        left = [metric(before.get(query.id, ()), query.gold) for query in queries]
        right = [metric(after.get(query.id, ()), query.gold) for query in queries]
        p = metrics.paired_p(left, right)
        verdict = "differ" if p < 0.05 else "no difference shown"
        print(f"{name:8} {metrics.mean(left):.4f} -> {metrics.mean(right):.4f}  p={p:.4f}  {verdict} ({len(queries)} lines)")


if __name__ == "__main__":
    main()
