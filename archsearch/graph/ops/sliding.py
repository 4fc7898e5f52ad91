"""What convolutions and pooling share: a kernel, a stride and so on for each axis of the map."""

from __future__ import annotations

from collections.abc import Mapping

from archsearch.errors import ShapeError
from archsearch.graph.shapes import Sizes, shape_text

_LEAST: Mapping[str, int] = {"kernel": 1, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}


def check_window(kernel: Sizes, **window: Sizes) -> None:
    """Raise ShapeError unless there is a kernel, a stride and so on for each axis, each large enough."""
    axes = len(kernel)
    for name, sizes in {"kernel": kernel, **window}.items():
        least = _LEAST[name]
        if len(sizes) != axes or min(sizes) < least:
            message = f"{name} is {shape_text(sizes)}; for each of {axes} axes it must be at least {least}"
            raise ShapeError(message, remedy=f"as in {name}={(least,) * axes}")


def check_output_padding(output_padding: Sizes, stride: Sizes, dilation: Sizes) -> None:
    """Raise ShapeError unless a transposed convolution may add so many units along each axis."""
    for added, *steps in zip(output_padding, stride, dilation, strict=False):
        if added >= max(steps):
            message = f"output_padding is {added}; torch allows less than stride {steps[0]} or dilation {steps[1]}"
            raise ShapeError(message, remedy=f"write output_padding={max(steps) - 1} or less")


def described(name: str, kernel: Sizes, stride: Sizes, dilation: Sizes, groups: int = 1) -> str:
    """Write an operation with the sizes of its window, those left out that change nothing."""
    parts = [f"{name.replace('_', ' ')} {shape_text(kernel)}"]
    for word, sizes in (("stride", stride), ("dilation", dilation)):
        if any(size > 1 for size in sizes):
            parts.append(f"{word} {sizes[0] if len(set(sizes)) == 1 else shape_text(sizes)}")
    if groups > 1:
        parts.append(f"groups {groups}")
    return ", ".join(parts)
