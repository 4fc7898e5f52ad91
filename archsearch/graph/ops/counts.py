"""What an operation computes for one image, in numbers.

A MAC is one multiply-accumulate of a convolution, a linear layer or a matrix product, those in the steps of a
recurrent layer among them. Everything else is counted apart, in elements: those that a norm, an activation
(softmax too) or a sum or product of tensors gives, the additions of a bias, and the positions that pooling windows
cover or that a mean or other reduction reads. Moving, padding and interpolating elements is not counted. Products
that einsum sums over a letter of one operand only are counted one by one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """What one operation computes for one image; this module says what each number counts."""

    macs: int = 0
    bias_ops: int = 0
    norm_ops: int = 0
    activation_ops: int = 0
    arithmetic_ops: int = 0
    pooling_ops: int = 0


NOTHING = Counts()
"""Nothing is computed."""
