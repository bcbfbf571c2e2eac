"""Trains the guard's second layer on labelled agent lines and exports it.

    python -m training.train_guard --base PATH_OR_NAME

Two parts that err differently, added up (assistant.knowledge.likeness):

* an encoder of its own, fine-tuned from the same base as the search's, whose output is 16 logits: one a rule, one for
  "breaks any". The search's vectors, trained to ignore who speaks and how, separate these lines badly (evals/LOG.md);
* logistic regression over character 1- to 4-grams (tf-idf): cheap, and sure about the words that it knows.

Training lines: `training/guard/*.jsonl`, every card's say-lines and questions (clean) and its never-lines where they name a red
line (breaking), and a quarter of the off-topic lines (clean). A share of the batches glues a clean line to another one: a break stays one wherever it stands.
Seeded, a fixed number of steps; about a quarter of an hour on two quiet cores.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from assistant import coach
from assistant.knowledge.likeness import ANY, fold
from assistant.knowledge.read import read_corpus
from training import noise, tuning

TARGET = Path("assistant/knowledge/judge")
_POOL = 16  # batches sorted by length together
HARMLESS = ("smalltalk", "work", "vehicle", "traffic", "logistics", "other_insurance", "finance")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the result."""

    epochs: float = 4.0
    batch: int = 64
    learning_rate: float = 1.2e-4
    head_rate: float = 2e-3
    warm_up: float = 0.08
    sharpness: float = 8.0  # the head's input is a unit vector times this
    smoothing: float = 0.02
    glued: float = 0.15
    slips: float = 0.08
    any_weight: float = 1.0
    rule_weight: float = 8.0
    seed: int = 20261127


@dataclass(frozen=True, slots=True)
class Labelled:
    """An agent line and the rules it breaks; none: it may be said."""

    text: str
    breaks: tuple[str, ...]


def read_lines(path: Path) -> list[Labelled]:
    """The labelled lines of a .jsonl file."""
    entries = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip())
    return [Labelled(entry["text"], tuple(entry["breaks"])) for entry in entries]


def lines_of(folder: Path, corpus_folder: Path) -> list[Labelled]:
    """Every training line: the labelled files, and what the cards themselves say and forbid."""
    corpus = read_corpus(corpus_folder).corpus
    found = [line for path in sorted(folder.glob("*.jsonl")) for line in read_lines(path)]
    for card in corpus.cards.values():
        found += [Labelled(line, ()) for line in (*card.say, card.ask)]
        found += [Labelled(never.line, (never.basis,)) for never in card.never if never.basis in corpus.redlines]
    for rule in corpus.redlines.values():
        found.append(Labelled(rule.rewrite, ()))
    found += [Labelled(line, ()) for exits in coach.EXITS.values() for pair in exits for line in pair]
    found += [Labelled(line, ()) for line in coach.DECLINES.values()]
    for kind in HARMLESS:  # talk that has nothing to do with insurance is clean, too
        found += [Labelled(line, ()) for line in corpus.off_topic.get(kind, ())[::4]]
    return list({fold(line.text): line for line in found}.values())


def glue(left: Labelled, right: Labelled, rng: random.Random) -> Labelled:
    """Two lines as one, in either order."""
    if rng.random() < 0.5:
        left, right = right, left
    return Labelled(left.text.rstrip("。，,") + rng.choice("，。") + right.text,
                    tuple(dict.fromkeys((*left.breaks, *right.breaks))))


def targets(lines: Sequence[Labelled], rules: Sequence[str]) -> np.ndarray:
    """(n, rules + 1) of 0 and 1; the last column is "breaks any"."""
    return np.array([[*(float(rule in line.breaks) for rule in rules), float(bool(line.breaks))] for line in lines],
                    dtype=np.float32)


def batches(lines: Sequence[Labelled], recipe: Recipe, rng: random.Random) -> Iterator[list[Labelled]]:
    """Endless batches; each holds lines of about one length, since padding costs as much as text (a third of the time)."""
    clean = [line for line in lines if not line.breaks]
    while True:
        order = rng.sample(list(lines), len(lines))
        order = [glue(line, rng.choice(clean), rng) if rng.random() < recipe.glued else line for line in order]
        for start in range(0, len(order), recipe.batch * _POOL):
            pool = sorted(order[start:start + recipe.batch * _POOL], key=lambda line: len(line.text))
            parts = [pool[at:at + recipe.batch] for at in range(0, len(pool), recipe.batch)]
            yield from rng.sample(parts, len(parts))


