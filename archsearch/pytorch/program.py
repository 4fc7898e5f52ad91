"""A torch module as the list of torch's own operations that it computes, which can be run step by step."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor, fx, nn
from torch._subclasses.fake_tensor import DataDependentOutputException
from torch.export.graph_signature import InputKind
from torch.func import functional_call
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode
from torch.utils._pytree import tree_flatten_with_path, tree_unflatten

from archsearch.errors import TraceError
from archsearch.graph.inputs import Inputs
from archsearch.pytorch.inputs import Arguments, check_traceable, copied, is_lazy
from archsearch.pytorch.lowering.computing import COMPUTING
from archsearch.pytorch.lowering.known import KNOWN
from archsearch.pytorch.map_sizes import whole_maps

if TYPE_CHECKING:
    from torch.export import ExportedProgram

    from archsearch.graph.inputs import GivenInputs
    from archsearch.graph.shapes import Shape

INDEPENDENT = "no `if` or loop on a tensor, no .item(), no mask as an index; or analyse the part that has none"
"""The remedy where a module's operations depend on the values in the image."""

StepValue: TypeAlias = Any
"""What a step reads or computes: a tensor, a number, a tuple or list of them."""

Call: TypeAlias = Callable[[fx.Node, tuple[StepValue, ...], dict[str, StepValue]], StepValue]
"""Computes one step, given the values of its arguments."""


@dataclass(frozen=True)
class Program:
    """The operations of a module in eval mode, for one image.

    `steps` are torch.fx's, none of which changes a tensor in place. `values` holds, by the name of its step, every
    parameter, buffer and constant; `parameters` has the module's own names of the parameters among them. `image`
    names the step that is the first input; `others` has the steps of further ones, with the names that `forward`
    has for them, and `values` an example of each. `outputs` has the step of each tensor that is returned, by its
    place: `output` for a single one, `0` in a tuple, `out` in a dict, `features.0` in a tuple in a dict.
    """

    steps: tuple[fx.Node, ...]
    values: Mapping[str, Tensor]
    parameters: Mapping[str, str]
    image: str
    outputs: Mapping[str, str]
    input_shape: Shape
    others: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(module: nn.Module, given: GivenInputs) -> Program:
        """Trace a module with `torch.export` for a batch of one; shapes of inputs are without the batch.

        Raises TraceError for a module that fails on such inputs, and for one whose operations depend on the values
        in them.
        """
        inputs = Inputs.of(given)
        arguments = Arguments.of(module, inputs)
        # torch prints what it could not trace; the error that is raised says so too.
        quiet = io.StringIO()
        with evaluating(module), warnings.catch_warnings(), redirect_stdout(quiet), redirect_stderr(quiet):
            warnings.simplefilter("ignore")
            exported = _export(module, inputs, arguments)
        values, parameters, image, others = {}, {}, "", {}
        tensors = dict(zip(exported.graph_signature.user_inputs, _given(exported, arguments), strict=True))
        for spec in exported.graph_signature.input_specs:
            name = spec.arg.name
            if spec.kind is InputKind.USER_INPUT:
                own, value = tensors[name]
                if own == inputs.image.name:
                    image = name
                else:
                    values[name], others[name] = value, str(own)
            elif spec.kind is InputKind.CONSTANT_TENSOR:
                values[name] = exported.constants[spec.target]
            elif spec.kind is InputKind.PARAMETER:
                values[name], parameters[name] = module.get_parameter(spec.target), spec.target
            else:
                values[name] = module.get_buffer(spec.target)
        # Assertions about tensors have no result that anything reads.
        steps = tuple(step for step in exported.graph.nodes if step.op != "call_function" or step.users)
        return Program(steps, values, parameters, image, _outputs(exported), inputs.image.shape, others)

    def run(self, image: Tensor, until: str, call: Call | None = None) -> Tensor:
        """Compute the step named `until` for a batch of one image, in the image's own precision throughout.

        `call` computes each step in place of torch.
        """
        call = call or _called
        last_reader = {read: step for step in self.steps for read in step.all_input_nodes}
        alive: dict[fx.Node, StepValue] = {}
        for step in self.steps:
            if step.op == "placeholder":
                alive[step] = _cast(image if step.name == self.image else self.values[step.name], image.dtype)
            else:
                args, kwargs = fx.map_arg((step.args, step.kwargs), alive.__getitem__)
                if "upsample_nearest" in name_of(step):
                    # Rounding to the nearest position depends on the precision that the module runs in.
                    args = tuple(_cast(value, torch.float32) for value in args)
                alive[step] = _cast(call(step, args, kwargs), image.dtype)
            if step.name == until:
                found: Tensor = alive[step]
                return found
            for read in step.all_input_nodes:
                if last_reader[read] is step:
                    del alive[read]
        raise KeyError(until)


