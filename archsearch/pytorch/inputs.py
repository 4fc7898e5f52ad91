"""A module made ready to be traced, and the tensors that it is traced with."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from archsearch.errors import TraceError, suggest
from archsearch.graph.inputs import DTYPES, Inputs

if TYPE_CHECKING:
    from archsearch.graph.inputs import InputTensor

_UNINITIALIZED = (UninitializedParameter, UninitializedBuffer)
_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_QUANTISED = re.compile(r"torch\.(ao\.)?nn\.(intrinsic\.)?quantized\b")


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call of a module for a batch of one; `names` says which input each of `args` is.

    An argument is a tensor, or a dict or list of those whose names have a dot. `tensors` has all by their names.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    names: tuple[str | None, ...]
    tensors: Mapping[str | None, Tensor]

    @staticmethod
    def of(module: nn.Module, inputs: Inputs) -> Arguments:
        """Return zeros for the image and ones or (of whole numbers) zeros for all else, beside the parameters.

        Raises TraceError for inputs that `forward` does not take, and for those that there is no memory for.
        """
        tensors = [*chain(module.parameters(), module.buffers())]
        floats = next((one for one in tensors if one.is_floating_point()), None)
        like = (
            torch.empty(0)
            if not tensors
            else floats
            if floats is not None
            else torch.empty(0).to(tensors[0].device)
        )
        made = {tensor.name: _tensor(tensor, like, is_image=not n) for n, tensor in enumerate(inputs.tensors)}
        _check_names(module, inputs)
        if inputs.image.name is None:
            return Arguments((made[None],), {}, (None,), made)
        given = _nested({name: tensor for name, tensor in made.items() if name is not None})
        before = []
        for parameter in takes(module).values():
            if parameter.name not in given or parameter.kind not in _BY_POSITION:
                break
            before.append(parameter.name)
        rest = {name: value for name, value in given.items() if name not in before}
        return Arguments(tuple(given[name] for name in before), rest, tuple(before), made)


def _nested(named: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments by name: of `batch.image` and `batch.mask` a dict, of `maps.0` and `maps.1` a list."""
    found: dict[str, Any] = {}
    for name, tensor in named.items():
        first, dot, rest = name.partition(".")
        if dot:
            found.setdefault(first, {})[rest] = tensor
        else:
            found[first] = tensor
    for first, parts in found.items():
        if isinstance(parts, dict):
            inner = _nested(parts)
            found[first] = _listed(first, inner) if all(map(str.isdigit, inner)) else inner
    return found


def _listed(name: str, numbered: Mapping[str, Any]) -> list[Any]:
    """Return the items of a list in its order; raises TraceError unless they are numbered from 0."""
    numbers = [str(number) for number in range(len(numbered))]
    if set(numbers) != set(numbered):
        message = f"the tensors in the list `{name}` are numbered {', '.join(numbered)}"
        raise TraceError(message, remedy=f"number them from 0: {', '.join(f'{name}.{n}' for n in numbers)}")
    return [numbered[number] for number in numbers]


def _tensor(tensor: InputTensor, like: Tensor, *, is_image: bool) -> Tensor:
    name = DTYPES[tensor.dtype]
    dtype = like.dtype if name is None else getattr(torch, name)
    is_whole = not (dtype.is_floating_point or dtype is torch.bool)
    fill = torch.zeros if is_image or is_whole else torch.ones
    try:
        return fill(1, *tensor.shape, dtype=dtype, device=like.device)
    # What there is no memory for.
    except RuntimeError as error:
        message = f"an input of {tensor} cannot be made: {str(error).splitlines()[0]}"
        raise TraceError(message, remedy="write sizes such as 3x32x32, for which there is memory") from None


def takes(module: nn.Module) -> dict[str, inspect.Parameter]:
    """Return the parameters of a module's `forward` by name; none where Python does not know them."""
    try:
        return dict(inspect.signature(module.forward).parameters)
    except (TypeError, ValueError):
        return {}


def _check_names(module: nn.Module, inputs: Inputs) -> None:
    """Raise TraceError for an input that `forward` does not take, and where one that it needs is not given."""
    name, parameters = type(module).__name__, takes(module)
    kinds = {parameter.kind for parameter in parameters.values()}
    variable = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    own = {one: parameter for one, parameter in parameters.items() if parameter.kind not in variable}
    given = [tensor.name.partition(".")[0] for tensor in inputs.tensors if tensor.name is not None]
    for one in given:
        if one not in own and inspect.Parameter.VAR_KEYWORD not in kinds:
            remedy = suggest(one, own) if own else "give one shape, without a name"
            raise TraceError(f"{name} takes no input `{one}`", remedy=remedy)
    needed = [one for one, parameter in own.items() if parameter.default is parameter.empty]
    lacking = [one for one in needed if one not in given] if given else needed[1:]
    if lacking:
        lacks = ", ".join(f"`{one}`" for one in lacking)
        shapes = " ".join(f"--input {one}={'3x32x32' if one == needed[0] else 'SHAPE'}" for one in needed)
        message = f"{name} takes {len(needed)} inputs, and the shape of {lacks} is not given"
        raise TraceError(message, remedy=f"name each with its shape without the batch, the image first: {shapes}")


def check_traceable(module: nn.Module) -> None:
    """Raise TraceError for a module with parts that were compiled or quantised, whose operations are hidden."""
    name = type(module).__name__
    for path, part in module.named_modules():
        where = f" (`{path}`)" if path else ""
        if isinstance(part, torch.jit.ScriptModule):
            message = f"{name} was scripted or traced by torch.jit{where}, and its operations are hidden"
            raise TraceError(message, remedy="analyse it before torch.jit.script or torch.jit.trace")
        own = [*part.parameters(recurse=False), *part.buffers(recurse=False)]
        if _QUANTISED.match(type(part).__module__) or any(one.is_quantized for one in own):
            message = f"{name} is quantised{where}, and its operations are hidden"
            remedy = "analyse it before it is quantised: it has the same receptive field, parameters and MACs"
            raise TraceError(message, remedy=remedy)


def is_lazy(module: nn.Module) -> bool:
    """Whether some layers do not know their sizes before they are run."""
    return any(isinstance(one, _UNINITIALIZED) for one in chain(module.parameters(), module.buffers()))


def copied(module: nn.Module) -> nn.Module:
    """Return a copy of a module with lazy layers, to be run once in its place."""
    memo: dict[int, object] = {}
    for one in chain(module.parameters(), module.buffers()):
        if isinstance(one, _UNINITIALIZED):
            # torch copies all but these.
            make: Any = type(one)
            memo[id(one)] = make(one.requires_grad, device=one.device, dtype=one.dtype)
    return copy.deepcopy(module, memo)
