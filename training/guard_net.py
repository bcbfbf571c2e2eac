"""Trains the net of the guard's second layer: an encoder with one output a red line and one for "breaks any".

    python -m training.guard_net WORK --base FOLDER      (needs torch, transformers, tokenizers, numpy, and nothing else)

Reads WORK/lines.json, which training.train_guard writes, and leaves WORK/net.pt:

1. masked language modelling on our own text, from the base encoder (Gururangan et al. 2020, "Don't stop pretraining");
2. a pass with adversarial shifts of the word vectors (fast gradient method, Miyato et al. 2017);
3. three shorter passes in which up to half of the lines are glued to another: a break stays one wherever it stands.

A step whose result lies in WORK already is not done again, so that steps may run on different machines. Seeded. Some minutes on
one GPU, some hours on two cores.
"""
from __future__ import annotations

import argparse
import itertools
import json
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from training import noise, tuning

LONGEST = 64  # word pieces read
_POOL = 16  # batches sorted by length together: padding costs as much as text
_PREDICT = 512


@dataclass(frozen=True, slots=True)
class Recipe:
    """One pass over the lines. `shift`: length of the adversarial shift of the word vectors, 0 without."""

    seed: int = 1
    epochs: float = 3.0
    batch: int = 64
    learning_rate: float = 1.2e-4
    head_rate: float = 2e-3
    warm_up: float = 0.08
    dropout: float = 0.12
    smoothing: float = 0.02
    shift: float = 0.0
    glued: float = 0.15  # share of lines glued to another: a break stays one wherever it stands
    slips: float = 0.08  # share of lines with homophones, as dictation hears them
    rule_weight: float = 8.0
    sharpness: float = 8.0  # the head's input is a unit vector times this


@dataclass(frozen=True, slots=True)
class Pretraining:
    """Masked language modelling on our own text."""

    epochs: float = 4.0
    batch: int = 128
    learning_rate: float = 3e-4
    warm_up: float = 0.05
    masked: float = 0.15
    seed: int = 0


_GLUED = Recipe(learning_rate=6e-5, head_rate=2.4e-4, warm_up=0.1, slips=0.1)
PASSES = (Recipe(shift=0.5), replace(_GLUED, seed=11, epochs=0.75, glued=0.5),
          replace(_GLUED, seed=12, epochs=1.0, glued=0.4, learning_rate=5e-5, head_rate=2e-4),
          replace(_GLUED, seed=13, epochs=0.5, glued=0.3, learning_rate=4e-5, head_rate=1.6e-4, shift=0.5))


class Net(torch.nn.Module):
    """ids, mask (n, length) -> log-odds (n, outputs)."""

    def __init__(self, base: Path, outputs: int, recipe: Recipe) -> None:
        from transformers import BertModel

        super().__init__()
        self.bert = BertModel.from_pretrained(base, add_pooling_layer=False, dtype=torch.float32,
                                              hidden_dropout_prob=recipe.dropout, attention_probs_dropout_prob=recipe.dropout)
        self.head = torch.nn.Linear(self.bert.config.hidden_size, outputs)
        self.recipe = recipe

    def words(self, ids: torch.Tensor) -> torch.Tensor:
        """The word vectors (n, length, width), before positions."""
        return self.bert.embeddings.word_embeddings(ids)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, words: torch.Tensor | None = None) -> torch.Tensor:
        hidden = self.bert(inputs_embeds=self.words(ids) if words is None else words, attention_mask=mask).last_hidden_state
        weights = mask[:, :, None].to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1)
        return self.head(functional.normalize(mean, dim=-1) * self.recipe.sharpness)


class Pieces:
    """Texts -> padded ids, with the base encoder's tokenizer."""

    def __init__(self, base: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)
        self.mask = self._tokenizer.token_to_id("[MASK]")
        self.count = self._tokenizer.get_vocab_size()

    def rows(self, texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]


def padded(rows: Sequence[Sequence[int]]) -> torch.Tensor:
    """(n, longest) ids; 0 is padding."""
    ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    for number, row in enumerate(rows):
        ids[number, :len(row)] = row
    return torch.from_numpy(ids)


