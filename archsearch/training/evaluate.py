"""The evaluation images through a network, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from archsearch.training.feed import Feed
from archsearch.training.mixing import Labelled, Normalisation

if TYPE_CHECKING:
    from archsearch.training.device import Device


def evaluate(
    module: nn.Module,
    feed: Feed,
    normalise: Normalisation,
    device: Device,
    batch_size: int,
    take: Callable[[Labelled, Tensor], None],
) -> None:
    """Hand the evaluation images of a feed, in their order, and their logits to `take`, a batch at a time."""
    module.eval()
    with (
        closing(feed.evaluation(batch_size)) as stream,
        torch.inference_mode(),
        # Compiled again for other sizes of batches, it would take longer than it saves.
        torch.compiler.set_stance("force_eager"),
    ):
        for pixels, labels in stream:
            batch = Labelled(normalise(pixels), labels)
            take(batch, device.logits(module, batch.images))
