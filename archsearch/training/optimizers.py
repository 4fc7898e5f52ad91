"""What changes the weights: SGD, AdamW, and Muon for the kernels of dense convolutions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd
from torch.optim import SGD, AdamW, Optimizer

from archsearch.training.recipe import Recipe

_MUON_MOMENTUM = 0.95
_ITERATIONS = 5
# A polynomial of degree 5 that brings every singular value near 1 (Keller Jordan, "Muon", 2024).
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalised(matrix: Tensor) -> Tensor:
    """Return a matrix of the same singular vectors whose singular values are near 1 (about 0.7 to 1.2).

    By Newton-Schulz iteration, as of K. Jordan, "Muon: An optimizer for hidden layers in neural networks" (2024).

    >>> orthogonalised(torch.diag(torch.tensor([3.0, 1.0, 0.5]))).diagonal().sub(1).abs().max() < 0.35
    tensor(True)
    """
    is_tall = matrix.shape[0] > matrix.shape[1]
    found = matrix.T if is_tall else matrix
    found = found / (found.norm() + 1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(_ITERATIONS):
        gram = found @ found.T
        found = a * found + (b * gram + c * gram @ gram) @ found
    turned: Tensor = found.T if is_tall else found
    return turned


class Muon(Optimizer):
    """Momentum whose every step is orthogonalised; a kernel is a matrix with a row for each output channel.

    A matrix that is taller than wide takes longer steps, by the root of that ratio. Weight decay is apart.
    """

    def __init__(self, kernels: list[nn.Parameter], lr: float, weight_decay: float) -> None:
        super().__init__(kernels, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Change the kernels by their gradients."""
        assert closure is None
        for group in self.param_groups:
            for kernel in group["params"]:
                self._change(kernel, group["lr"], group["weight_decay"])

    def _change(self, kernel: nn.Parameter, rate: float, weight_decay: float) -> None:
        gradient = kernel.grad
        if gradient is None:
            return
        state = self.state[kernel]
        momentum = state.setdefault("momentum_buffer", torch.zeros_like(gradient))
        momentum.lerp_(gradient, 1 - _MUON_MOMENTUM)
        matrix = gradient.lerp(momentum, _MUON_MOMENTUM).flatten(1)
        scale = max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
        kernel.mul_(1 - rate * weight_decay)
        kernel.add_(orthogonalised(matrix).view_as(kernel), alpha=-rate * scale)


@dataclass(frozen=True, eq=False)
class Optimizers:
    """All that changes the weights of a network, each parameter by one of them."""

    each: tuple[Optimizer, ...]

    @staticmethod
    def of(module: nn.Module, recipe: Recipe) -> Optimizers:
        """Make the optimizers of a recipe for the parameters of a module."""
        dense = _dense_kernels(module) if recipe.muon_learning_rate else []
        rest = [one for one in module.parameters() if not any(one is kernel for kernel in dense)]
        found = [_first(rest, recipe)] if rest else []
        if dense:
            found.append(Muon(dense, recipe.muon_learning_rate, recipe.weight_decay))
        for optimizer in found:
            for group in optimizer.param_groups:
                group["peak"] = group["lr"]
        return Optimizers(tuple(found))

    def descend(self, loss: Tensor, share: float) -> None:
        """Take a step down the gradients of a loss, at a share of the peak of the learning rates."""
        for optimizer in self.each:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * share
            optimizer.zero_grad()
        torch.autograd.backward(loss)
        for optimizer in self.each:
            optimizer.step()

    def tensors(self) -> dict[str, Tensor]:
        """Return what the optimizers remember, which `load` takes."""
        return {
            f"{number}.{parameter}.{name}": value
            for number, optimizer in enumerate(self.each)
            for parameter, state in optimizer.state_dict()["state"].items()
            for name, value in state.items()
        }

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Remember what `tensors` returned."""
        for number, optimizer in enumerate(self.each):
            state: dict[int, dict[str, Any]] = {}
            for key, value in tensors.items():
                owner, parameter, name = key.split(".")
                if int(owner) == number:
                    state.setdefault(int(parameter), {})[name] = value.clone()
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def _first(parameters: list[nn.Parameter], recipe: Recipe) -> Optimizer:
    """Return SGD or AdamW, with decay of all parameters or of those that are no biases and belong to no norm."""
    groups: list[dict[str, Any]] = [{"params": parameters, "weight_decay": recipe.weight_decay}]
    if recipe.weight_decay_on == "kernels":
        kernels, others = (
            [one for one in parameters if (one.ndim > 1) is is_kernel] for is_kernel in (True, False)
        )
        groups = [
            {"params": kernels, "weight_decay": recipe.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
    if recipe.optimizer == "adamw":
        return AdamW(groups, lr=recipe.learning_rate, betas=(recipe.momentum, 0.999))
    is_nesterov = recipe.nesterov and recipe.momentum > 0
    return SGD(groups, lr=recipe.learning_rate, momentum=recipe.momentum, nesterov=is_nesterov)


def _dense_kernels(module: nn.Module) -> list[nn.Parameter]:
    kernels = [layer.weight for layer in module.modules() if isinstance(layer, _ConvNd) and layer.groups == 1]
    return [kernel for kernel in kernels if isinstance(kernel, nn.Parameter)]
