"""Pooling whose window is as large as its map whatever that is, as in `avg_pool2d(x, x.shape[2:])`.

A traced program holds the size of the window, not where it came from: that is seen while the module runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_READ_SIZES = {torch.Tensor.shape.__get__, torch.Tensor.size}  # type: ignore[attr-defined]
_ARGUMENTS = {
    "avg": ("input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"),
    "max": ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices"),
}
_POOLS = {f"{mode}_pool{axes}d": (mode, axes) for mode in _ARGUMENTS for axes in (1, 2, 3)}
_PLAIN = {"padding": 0, "dilation": 1, "divisor_override": None, "return_indices": False}
"""Arguments with which a window of the map's size takes the whole map, and nothing else is asked for."""


class MapSize(int):
    """A size that was read off a tensor; what is computed from it is a plain number again."""


@contextmanager
def whole_maps(module: nn.Module) -> Iterator[None]:
    """Switch WholeMaps on whenever a module runs.

    To trace it, torch calls a hundred times as many functions around it, each of which would take longer.
    """
    running: list[ExitStack] = []

    def begin(*_: object) -> None:
        running.append(ExitStack())
        running[-1].enter_context(WholeMaps())

    def end(*_: object) -> None:
        running.pop().close()

    with (
        module.register_forward_pre_hook(begin, prepend=True),
        module.register_forward_hook(end, always_call=True),
    ):
        yield


class WholeMaps(TorchFunctionMode):
    """While it is on, pooling with a window whose size is read off its map is adaptive pooling to one unit.

    Both compute the same.

    >>> with WholeMaps():
    ...     image = torch.ones(1, 1, 4, 4)
    ...     functional.avg_pool2d(image, image.shape[2:]).shape
    torch.Size([1, 1, 1, 1])
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        """Call a function of torch, and mark the sizes that it returns."""
        kwargs = kwargs or {}
        if (found := _POOLS.get(getattr(func, "__name__", ""))) is not None:
            mode, axes = found
            given = {**dict(zip(_ARGUMENTS[mode], args, strict=False)), **kwargs}
            if _takes_whole_map(given, axes):
                return getattr(functional, f"adaptive_{mode}_pool{axes}d")(given["input"], 1)
        value = func(*args, **kwargs)
        return _marked(value) if func in _READ_SIZES else value


def _takes_whole_map(given: Mapping[str, Any], axes: int) -> bool:
    image, kernel = given.get("input"), given.get("kernel_size")
    kernel = [kernel] * axes if isinstance(kernel, int) else kernel
    if not isinstance(image, Tensor) or not all(isinstance(size, MapSize) for size in kernel or (0,)):
        return False
    plain = all(_is(given[name], value) for name, value in _PLAIN.items() if name in given)
    return plain and tuple(kernel or ()) == tuple(image.shape[-axes:])


def _is(given: object, value: object) -> bool:
    return all(one == value for one in given) if isinstance(given, list | tuple) else given == value


def _marked(value: object) -> object:
    if isinstance(value, torch.Size):
        return torch.Size([_marked(size) for size in value])  # type: ignore[misc]
    return MapSize(value) if type(value) is int else value