def train_net(base: str, lines: Sequence[Labelled], rules: Sequence[str], recipe: Recipe, report=print, check=None):
    """The fine-tuned encoder (sentence-transformers) and its linear head. `check(model, head, step)` only looks."""
    from sentence_transformers import SentenceTransformer

    random.seed(recipe.seed)
    torch.manual_seed(recipe.seed)
    rng = random.Random(recipe.seed)
    model = SentenceTransformer(base, device="cpu", model_kwargs={"dtype": torch.float32})
    model.max_seq_length = 64
    head = torch.nn.Linear(model.get_embedding_dimension(), len(rules) + 1)
    optimiser = tuning.optimiser(model, recipe.learning_rate, head.parameters(), recipe.head_rate)
    steps = int(len(lines) * recipe.epochs / recipe.batch)
    schedule = tuning.schedule(optimiser, steps, recipe.warm_up)
    slips = noise.homophones([line.text for line in lines])
    binary = torch.nn.functional.binary_cross_entropy_with_logits
    began, total = time.perf_counter(), 0.0
    model.train()
    for step, batch in zip(range(1, steps + 1), batches(lines, recipe, rng), strict=False):
        texts = [noise.slip(fold(line.text), slips, rng) if rng.random() < recipe.slips else fold(line.text) for line in batch]
        wanted = torch.tensor(targets(batch, rules)) * (1 - 2 * recipe.smoothing) + recipe.smoothing
        with torch.autocast("cpu", torch.bfloat16):
            output = model(model.preprocess(texts))["sentence_embedding"]
        logits = head(torch.nn.functional.normalize(output.float(), dim=-1) * recipe.sharpness)
        loss = (recipe.rule_weight * binary(logits[:, :-1], wanted[:, :-1])
                + recipe.any_weight * binary(logits[:, -1], wanted[:, -1]))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        total += float(loss.detach())
        if step % 50 == 0:
            report(f"step {step}/{steps} loss {total / 50:.3f} {time.perf_counter() - began:.0f}s", flush=True)
            total = 0.0
        if check is not None and (step % 300 == 0 or step == steps):
            model.eval()
            check(model, head, step)
            model.train()
    return model.eval(), head


def train_grams(lines: Sequence[Labelled], rules: Sequence[str], least: int = 3) -> tuple[Mapping[str, int], np.ndarray, np.ndarray]:
    """Weights of character n-grams: token -> row, (tokens + 1, rules + 1) weights, the last row the constants, and the idf.
    A line's counts enter as 1 + log(count) times the idf, divided by their length."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectoriser = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True, min_df=least, lowercase=False)
    matrix, wanted = vectoriser.fit_transform([fold(line.text) for line in lines]), targets(lines, rules)
    columns = []
    for column in range(wanted.shape[1]):
        fitted = LogisticRegression(C=30.0, max_iter=3000).fit(matrix, wanted[:, column])
        columns.append(np.append(fitted.coef_[0], fitted.intercept_[0]))
    return {token: int(row) for token, row in vectoriser.vocabulary_.items()}, np.stack(columns, axis=1), vectoriser.idf_


def main() -> None:
    from training.export import export_judge

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default="BAAI/bge-small-zh-v1.5", help="hub name or path of the base encoder")
    parser.add_argument("--lines", type=Path, default=Path("training/guard"))
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--epochs", type=float, default=Recipe().epochs)
    args = parser.parse_args()
    torch.set_num_threads(2)
    recipe = Recipe(epochs=args.epochs)
    rules = sorted(read_corpus(args.corpus).corpus.redlines)
    lines = lines_of(args.lines, args.corpus)
    bank = hashlib.sha256("\n".join(f"{line.text}\t{line.breaks}" for line in lines).encode()).hexdigest()[:16]
    print(f"{len(lines)} lines, {sum(bool(line.breaks) for line in lines)} breaking, bank {bank}")
    tokens, weights, idf = train_grams(lines, rules)
    model, head = train_net(args.base, lines, rules, recipe)
    fidelity = export_judge(model, head, recipe.sharpness, args.target, [fold(line.text) for line in lines])
    np.savez_compressed(args.target / "grams.npz", weights=weights.astype(np.float16), idf=idf.astype(np.float32))
    (args.target / "grams.json").write_text(json.dumps(sorted(tokens, key=tokens.get), ensure_ascii=False), "utf-8")
    made = {"bank": bank, "lines": len(lines), "breaking": sum(bool(line.breaks) for line in lines),
            "outputs": [*rules, ANY], "fidelity": fidelity, "recipe": asdict(recipe)}
    (args.target / "made.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(fidelity)


if __name__ == "__main__":
    main()
