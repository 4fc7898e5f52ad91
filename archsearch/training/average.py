"""The moving average of a network's weights and of the statistics of its norms."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from itertools import chain

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

_STEPS, _MODULE = "n_averaged", "module."


class Average:
    """A copy of a module that follows it: after the first step it is the same, later it keeps a share `decay`.

    Torch's own AveragedModel asks the device at each step whether it is the first, and the host waits for a GPU.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module, self._decay, self._steps = deepcopy(module), decay, 0

    @torch.no_grad()
    def follow(self, module: nn.Module) -> None:
        """Move weights and statistics towards those of the module; whole numbers, which count, are taken over."""
        pairs = [*zip(_tensors(self.module), _tensors(module), strict=True)]
        if numbers := [pair for pair in pairs if pair[0].is_floating_point()]:
            own, its = map(list, zip(*numbers, strict=True))
            move = get_ema_multi_avg_fn(self._decay if self._steps else 0.0)  # type: ignore[no-untyped-call]
            move(own, its, None)
        for count, its_count in pairs:
            if not count.is_floating_point():
                count.copy_(its_count)
        self._steps += 1

    def tensors(self) -> dict[str, Tensor]:
        """Return all that changes, which `load` takes, by the names that AveragedModel gives them."""
        named = {f"{_MODULE}{name}": tensor for name, tensor in self.module.state_dict().items()}
        return {_STEPS: torch.tensor(self._steps), **named}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what `tensors` returned."""
        named = {name.removeprefix(_MODULE): tensor for name, tensor in tensors.items() if name != _STEPS}
        self.module.load_state_dict(named)
        self._steps = int(tensors[_STEPS])


def _tensors(module: nn.Module) -> chain[Tensor]:
    return chain(module.parameters(), module.buffers())
