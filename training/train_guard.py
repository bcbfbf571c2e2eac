"""Trains the guard's second layer on labelled agent lines and exports it.

    python -m training.train_guard --base FOLDER [--step lines|net|export]

Two parts that err differently, added up (assistant.knowledge.likeness):

* an encoder of its own, fine-tuned from the same base as the search's, whose output is 16 log-odds: one a rule, one for
  "breaks any" (training.guard_net). The search's vectors, trained to ignore who speaks and how, separate these lines badly
  (evals/LOG.md);
* logistic regression over character 1- to 4-grams (tf-idf): cheap, and sure about the words that it knows.

Three steps, so that the middle one, training.guard_net, can run on another machine over the same work folder.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from assistant.knowledge.likeness import ANY, fold
from assistant.knowledge.read import read_corpus
from training import noise
from training.guard_lines import Labelled, bank_of, lines_of, read_lines, targets

TARGET = Path("assistant/knowledge/judge")
LOOKED = tuple(Path(f"evals/datasets/guard_{split}.jsonl") for split in ("dev", "blind", "blind2", "blind3"))


def prepare(lines: Sequence[Labelled], rules: Sequence[str], corpus_folder: Path, looked: Sequence[Labelled], work: Path) -> None:
    """Writes WORK/lines.json for training.guard_net; `looked` lines are only looked at."""
    corpus = read_corpus(corpus_folder).corpus
    texts = [line.text for line in lines]
    heard = {fold(line) for card in corpus.cards.values() for line in card.phrasings}
    heard |= {fold(line) for group in corpus.off_topic.values() for line in group}
    content = {"rules": list(rules), "texts": texts, "breaks": [[rules.index(rule) for rule in line.breaks] for line in lines],
               "pretraining": sorted(heard | set(texts)), "homophones": dict(noise.homophones(texts)),
               "looked": [fold(line.text) for line in looked], "looked_bad": [bool(line.breaks) for line in looked]}
    work.mkdir(parents=True, exist_ok=True)
    (work / "lines.json").write_text(json.dumps(content, ensure_ascii=False), "utf-8")


def train_grams(lines: Sequence[Labelled], rules: Sequence[str], least: int = 3) -> tuple[Mapping[str, int], np.ndarray, np.ndarray]:
    """Weights of character n-grams: token -> row, (tokens + 1, rules + 1) weights, the last row the constants, and the idf.
    A line's counts enter as 1 + log(count) times the idf, divided by their length."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectoriser = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True, min_df=least, lowercase=False)
    matrix, wanted = vectoriser.fit_transform([line.text for line in lines]), targets(lines, rules)
    columns = []
    for column in range(wanted.shape[1]):
        fitted = LogisticRegression(C=30.0, max_iter=3000).fit(matrix, wanted[:, column])
        columns.append(np.append(fitted.coef_[0], fitted.intercept_[0]))
    return {token: int(row) for token, row in vectoriser.vocabulary_.items()}, np.stack(columns, axis=1), vectoriser.idf_


def export(lines: Sequence[Labelled], rules: Sequence[str], base: Path, work: Path, target: Path) -> None:
    """The n-grams fitted, the net of WORK packaged, and made.json, which says of what."""
    from training.export import export_judge
    from training.guard_net import PASSES, Pretraining, load

    tokens, weights, idf = train_grams(lines, rules)
    fidelity = export_judge(load(work / "net.pt", base), base, target, [line.text for line in lines])
    np.savez_compressed(target / "grams.npz", weights=weights.astype(np.float16), idf=idf.astype(np.float32))
    (target / "grams.json").write_text(json.dumps(sorted(tokens, key=tokens.get), ensure_ascii=False), "utf-8")
    made = {"bank": bank_of(lines), "lines": len(lines), "breaking": sum(bool(line.breaks) for line in lines),
            "outputs": [*rules, ANY], "fidelity": fidelity, "pretraining": asdict(Pretraining()),
            "passes": [asdict(recipe) for recipe in PASSES]}
    (target / "made.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(fidelity)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", type=Path, required=True, help="folder of the base encoder")
    parser.add_argument("--lines", type=Path, default=Path("training/guard"))
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--work", type=Path, default=Path("data/guard"))
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--step", choices=("lines", "net", "export"), help="only this one")
    args = parser.parse_args()
    rules = sorted(read_corpus(args.corpus).corpus.redlines)
    lines = lines_of(args.lines, args.corpus)
    print(f"{len(lines)} lines, {sum(bool(line.breaks) for line in lines)} breaking, bank {bank_of(lines)}")
    if args.step in (None, "lines"):
        prepare(lines, rules, args.corpus, [line for path in LOOKED for line in read_lines(path)], args.work)
    if args.step in (None, "net"):
        subprocess.run([sys.executable, "-m", "training.guard_net", str(args.work), "--base", str(args.base)], check=True)
    if args.step in (None, "export"):
        export(lines, rules, args.base, args.work, args.target)


if __name__ == "__main__":
    main()