def _called(step: fx.Node, args: tuple[StepValue, ...], kwargs: dict[str, StepValue]) -> StepValue:
    assert callable(step.target)
    return step.target(*args, **kwargs)


def name_of(step: fx.Node) -> str:
    """Name what a step computes: `conv2d` for both `aten.conv2d.default` and `aten.conv2d.padding`."""
    packet = getattr(step.target, "overloadpacket", None)
    return getattr(step.target, "__name__", "") if packet is None else str(packet).rpartition(".")[2]


def arguments_of(
    step: fx.Node, args: Sequence[StepValue], kwargs: Mapping[str, StepValue]
) -> dict[str, StepValue]:
    """Return a step's arguments by torch's names and in torch's order, with the defaults of those not given."""
    expected = getattr(step.target, "_schema").arguments  # noqa: B009
    defaults = {one.name: one.default_value for one in expected}
    return defaults | dict(zip(defaults, args, strict=False)) | dict(kwargs)


def _cast(value: StepValue, dtype: torch.dtype) -> StepValue:
    return value.to(dtype) if isinstance(value, Tensor) and value.is_floating_point() else value


def ready(module: nn.Module, given: GivenInputs) -> nn.Module:
    """Return a module that can be traced: itself, or if it has lazy layers a copy that was run once.

    Raises TraceError for one that was scripted or quantised, and for one with lazy layers that fails.
    """
    check_traceable(module)
    if not is_lazy(module):
        return module
    copy = copied(module)
    inputs = Inputs.of(given)
    arguments = Arguments.of(copy, inputs)
    with evaluating(copy), torch.no_grad(), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            copy(*arguments.args, **arguments.kwargs)
        # Whatever the code of a foreign module raises is reported.
        except Exception as error:  # noqa: BLE001
            raise _fails(copy, inputs, error) from None
    return copy


def _given(exported: ExportedProgram, arguments: Arguments) -> list[tuple[str | None, Tensor]]:
    """Return the name and the example value of each input, in the order of the exported program."""
    args, kwargs = tree_unflatten(exported.graph_signature.user_inputs, exported.call_spec.in_spec)
    positional = zip(arguments.names[: len(args)], arguments.args, strict=True)
    return [*positional, *((name, arguments.kwargs[name]) for name in kwargs)]


def _fails(module: nn.Module, inputs: Inputs, failure: Exception, remedy: str | None = None) -> TraceError:
    shapes = ", ".join(str(replace(one, shape=(1, *one.shape))) for one in inputs.tensors)
    message = f"{type(module).__name__} fails on an input of {shapes}: {_first_line(failure)}"
    return TraceError(message, place=_line_of(failure), remedy=remedy)


def _export(module: nn.Module, inputs: Inputs, arguments: Arguments) -> ExportedProgram:
    name = type(module).__name__
    try:
        with whole_maps(module):
            exported = torch.export.export(module, arguments.args, arguments.kwargs, strict=False)
    # Whatever the code of a foreign module raises is reported.
    except Exception as error:  # noqa: BLE001
        if failure := _failure(module, arguments):
            raise _fails(module, inputs, failure, _remedy(module, inputs)) from None
        raise _untraceable(name, error) from None
    for step in exported.graph.nodes:
        _make_functional(step)
    # Composite operations become known ones, and operations still in place become functions.
    plain = all(_is_plain(step) for step in exported.graph.nodes if step.op == "call_function")
    exported = exported if plain else exported.run_decompositions({})
    for step in exported.graph.nodes:
        # By another kernel, as in double precision, a tensor may lie otherwise in memory, and have no such view.
        if step.target in {torch.ops.aten.view.default, torch.ops.aten._unsafe_view.default}:
            step.target = torch.ops.aten.reshape.default
    return exported


