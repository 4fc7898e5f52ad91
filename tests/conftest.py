"""What all tests share: one thread for torch."""

from __future__ import annotations

import torch

# Tiny networks gain nothing from more, and test processes beside each other lose much.
torch.set_num_threads(1)
