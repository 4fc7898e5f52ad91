"""A torch module as the list of torch's own operations that it computes, which can be run step by step."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor, fx, nn
from torch.export.graph_signature import InputKind

from archsearch.errors import TraceError
from archsearch.ops import shape_text

if TYPE_CHECKING:
    from torch.export import ExportedProgram

    from archsearch.ops import Shape

Call: TypeAlias = Callable[[fx.Node, tuple[Any, ...], dict[str, Any]], Any]
"""Computes one step, given what its arguments hold."""


@dataclass(frozen=True)
class Program:
    """The operations of a module in eval mode, for one image: `steps` of torch.fx, none of which changes a tensor in place.

    `values` holds, by the name of its step, every parameter, buffer and constant; `parameters` names the parameters
    among them as the module does. `image` is the name of the step that stands for the input.
    """

    steps: tuple[fx.Node, ...]
    values: Mapping[str, Tensor]
    parameters: Mapping[str, str]
    image: str
    input_shape: Shape

    @staticmethod
    def of(module: nn.Module, input_shape: Shape) -> Program:
        """Trace a module with `torch.export`; `input_shape` has no batch, which is 1.

        Raises TraceError for a module that fails on such an input, and for one whose operations depend on the values
        in it.
        """
        with _evaluating(module), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exported = _export(module, input_shape)
        values, parameters, image = {}, {}, ""
        for spec in exported.graph_signature.input_specs:
            name = spec.arg.name
            if spec.kind is InputKind.USER_INPUT:
                image = name
            elif spec.kind is InputKind.CONSTANT_TENSOR:
                values[name] = exported.constants[spec.target]
            elif spec.kind is InputKind.PARAMETER:
                values[name], parameters[name] = module.get_parameter(spec.target), spec.target
            else:
                values[name] = module.get_buffer(spec.target)
        return Program(tuple(exported.graph.nodes), values, parameters, image, input_shape)

    def run(self, image: Tensor, until: str, call: Call | None = None) -> Tensor:
        """Compute the step named `until` for a batch of one image, every number in the image's own precision.

        `call` computes a step in place of torch.
        """
        call = call or (lambda step, args, kwargs: step.target(*args, **kwargs))
        last_reader = {read: step for step in self.steps for read in step.all_input_nodes}
        alive: dict[fx.Node, Any] = {}
        for step in self.steps:
            if step.op == "placeholder":
                alive[step] = _cast(image if step.name == self.image else self.values[step.name], image.dtype)
            else:
                args, kwargs = fx.map_arg((step.args, step.kwargs), alive.__getitem__)
                alive[step] = _cast(call(step, args, kwargs), image.dtype)
            if step.name == until:
                return alive[step]
            for read in step.all_input_nodes:
                if last_reader[read] is step:
                    del alive[read]
        raise KeyError(until)


def _cast(value: Any, dtype: torch.dtype) -> Any:
    return value.to(dtype) if isinstance(value, Tensor) and value.is_floating_point() else value


def _export(module: nn.Module, input_shape: Shape) -> ExportedProgram:
    parameter = next(module.parameters(), None)
    image = torch.zeros(1, *input_shape, device=parameter.device if parameter is not None else None)
    shape = shape_text((1, *input_shape))
    try:
        exported = torch.export.export(module, (image,), strict=False)
    # Whatever the code of a foreign module raises is told to the user.
    except Exception as error:  # noqa: BLE001
        name = type(module).__name__
        try:
            module(image)
        except Exception as failure:  # noqa: BLE001
            raise TraceError(f"{name} fails on an input of {shape}: {_first_line(failure)}") from None
        raise TraceError(
            f"{name} cannot be traced: {_first_line(error)}",
            remedy="what it computes must not depend on the values in the image: no `if` on a tensor, no .item()",
        ) from None
    mutable = any(
        getattr(getattr(step.target, "_schema", None), "is_mutable", False) for step in exported.graph.nodes
    )
    return exported.run_decompositions({}) if mutable else exported


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Put a module into eval mode for a while, with attention written out; leave all as it was."""
    training = [part for part in module.modules() if part.training]
    fused = torch.backends.mha.get_fastpath_enabled()
    module.eval()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        for part in training:
            part.training = True