def _failure(module: nn.Module, arguments: Arguments) -> Exception | None:
    """Run a module without changing its buffers; return what it raises."""
    buffers = {name: one.clone() for name, one in module.named_buffers()}
    try:
        functional_call(module, buffers, arguments.args, arguments.kwargs)
    except Exception as failure:  # noqa: BLE001
        return failure
    return None


def _remedy(module: nn.Module, inputs: Inputs) -> str | None:
    """Say that inputs are of whole numbers if the module runs with these."""
    for number, tensor in enumerate(inputs.tensors):
        whole = replace(tensor, dtype="int")
        changed = Inputs((*inputs.tensors[:number], whole, *inputs.tensors[number + 1 :]))
        if tensor.dtype == "float" and _failure(module, Arguments.of(module, changed)) is None:
            return f"this input holds whole numbers: write --input {whole}"
    return None


def _outputs(exported: ExportedProgram) -> dict[str, str]:
    """Return the step of each tensor that is returned, by its place in what is returned."""
    returned = tree_unflatten(exported.graph_signature.user_outputs, exported.call_spec.out_spec)
    steps = {argument.name for argument in exported.graph.output_node().all_input_nodes}
    places, _form = tree_flatten_with_path(returned)
    found = {".".join(map(_key, path)) or "output": step for path, step in places}
    return {name: step for name, step in found.items() if isinstance(step, str) and step in steps}


def _key(entry: object) -> str:
    """Write one key of a place: of a dict, its key; of a tuple or list, the number; else the name of the field."""
    return str(next(getattr(entry, name) for name in ("key", "idx", "name") if hasattr(entry, name)))


def _untraceable(name: str, error: Exception) -> TraceError:
    if isinstance(error, GuardOnDataDependentSymNode | DataDependentOutputException):
        message = f"{name} cannot be traced: which operations it computes depends on the values in the image"
        return TraceError(message, place=_line_of(error), remedy=INDEPENDENT)
    return TraceError(f"{name} cannot be traced: {_first_line(error)}", place=_line_of(error))


def _line_of(error: Exception) -> str | None:
    """Return the line of the user's code that an error comes from: the last one outside Python, torch and us."""
    frames = [frame for frame in extract_tb(error.__traceback__) if _is_users(Path(frame.filename))]
    return f"{frames[-1].filename}, line {frames[-1].lineno}: {frames[-1].line}" if frames else None


def _is_users(path: Path) -> bool:
    own = (Path(torch.__file__).parent, Path(__file__).parents[1])
    is_library = path.is_relative_to(Path(logging.__file__).parents[1]) and "site-packages" not in path.parts
    return not is_library and not any(path.is_relative_to(folder) for folder in own)


def _make_functional(step: fx.Node) -> None:
    """Make a step out-of-place if it changes a new tensor that nothing else reads.

    Decomposition does this for every step, but takes most of the time of tracing; often nothing else is needed.
    """
    if not _is_mutable(step) or not step.args or not isinstance(step.args[0], fx.Node):
        return
    changed, name = step.args[0], name_of(step).removesuffix("_")
    packet = getattr(torch.ops.aten, name, None)
    overload = getattr(packet, getattr(step.target, "_overloadname", ""), None)
    is_new = name_of(changed) in COMPUTING and not _is_mutable(changed)
    if overload is not None and is_new and len(changed.users) == 1:
        step.target = overload


def _is_mutable(step: fx.Node) -> bool:
    return bool(getattr(getattr(step.target, "_schema", None), "is_mutable", False))


def _is_plain(step: fx.Node) -> bool:
    return not _is_mutable(step) and (name_of(step) in KNOWN or name_of(step) == "getitem" or not step.users)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Keep a module in eval mode, with attention not fused and torch's log silent; restore everything after."""
    training = [part for part in module.modules() if part.training]
    fused, silenced = torch.backends.mha.get_fastpath_enabled(), logging.root.manager.disable
    module.eval()
    torch.backends.mha.set_fastpath_enabled(False)
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(silenced)
        torch.backends.mha.set_fastpath_enabled(fused)
        for part in training:
            part.training = True
