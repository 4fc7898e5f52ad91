"""What is said where a module fails or cannot be traced: what was raised, on which line, and what to do."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path
from traceback import extract_tb

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import DataDependentOutputException
from torch.func import functional_call
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

from archsearch.errors import TraceError
from archsearch.graph.inputs import Inputs
from archsearch.pytorch.inputs import Arguments, takes

INDEPENDENT = "no `if` or loop on a tensor, no .item(), no mask as an index; or analyse the part that has none"
"""The remedy where a module's operations depend on the values in the image."""


def fails(module: nn.Module, inputs: Inputs, failure: Exception, remedy: str | None = None) -> TraceError:
    """Return an error for a module that fails on its inputs: what was raised, and on which line of the user's."""
    shapes = ", ".join(str(replace(one, shape=(1, *one.shape))) for one in inputs.tensors)
    message = f"{type(module).__name__} fails on an input of {shapes}: {_first_line(failure)}"
    return TraceError(message, place=_line_of(failure), remedy=remedy)


def failure_of(module: nn.Module, arguments: Arguments) -> Exception | None:
    """Run a module without changing its buffers; return what it raises."""
    buffers = {name: one.clone() for name, one in module.named_buffers()}
    try:
        functional_call(module, buffers, arguments.args, arguments.kwargs)
    except Exception as failure:  # noqa: BLE001
        return failure
    return None


def remedy_for(module: nn.Module, inputs: Inputs) -> str | None:
    """Say that inputs are of whole numbers if the module runs with these, or that it looks for a key in one."""
    for number, tensor in enumerate(inputs.tensors):
        whole = replace(tensor, dtype="int")
        changed = Inputs((*inputs.tensors[:number], whole, *inputs.tensors[number + 1 :]))
        if tensor.dtype == "float" and failure_of(module, Arguments.of(module, changed)) is None:
            return f"this input holds whole numbers: write --input {whole}"
    given = Arguments.of(module, inputs)
    for number, name in enumerate(takes(module)):
        if number < len(given.args) and isinstance(given.args[number], Tensor):
            args = (*given.args[:number], {}, *given.args[number + 1 :])
            if isinstance(missing := failure_of(module, replace(given, args=args)), KeyError):
                key = missing.args[0]
                return f"`{name}` is a dict here: write --input {name}.{key}=SHAPE, and so for each of its tensors"
    return None


def untraceable(name: str, error: Exception) -> TraceError:
    """Return an error for a module that runs, but that `torch.export` cannot trace."""
    returned = re.match(r"Found <class '(?:.*\.)?(.+)'> in output", str(error))
    if returned:
        message = f"{name} returns a {returned[1]}, which is no tensor and no tuple, list or dict of tensors"
        return TraceError(message, remedy="return its tensors, or analyse a module that calls this one and does")
    if "FakeTensor" in str(error) and _frames_in(error, Path("nn", "modules", "rnn.py")):
        # What torch takes from a packed sequence as the size of its batch is a tensor.
        reason, remedy = (
            "how long a packed sequence is depends on values",
            "leave out packing: one image needs none",
        )
    elif isinstance(error, GuardOnDataDependentSymNode | DataDependentOutputException):
        reason, remedy = "which operations it computes depends on the values in the image", INDEPENDENT
    else:
        reason, remedy = _first_line(error), "analyse the part of it that torch.export can trace"
    return TraceError(f"{name} cannot be traced: {reason}", place=_line_of(error), remedy=remedy)


def _frames_in(error: Exception, file: Path) -> bool:
    return any(frame.filename.endswith(str(file)) for frame in extract_tb(error.__traceback__))


def _line_of(error: Exception) -> str | None:
    """Return the line of the user's code that an error comes from: the last one outside Python, torch and us."""
    frames = [frame for frame in extract_tb(error.__traceback__) if _is_users(Path(frame.filename))]
    return f"{frames[-1].filename}, line {frames[-1].lineno}: {frames[-1].line}" if frames else None


def _is_users(path: Path) -> bool:
    own = (Path(torch.__file__).parent, Path(__file__).parents[1])
    is_library = path.is_relative_to(Path(logging.__file__).parents[1]) and "site-packages" not in path.parts
    return not is_library and not any(path.is_relative_to(folder) for folder in own)


def _first_line(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no {error}"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
