"""A torch module as the list of torch's own operations that it computes, which can be run step by step."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor, fx, nn
from torch.distributions import Distribution
from torch.export.graph_signature import InputKind
from torch.utils._pytree import tree_flatten_with_path, tree_unflatten

from archsearch.graph.inputs import Inputs
from archsearch.pytorch.failures import fails, failure_of, remedy_for, untraceable
from archsearch.pytorch.inputs import Arguments, check_traceable, copied, is_lazy
from archsearch.pytorch.lowering.computing import COMPUTING
from archsearch.pytorch.lowering.known import KNOWN
from archsearch.pytorch.map_sizes import whole_maps

if TYPE_CHECKING:
    from torch.export import ExportedProgram

    from archsearch.graph.inputs import GivenInputs
    from archsearch.graph.shapes import Shape

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
        names = _input_names(exported, arguments)
        for spec in exported.graph_signature.input_specs:
            name = spec.arg.name
            if spec.kind is InputKind.USER_INPUT:
                own = names[name]
                if own == inputs.image.name:
                    image = name
                else:
                    values[name], others[name] = arguments.tensors[own], str(own)
            elif spec.kind is InputKind.CONSTANT_TENSOR:
                values[name] = exported.constants[spec.target]
            elif spec.kind is InputKind.PARAMETER:
                values[name], parameters[name] = module.get_parameter(spec.target), spec.target
            else:
                values[name] = module.get_buffer(spec.target)
        # Assertions about tensors have no result that anything reads.
        steps = tuple(step for step in exported.graph.nodes if step.op != "call_function" or step.users)
        return Program(steps, values, parameters, image, _outputs(exported), inputs.image.shape, others)

    def needed(self, until: str) -> tuple[fx.Node, ...]:
        """Return the steps that the one named `until` is computed from, itself included."""
        found = {step for step in self.steps if step.name == until}
        for step in reversed(self.steps):
            found.update(step.all_input_nodes if step in found else ())
        return tuple(step for step in self.steps if step in found)

    def run(self, image: Tensor, until: str, call: Call | None = None) -> Tensor:
        """Compute the step named `until` for a batch of one image, in the image's own precision throughout.

        Only the steps that it needs are computed. `call` computes each step in place of torch.
        """
        call, steps = call or _called, self.needed(until)
        last_reader = {read: step for step in steps for read in step.all_input_nodes}
        alive: dict[fx.Node, StepValue] = {}
        for step in steps:
            if step.op == "placeholder":
                alive[step] = _cast(image if step.name == self.image else self.values[step.name], image.dtype)
            else:
                args, kwargs = fx.map_arg((step.args, step.kwargs), alive.__getitem__)
                if "upsample_nearest" in name_of(step):
                    # Rounding to the nearest position depends on the precision that the module runs in.
                    args = tuple(_cast(value, torch.float32) for value in args)
                alive[step] = _cast(call(step, args, kwargs), image.dtype)
            for read in step.all_input_nodes:
                if last_reader[read] is step:
                    del alive[read]
        found: Tensor = alive[steps[-1]]
        return found


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
            raise fails(copy, inputs, error) from None
    return copy


def _input_names(exported: ExportedProgram, arguments: Arguments) -> dict[str, str | None]:
    """Return the name of each input, by the step that holds it."""
    called = tree_unflatten(exported.graph_signature.user_inputs, exported.call_spec.in_spec)
    found = {}
    for path, step in tree_flatten_with_path(called)[0]:
        which, first, *rest = map(_key, path)
        own = arguments.names[int(first)] if which == "0" else first
        found[step] = ".".join([own, *rest]) if own else own
    return found


def _export(module: nn.Module, inputs: Inputs, arguments: Arguments) -> ExportedProgram:
    name = type(module).__name__
    try:
        with whole_maps(module):
            exported = torch.export.export(module, arguments.args, arguments.kwargs, strict=False)
    # Whatever the code of a foreign module raises is reported.
    except Exception as error:  # noqa: BLE001
        if failure := failure_of(module, arguments):
            raise fails(module, inputs, failure, remedy_for(module, inputs)) from None
        raise untraceable(name, error) from None
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


def _make_functional(step: fx.Node) -> None:
    """Make a step out-of-place if it changes a new tensor that nothing else reads, or if it is dropout.

    Decomposition does this for every step, but takes most of the time of tracing; often nothing else is needed.
    Dropout changes nothing in eval mode, and in no mode what an element depends on.
    """
    if not _is_mutable(step) or not step.args or not isinstance(step.args[0], fx.Node):
        return
    changed, name = step.args[0], name_of(step).removesuffix("_")
    packet = getattr(torch.ops.aten, name, None)
    overload = getattr(packet, getattr(step.target, "_overloadname", ""), None)
    is_new = name_of(changed) in COMPUTING and not _is_mutable(changed) and len(changed.users) == 1
    if overload is not None and (is_new or name.endswith("dropout")):
        step.target = overload


def _is_mutable(step: fx.Node) -> bool:
    return bool(getattr(getattr(step.target, "_schema", None), "is_mutable", False))


def _is_plain(step: fx.Node) -> bool:
    return not _is_mutable(step) and (name_of(step) in KNOWN or name_of(step) == "getitem" or not step.users)


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Keep a module in eval mode, with attention not fused and torch's log silent; restore everything after.

    Distributions are not checked: whether their parameters are valid depends on values.
    """
    training = [part for part in module.modules() if part.training]
    fused, silenced = torch.backends.mha.get_fastpath_enabled(), logging.root.manager.disable
    checked = Distribution._validate_args
    module.eval()
    torch.backends.mha.set_fastpath_enabled(False)
    Distribution.set_default_validate_args(False)
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(silenced)
        Distribution.set_default_validate_args(checked)
        torch.backends.mha.set_fastpath_enabled(fused)
        for part in training:
            part.training = True
