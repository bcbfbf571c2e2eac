"""Fine-tunes the base Chinese encoder on the phrasing bank, so that what means the same lies together.

    python -m training.train --base PATH_OR_NAME --target assistant/knowledge/encoder

`--base` may be the base encoder or what training.guard_net has pretrained on our own text. Seeded, a fixed number of steps,
two CPU cores in well under an hour. Each batch holds pairs of phrasings of
confusable cards (neighbours by the current vectors), and two losses are added:

* sentence-transformers' MultipleNegativesRankingLoss between the two phrasings of a pair: contrastive, with the other
  cards of the batch, neighbours above all, as hard negatives (Henderson et al. 2017);
* softmax over one learned vector a card (normalised softmax, Zhai & Wu 2019), which sees all cards in every step.

A share of the anchors carries dictation slips (training.noise), so that 交墙险 lies where 交强险 lies.
"""
from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

from training import noise, tuning


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the result."""

    steps: int = 1100
    cards: int = 32  # a batch: this many cards with two phrasings each
    learning_rate: float = 1e-4
    proxy_rate: float = 2e-3
    warm_up: float = 0.08
    scale: float = 24.0
    smoothing: float = 0.05
    contrastive: float = 0.5
    slips: float = 0.25
    neighbours: int = 4
    refresh: int = 400
    seed: int = 20261124


def bank_of(corpus: Path) -> tuple[list[str], list[str], str]:
    """Texts, their cards, and the hash by which the model card names the bank."""
    from assistant.knowledge.index import bank_hash, entries_of
    from assistant.knowledge.read import read_corpus

    entries = entries_of(read_corpus(corpus).corpus)
    return [entry.text for entry in entries], [entry.card_id for entry in entries], bank_hash(entries)


class Batches:
    """Endless batches of card numbers: seeds at random, each with its nearest neighbours, so that negatives are hard."""

    def __init__(self, count: int, recipe: Recipe, rng: random.Random) -> None:
        self._count, self._recipe, self._rng = count, recipe, rng
        self._near = [list(range(count)) for _ in range(count)]

    def learn(self, proxies: np.ndarray) -> None:
        """Takes new neighbours from the cards' vectors."""
        self._near = np.argsort(-(proxies @ proxies.T), axis=1)[:, 1:13].tolist()

    def __iter__(self) -> Iterator[list[int]]:
        queue: list[int] = []
        size = min(self._recipe.cards, self._count)
        while True:
            chosen: dict[int, None] = {}
            while len(chosen) < size:
                if not queue:
                    queue = self._rng.sample(range(self._count), self._count)
                seed = queue.pop()
                near = self._rng.sample(self._near[seed], min(self._recipe.neighbours - 1, len(self._near[seed])))
                for card in (seed, *near):
                    if len(chosen) < size:
                        chosen[card] = None
            yield list(chosen)


def encode(model: SentenceTransformer, texts: Sequence[str]) -> np.ndarray:
    """Unit rows, without noise or dropout."""
    return np.asarray(model.encode(list(texts), normalize_embeddings=True, batch_size=128), dtype=np.float32)


def train(base: str, texts: Sequence[str], cards: Sequence[str], recipe: Recipe, report=print,
          check=None) -> SentenceTransformer:
    """Returns the fine-tuned model. `check(model, step)` is called now and then, for looking only."""
    random.seed(recipe.seed)
    torch.manual_seed(recipe.seed)
    rng = random.Random(recipe.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = SentenceTransformer(base, device=device, model_kwargs={"dtype": torch.float32})
    model.max_seq_length = 64
    names = sorted(set(cards))
    lines = [[text for text, card in zip(texts, cards, strict=True) if card == name] for name in names]
    slips = noise.homophones(texts)

    def proxies_now() -> np.ndarray:
        vectors = encode(model, texts)
        means = np.stack([vectors[[card == name for card in cards]].mean(axis=0) for name in names])
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    start = proxies_now()
    proxies = torch.nn.Parameter(torch.tensor(start, device=device))
    batches = Batches(len(names), recipe, rng)
    batches.learn(start)
    contrastive = MultipleNegativesRankingLoss(model, scale=recipe.scale)
    softmax = torch.nn.CrossEntropyLoss(label_smoothing=recipe.smoothing)
    optimiser = tuning.optimiser(model, recipe.learning_rate, [proxies], recipe.proxy_rate)
    descent = tuning.Descent(optimiser, recipe.steps, recipe.warm_up, model, "step", 50, report)
    model.train()
    for step, batch in zip(range(1, recipe.steps + 1), iter(batches), strict=False):
        pairs = [rng.sample(lines[card], 2) for card in batch]
        views = [[noise.slip(pair[side], slips, rng) if rng.random() < recipe.slips else pair[side] for pair in pairs]
                 for side in (0, 1)]
        pieces = {name: value.to(device) for name, value in model.preprocess(views[0] + views[1]).items() if torch.is_tensor(value)}
        with torch.autocast(device, torch.bfloat16):
            output = model(pieces)["sentence_embedding"]
        vectors = torch.nn.functional.normalize(output.float(), dim=-1).split(len(batch))
        labels = torch.tensor(batch, device=device)
        logits = recipe.scale * torch.cat(vectors) @ torch.nn.functional.normalize(proxies, dim=-1).T
        loss = softmax(logits, torch.cat([labels, labels]))
        loss = loss + recipe.contrastive * contrastive.compute_loss_from_embeddings(list(vectors), None)
        descent.step(loss)
        if step % recipe.refresh == 0:
            model.eval()
            batches.learn(torch.nn.functional.normalize(proxies.detach(), dim=-1).cpu().numpy())
            if check is not None:
                check(model, step)
            model.train()
    return model.eval()


def main() -> None:
    from training.export import export

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default="BAAI/bge-small-zh-v1.5", help="hub name or path of the base encoder")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--target", type=Path, default=Path("assistant/knowledge/encoder"))
    parser.add_argument("--work", type=Path, default=Path("data/model"), help="where the fp32 model is kept")
    parser.add_argument("--steps", type=int, default=Recipe().steps)
    args = parser.parse_args()
    torch.set_num_threads(2)
    recipe = Recipe(steps=args.steps)
    texts, cards, bank = bank_of(args.corpus)
    print(f"{len(texts)} phrasings of {len(set(cards))} cards, bank {bank}")
    model = train(args.base, texts, cards, recipe)
    model.save(str(args.work))
    fidelity = export(args.work, args.target, texts)
    made = {"bank": bank, "phrasings": len(texts), "cards": len(set(cards)), "recipe": asdict(recipe)}
    (args.target / "made.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(fidelity)


if __name__ == "__main__":
    main()
