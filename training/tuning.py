"""What both trainings share: AdamW without decay on biases and norms, and a warm-up followed by a half cosine."""
from __future__ import annotations

import math
from collections.abc import Iterable

import torch


def optimiser(model: torch.nn.Module, rate: float, extra: Iterable[torch.nn.Parameter], extra_rate: float) -> torch.optim.AdamW:
    """AdamW over the model at `rate` and over what was put on top of it at `extra_rate`."""
    decay, plain = [], []
    for name, parameter in model.named_parameters():
        (plain if "bias" in name or "LayerNorm" in name else decay).append(parameter)
    return torch.optim.AdamW([
        {"params": decay, "lr": rate, "weight_decay": 0.01},
        {"params": plain, "lr": rate, "weight_decay": 0.0},
        {"params": list(extra), "lr": extra_rate, "weight_decay": 0.0}], fused=True)


def schedule(over: torch.optim.Optimizer, steps: int, warm_up: float) -> torch.optim.lr_scheduler.LambdaLR:
    """Rises for the share `warm_up` of the steps, then falls to 0 along half a cosine."""
    warm = warm_up * steps
    return torch.optim.lr_scheduler.LambdaLR(over, lambda step: (
        step / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))))