def batches(lengths: Sequence[int], size: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Every row number once, in batches of about one length."""
    order = rng.permutation(len(lengths))
    for start in range(0, len(order), size * _POOL):
        pool = sorted(order[start:start + size * _POOL].tolist(), key=lambda row: lengths[row])
        parts = [pool[at:at + size] for at in range(0, len(pool), size)]
        yield from (parts[place] for place in rng.permutation(len(parts)))


def pretrain(base: Path, texts: Sequence[str], recipe: Pretraining, device: str, target: Path) -> None:
    """Goes on with masked language modelling on `texts`; writes the encoder to `target`. The output layer is the word
    vectors themselves."""
    from transformers import BertModel

    torch.manual_seed(recipe.seed)
    rng, pieces = np.random.default_rng(recipe.seed), Pieces(base)
    bert = BertModel.from_pretrained(base, add_pooling_layer=False, dtype=torch.float32).to(device).train()
    width = bert.config.hidden_size
    top = torch.nn.Sequential(torch.nn.Linear(width, width), torch.nn.GELU(), torch.nn.LayerNorm(width)).to(device)
    constant = torch.nn.Parameter(torch.zeros(pieces.count, device=device))
    rows = [row for row in pieces.rows(texts) if len(row) > 4]
    steps = int(len(rows) * recipe.epochs / recipe.batch)
    optimiser = tuning.optimiser(bert, recipe.learning_rate, [*top.parameters(), constant], recipe.learning_rate)
    descent = tuning.Descent(optimiser, steps, recipe.warm_up, bert, "pretraining")
    endless = itertools.chain.from_iterable(batches([len(row) for row in rows], recipe.batch, rng) for _ in itertools.count())
    for numbers in itertools.islice(endless, steps):
        ids = padded([rows[number] for number in numbers])
        inner = (ids > 0) & (ids != 101) & (ids != 102)
        chosen = inner & torch.from_numpy(rng.random(tuple(ids.shape)) < recipe.masked)
        if not chosen.any():
            continue
        fate = torch.from_numpy(rng.random(tuple(ids.shape)))
        heard = torch.where(chosen & (fate < 0.8), pieces.mask, ids)
        heard = torch.where(chosen & (fate >= 0.9), torch.from_numpy(rng.choice(ids[inner].numpy(), tuple(ids.shape))), heard)
        where = chosen.flatten().nonzero().squeeze(1).to(device)
        hidden = bert(input_ids=heard.to(device), attention_mask=(ids > 0).long().to(device)).last_hidden_state
        logits = functional.linear(top(hidden.flatten(0, 1)[where]), bert.embeddings.word_embeddings.weight, constant)
        loss = functional.cross_entropy(logits, ids.flatten()[chosen.flatten()].to(device))
        descent.step(loss)
    shutil.copytree(base, target, dirs_exist_ok=True)  # its tokenizer and pooling; then our weights over its own
    bert.save_pretrained(target)


def vary(texts: Sequence[str], wanted: np.ndarray, recipe: Recipe, table: Mapping[str, str],
         rng: random.Random) -> tuple[list[str], np.ndarray]:
    """Every line once, some of them glued to another (mostly a clean one) or with slips, and their labels (n, outputs)."""
    clean = np.flatnonzero(wanted[:, -1] == 0).tolist()
    found, labels = list(texts), wanted.copy()
    for number in range(len(found)):
        if rng.random() < recipe.glued:
            other = rng.choice(clean) if rng.random() < 0.8 else rng.randrange(len(texts))
            first, second = (number, other) if rng.random() < 0.5 else (other, number)
            found[number] = texts[first].rstrip("。，,") + rng.choice("，。") + texts[second]
            labels[number] = np.maximum(wanted[number], wanted[other])
        if rng.random() < recipe.slips:
            found[number] = noise.slip(found[number], table, rng)
    return found, labels


def epochs_of(lines: Mapping, wanted: np.ndarray, recipe: Recipe, pieces: Pieces) -> Iterator[tuple[list[list[int]], np.ndarray]]:
    """Endless epochs of token rows and goals 0..1, each varied otherwise."""
    rng = random.Random(recipe.seed)
    while True:
        texts, labels = vary(lines["texts"], wanted, recipe, lines["homophones"], rng)
        yield pieces.rows(texts), labels * (1 - 2 * recipe.smoothing) + recipe.smoothing


def fit(base: Path, epochs: Iterator[tuple[list[list[int]], np.ndarray]], steps: int, recipe: Recipe, device: str, name: str,
        start: Path | None = None) -> Net:
    """A net trained for `steps` steps on epochs of token rows and goals (n, outputs), 0..1, from the encoder in `base` or
    from the kept net `start`."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    rows, goals = next(epochs)
    net = (Net(base, goals.shape[1], recipe) if start is None else load(start, base, recipe)).to(device).train()
    optimiser = tuning.optimiser(net.bert, recipe.learning_rate, net.head.parameters(), recipe.head_rate)
    descent = tuning.Descent(optimiser, steps, recipe.warm_up, net, name)
    binary = functional.binary_cross_entropy_with_logits

    def loss_of(logits: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
        return recipe.rule_weight * binary(logits[:, :-1], goal[:, :-1]) + binary(logits[:, -1], goal[:, -1])

    while True:
        for numbers in batches([len(row) for row in rows], recipe.batch, rng):
            ids = padded([rows[number] for number in numbers]).to(device)
            mask, goal = (ids > 0).long(), torch.from_numpy(goals[numbers].astype(np.float32)).to(device)
            words = net.words(ids)
            with torch.autocast(device, torch.bfloat16, enabled=device == "cpu"):  # three times as fast there
                loss = loss_of(net(ids, mask, words).float(), goal)
                if recipe.shift:
                    slope, = torch.autograd.grad(loss, words, retain_graph=True)
                    length = slope.flatten(1).norm(dim=1)[:, None, None] + 1e-12
                    loss = (loss + loss_of(net(ids, mask, words + recipe.shift * slope / length).float(), goal)) / 2
            descent.step(loss)
            if descent.done == steps:
                return net.eval()
        rows, goals = next(epochs)


@torch.no_grad()
def predict(net: Net, rows: Sequence[Sequence[int]], device: str) -> np.ndarray:
    """Log-odds (n, outputs)."""
    order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    found = np.zeros((len(rows), net.head.out_features), dtype=np.float32)
    for start in range(0, len(order), _PREDICT):
        part = order[start:start + _PREDICT]
        ids = padded([rows[number] for number in part]).to(device)
        found[part] = net(ids, (ids > 0).long()).float().cpu().numpy()
    return found


def read(work: Path) -> dict:
    """lines.json: `texts`, `breaks` (numbers of the rules broken, one list a text), `rules`, `pretraining` texts,
    `homophones`, and `looked` texts with `looked_bad`, never trained on."""
    return json.loads((work / "lines.json").read_text("utf-8"))


def labels_of(lines: Mapping) -> np.ndarray:
    """(n, rules + 1) of 0 and 1; the last column is "breaks any"."""
    wanted = np.zeros((len(lines["texts"]), len(lines["rules"]) + 1), dtype=np.float32)
    for number, broken in enumerate(lines["breaks"]):
        wanted[number, broken] = 1.0
        wanted[number, -1] = float(bool(broken))
    return wanted


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def keep(net: Net, path: Path) -> None:
    """Writes a net's weights, in half precision, and its recipe."""
    state = {name: value.detach().cpu().half() for name, value in net.state_dict().items()}
    torch.save({"state": state, "recipe": asdict(net.recipe)}, path)


def load(path: Path, base: Path, recipe: Recipe | None = None) -> Net:
    """A net that `keep` has written, for another pass by `recipe`; `base` is any folder with the encoder's shape."""
    kept = torch.load(path, weights_only=True)
    net = Net(base, len(kept["state"]["head.bias"]), recipe or Recipe(**kept["recipe"]))
    net.load_state_dict({name: value.float() for name, value in kept["state"].items()})
    return net.eval()


def judged(logits: np.ndarray, bad: np.ndarray) -> str:
    """For looking: recall of the last output at 3 % false alarms, and the area under its curve."""
    values = logits[:, -1]
    limit = np.sort(values[~bad])[::-1][int(0.03 * (~bad).sum())]
    ranks = values.argsort().argsort()
    area = (ranks[bad].sum() - bad.sum() * (bad.sum() - 1) / 2) / (bad.sum() * (~bad).sum())
    return f"recall {(values[bad] > limit).mean():.4f} at .03, area {area:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, help="folder with lines.json; all results go there")
    parser.add_argument("--base", type=Path, required=True, help="folder of the base encoder")
    args = parser.parse_args()
    torch.set_float32_matmul_precision("high")
    device, lines, pieces = _device(), read(args.work), Pieces(args.base)
    wanted, bad = labels_of(lines), np.array(lines["looked_bad"], dtype=bool)
    encoder, start = args.work / "pretrained", None
    if not (encoder / "model.safetensors").exists():
        pretrain(args.base, lines["pretraining"], Pretraining(), device, encoder)
    for number, recipe in enumerate(PASSES, 1):
        target = args.work / f"pass{number}.pt"
        if not target.exists():
            steps = int(len(lines["texts"]) * recipe.epochs / recipe.batch)
            net = fit(encoder, epochs_of(lines, wanted, recipe, pieces), steps, recipe, device, f"pass {number}", start)
            print(f"pass {number}: {judged(predict(net, pieces.rows(lines['looked']), device), bad)}", flush=True)
            keep(net, target)
        start = target
    shutil.copyfile(start, args.work / "net.pt")


if __name__ == "__main__":
    main()
