"""The elementwise functions by torch's names: what each counts as, and which of them a word may lower to."""

from __future__ import annotations

ARITHMETIC = frozenset({"add", "addcdiv", "addcmul", "div", "lerp", "mul", "rsub", "sub"})
"""Sums and products of tensors."""

ACTIVATIONS = frozenset({
    "abs", "atan", "ceil", "celu", "clamp", "clamp_max", "clamp_min", "cos", "elu", "eq", "erf", "exp", "expm1",
    "floor", "ge", "gelu", "gt", "hardsigmoid", "hardswish", "hardtanh", "le", "leaky_relu", "log", "log1p",
    "log_sigmoid", "logical_and", "logical_not", "logical_or", "lt", "masked_fill", "maximum", "minimum", "mish",
    "ne", "neg", "pow", "prelu", "reciprocal", "relu", "relu6", "remainder", "round", "rrelu", "rsqrt", "selu",
    "sigmoid", "sign", "silu", "sin", "softplus", "softsign", "sqrt", "square", "tan", "tanh", "threshold",
    "where",
})  # fmt: skip
"""The functions that count as activations, comparisons and roundings among them; so does any name not listed."""

BUILDABLE = frozenset({
    "add", "elu", "gelu", "hardsigmoid", "hardswish", "leaky_relu", "mish", "mul", "relu", "relu6", "sigmoid",
    "silu", "tanh",
})  # fmt: skip
"""The functions that a torch layer is built of, without arguments; the others occur only in traced modules."""
