"""Exports a sentence-transformers BERT encoder to the int8 ONNX files that the assistant ships.

    python -m training.export SOURCE assistant/knowledge/encoder

Writes model.onnx (dynamic int8, per channel, reduced range: the setting with the highest fidelity
measured here), tokenizer.json and fidelity.json (cosine of int8 against fp32 on the corpus's own lines).
Needs the `train` extra (torch, onnx); the assistant itself needs neither.
"""
from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np


def _quantised(module, names: str, target: Path) -> None:
    """Writes `module` (ids, mask -> rows) as int8 model.onnx: per channel, reduced range."""
    import onnxruntime.quantization as quantization
    import torch

    target.mkdir(parents=True, exist_ok=True)
    ids = torch.ones((2, 8), dtype=torch.long)
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch) / "fp32.onnx"
        torch.onnx.export(
            module, (ids, torch.ones_like(ids)), str(full), dynamo=False, opset_version=17,
            input_names=["input_ids", "attention_mask"], output_names=[names],
            dynamic_axes={"input_ids": {0: "batch", 1: "length"}, "attention_mask": {0: "batch", 1: "length"},
                          names: {0: "batch"}},
        )
        quantization.quantize_dynamic(
            full, target / "model.onnx", per_channel=True, reduce_range=True,
            weight_type=quantization.QuantType.QInt8,
        )


def _cls(model):
    """CLS pooling and normalisation inside the graph, so that a runtime needs no pooling code."""
    import torch

    bert = model[0].auto_model.eval()
    bert.config._attn_implementation = "eager"

    class Cls(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = bert

        def forward(self, input_ids, attention_mask):
            hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            return torch.nn.functional.normalize(hidden[:, 0], dim=-1)

    return Cls()


def export(source: Path, target: Path, lines: list[str]) -> dict[str, float | int]:
    """Writes the encoder in `source` to `target` and returns its fidelity on `lines` (cosine, 1.0 is equal)."""
    import torch
    from sentence_transformers import SentenceTransformer

    from assistant.knowledge.embed import OnnxEmbedder

    model = SentenceTransformer(str(source), device="cpu", model_kwargs={"dtype": torch.float32})
    _quantised(_cls(model), "embedding", target)
    shutil.copyfile(Path(source) / "tokenizer.json", target / "tokenizer.json")
    expected = model.encode(lines, normalize_embeddings=True, batch_size=64)
    cosines = np.sum(expected * OnnxEmbedder(target).encode(lines), axis=1)
    fidelity = {"lines": len(lines), "mean_cosine": float(cosines.mean()), "min_cosine": float(cosines.min()),
                "megabytes": round((target / "model.onnx").stat().st_size / 1e6, 1)}
    (target / "fidelity.json").write_text(json.dumps(fidelity, indent=1) + "\n", encoding="utf-8")
    return fidelity


def export_judge(net, base: Path, target: Path, lines: list[str]) -> dict[str, float | int]:
    """Writes the guard's net (training.guard_net) to `target`; returns its fidelity: on how many of `lines` int8 and fp32
    agree about the last output ("breaks any" above or below even), and the mean difference of its log-odds."""
    from assistant.knowledge.embed import OnnxModel
    from training.guard_net import Pieces, predict

    expected = predict(net, Pieces(base).rows(lines), "cpu")[:, -1]
    net.bert.config._attn_implementation = "eager"
    _quantised(net.eval(), "logits", target)
    shutil.copyfile(base / "tokenizer.json", target / "tokenizer.json")
    small = OnnxModel(target)
    given = np.array([small.row(line)[-1] for line in lines])
    return {"lines": len(lines), "agree": float(np.mean((given > 0) == (expected > 0))),
            "mean_difference": float(np.abs(given - expected).mean()),
            "megabytes": round((target / "model.onnx").stat().st_size / 1e6, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="a sentence-transformers folder or hub name")
    parser.add_argument("target", type=Path)
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    args = parser.parse_args()

    from assistant.knowledge.read import read_corpus

    lines = [line for card in read_corpus(args.corpus).corpus.cards.values() for line in card.phrasings]
    print(export(args.source, args.target, lines))


if __name__ == "__main__":
    main()
