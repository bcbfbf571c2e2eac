"""What the trainings share: AdamW without decay on biases and norms, a warm-up followed by a half cosine, and the step."""
from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable

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


class Descent:
    """Gradient steps: the gradients of `clipped` cut to length 1, the rate moved on, the mean loss told every so many steps."""

    def __init__(self, over: torch.optim.Optimizer, steps: int, warm_up: float, clipped: torch.nn.Module, name: str,
                 every: int = 500, report: Callable[[str], object] = lambda text: print(text, flush=True)) -> None:
        self.steps, self.done = steps, 0
        self._optimiser, self._schedule, self._clipped = over, schedule(over, steps, warm_up), clipped
        self._name, self._every, self._report = name, every, report
        self._began, self._total = time.perf_counter(), 0.0

    def step(self, loss: torch.Tensor) -> None:
        """One step down `loss`."""
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._clipped.parameters(), 1.0)
        self._optimiser.step()
        self._schedule.step()
        self._total, self.done = self._total + loss.detach(), self.done + 1
        if self.done % self._every == 0:
            self._report(f"{self._name} {self.done}/{self.steps} loss {float(self._total) / self._every:.3f} "
                         f"{time.perf_counter() - self._began:.0f}s")
            self._total = 0.0
