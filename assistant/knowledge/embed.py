"""Turns text into vectors: the built-in int8 encoder, or any sentence-transformers model the user names.

An embedder has langchain's two methods (`embed_documents`, `embed_query`), a `name` that changes whenever its
vectors would, and `encode`, the same as numpy rows. All vectors have length 1, so a dot product is a cosine.
"""
from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np

from assistant.errors import CoachError

BUILT_IN = "built-in"
BUILT_IN_FOLDER = Path(__file__).parent / "encoder"
_MAX_PIECES = 64  # a heard line is short; what follows the first 62 word pieces adds nothing
_BATCH = 64
_MANY = 32


class Embedder(Protocol):
    """What the rest of the pipeline needs of an encoder."""

    name: str

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows of unit length, float32, one a text."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]: ...

    def embed_query(self, text: str) -> list[float]: ...


class _Langchain:
    """The two methods of langchain's Embeddings over `encode`."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self.encode(texts).tolist()  # type: ignore[attr-defined]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


class OnnxModel:
    """A packaged model: tokenizers + onnxruntime, one thread (two contended cores are slower), no torch.

    `hash` names its weights. Raises CoachError with one sentence where the files cannot be read.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        try:
            content = (folder / "model.onnx").read_bytes()
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:
            raise CoachError(f"读不到内置模型 {folder}（{error}）。请重新安装：pip install .") from error
        self.hash = hashlib.sha256(content).hexdigest()[:12]
        self._tokenizer.enable_truncation(_MAX_PIECES)
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        # Loading waits for no Python: it goes on beside the imports of the index (0.1 s of a cold start).
        self._loading = ThreadPoolExecutor(1).submit(
            onnxruntime.InferenceSession, content, options, providers=["CPUExecutionProvider"])

    def row(self, text: str) -> np.ndarray:
        """The model's output for one text. One text a run: int8 activations are scaled by batch, and a line's
        numbers must not depend on its neighbours."""
        piece = self._tokenizer.encode(text)
        return self._loading.result().run(None, {"input_ids": np.array([piece.ids], dtype=np.int64),
                                                 "attention_mask": np.array([piece.attention_mask], dtype=np.int64)})[0][0]


class OnnxEmbedder(_Langchain):
    """The packaged encoder."""

    def __init__(self, folder: Path = BUILT_IN_FOLDER, threads: int = 1) -> None:
        self._model = OnnxModel(folder, threads)
        self.name = f"{BUILT_IN}-{self._model.hash}"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows of unit length, each independent of the others."""
        if len(texts) < _MANY:
            rows = [self._model.row(text) for text in texts]
        else:  # a build: one run a core, each on one thread
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                rows = list(pool.map(self._model.row, texts))
        return np.stack(rows).astype(np.float32) if rows else np.empty((0, 0), dtype=np.float32)


class SentenceEmbedder(_Langchain):
    """Any sentence-transformers model, by hub name or local path; torch is imported here and nowhere else."""

    def __init__(self, model: str) -> None:
        try:
            import torch
            from sentence_transformers import SentenceTransformer

            torch.set_num_threads(1)
            self._model = SentenceTransformer(model, device="cpu", model_kwargs={"dtype": torch.float32})
        except Exception as error:
            raise CoachError(f"编码器 {model} 打不开（{str(error).splitlines()[0][:120]}）。请检查 config.toml 的 encoder.model "
                             "是不是本机路径，或改回 built-in。") from error
        probe = self._model.encode(["车险"], normalize_embeddings=True)
        self.name = f"{model}-{hashlib.sha256(np.round(probe, 4).tobytes()).hexdigest()[:12]}"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.asarray(self._model.encode(list(texts), normalize_embeddings=True, batch_size=_BATCH), dtype=np.float32)
