"""A torch module traced into the same graph that a sentence is lowered to."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, fx

from archsearch.errors import ShapeError, TraceError
from archsearch.graph.graph import Graph, Node, Output, Weight, depending
from archsearch.graph.inputs import Inputs
from archsearch.graph.ops.operation import Constant, Input, Operation, Unknown
from archsearch.pytorch.failures import INDEPENDENT
from archsearch.pytorch.lowering.aten_call import Argument, AtenCall, NodeNumbers, NotKnownError
from archsearch.pytorch.lowering.known import KNOWN
from archsearch.pytorch.lowering.products import PRODUCTS
from archsearch.pytorch.lowering.recurrent import RECURRENT
from archsearch.pytorch.program import Program, StepValue, arguments_of, name_of, ready

if TYPE_CHECKING:
    from torch import nn

    from archsearch.graph.inputs import GivenInputs
    from archsearch.graph.shapes import Shape


@dataclass(frozen=True)
class Traced:
    """A module's program, its graph, and, by a node's number, the step that computes the same tensor."""

    program: Program
    graph: Graph
    steps: Mapping[int, str]


def trace(module: nn.Module, given: GivenInputs) -> Traced:
    """Trace a module in eval mode for an input of channels and then a size for each axis, or of one size alone.

    The latter is a row without channels, such as the numbers of words: it has one axis. Of several inputs, each
    given by name, the first is that image. Operations that are not known are Unknown in the graph. Raises
    TraceError for a module that cannot be run or traced, and for one whose output does not depend on its input;
    ShapeError for an image that is a single number.
    """
    inputs = Inputs.of(given)
    if not inputs.image.shape:
        message = "input is a single number; it must be channels and a size for each axis"
        remedy = "as in (3, 32, 32), or (16,) for a row of 16 numbers; of several inputs the image comes first"
        raise ShapeError(message, remedy=remedy)
    module = ready(module, inputs)
    try:
        return _Tracer(Program.of(module, inputs), module).traced()
    except _DependsOnValuesError as error:
        message = f"{type(module).__name__} cannot be traced: {error} depends on the values in the image"
        raise TraceError(message, remedy=INDEPENDENT) from None


_VALUELESS = frozenset(
    {"new_zeros", "new_ones", "new_empty", "new_full", "zeros_like", "ones_like"}
    | {"empty_like", "full_like", "rand_like", "randn_like", "zero"}
)
"""Operations that read a tensor's shape only, not its values."""

_COSTLY = frozenset(
    {"conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "convolution"}
    | {"linear", "scaled_dot_product_attention"}
    | PRODUCTS.keys()
    | RECURRENT.keys()
)
"""Operations whose MACs count even where they read weights alone; their result is a constant to its readers."""


class _DependsOnValuesError(Exception):
    """Something depends on the values in the image, but is fixed when a module is traced; the text says what."""


class _Tracer:
    """Goes through a program once; `held` gives the node of each step's tensor that depends on the image."""

    def __init__(self, program: Program, module: nn.Module) -> None:
        self._program = program
        self._nodes = [Node(Input(program.input_shape), (), (1, *program.input_shape), path="", word="input")]
        self._held: dict[fx.Node, NodeNumbers] = {}
        self._weights: dict[fx.Node, frozenset[Weight]] = {}
        self._steps: dict[int, str] = {}
        self._outputs: list[Output] = []
        self._constants: dict[fx.Node, StepValue] = {}
        self._known: dict[int, Weight] = {}
        for name, parameter in module.named_parameters():
            self._known[id(parameter)] = Weight(name, parameter.numel(), parameter.requires_grad)

    def traced(self) -> Traced:
        for step in self._program.steps:
            if step.op == "placeholder":
                self._placeholder(step)
            elif step.op == "call_function":
                self._call(step)
            else:
                held = {one.name: self._held.get(one, ()) for one in step.all_input_nodes}
                returned = self._program.outputs.items()
                every = [Output(name, one) for name, read in returned for one in _numbers(held[read])]
                # Further inputs are no part of the image.
                of_image = depending(self._nodes, [0])
                self._outputs = [output for output in every if output.node in of_image]
        if not self._outputs and self._program.others:
            message = "the module's output does not depend on the first of its inputs"
            raise TraceError(message, remedy="give first the input that it depends on")
        if not self._outputs:
            raise TraceError("the module's output does not depend on its input")
        used = {weight.name for node in self._nodes for weight in node.weights}
        spare = tuple(weight for weight in self._known.values() if weight.name not in used)
        graph = Graph(tuple(self._nodes), 0, spare, tuple(self._outputs))
        shape = self.shape(graph.output().node)
        classes = shape[1] if len(shape) == 2 else 0
        return Traced(self._program, replace(graph, classes=classes), self._steps)

    def _placeholder(self, step: fx.Node) -> None:
        if step.name == self._program.image:
            self._held[step] = 0
            self._steps[0] = step.name
        elif step.name in self._program.others:
            name = self._program.others[step.name]
            self._held[step] = len(self._nodes)
            shape = _shape(step)
            self._nodes.append(Node(Input(shape[1:]), (), shape, path=name, word="input"))
        elif step.name in self._program.parameters:
            self._weights[step] = frozenset({self._known[id(self._program.values[step.name])]})

    def _call(self, step: fx.Node) -> None:
        read = step.all_input_nodes
        beneath = frozenset[Weight]().union(*(self._weights.get(one, frozenset()) for one in read))
        if name_of(step) in _VALUELESS or not any(one in self._held for one in read):
            self._weights[step] = beneath
            if name_of(step) in _COSTLY:
                first = len(self._nodes)
                self._lowered(step)
                self._attach(first, beneath)
        elif step.target is operator.getitem:
            self._held[step] = self._item(step)
        elif isinstance(step.meta.get("val"), Tensor | tuple | list):
            first = len(self._nodes)
            self._held[step] = self._lowered(step)
            self._attach(first, beneath)
        else:
            raise _DependsOnValuesError(f"the number that {step.target} returns")

    def _item(self, step: fx.Node) -> NodeNumbers:
        source, index = step.args
        assert isinstance(source, fx.Node)
        held = self._held[source]
        if isinstance(held, tuple):
            number = held[index]  # type: ignore[index]
        elif index == 0:
            number = held
        else:
            number = self.add(Unknown(str(source.target), _shape(step)), [held], step)
        self._steps.setdefault(number, step.name)
        return number

    def _lowered(self, step: fx.Node) -> NodeNumbers:
        """Add the nodes of one step, or an Unknown one where the step or its arguments are not known."""
        before = len(self._nodes)
        read = {number for one in _sources(step) for number in _numbers(self._held.get(one, ()))}
        try:
            value = self._known_value(step)
            through = {number for node in self._nodes[before:] for number in node.inputs}
            known = read <= through | {value}
        except (NotKnownError, ShapeError):
            known = False
        if not known:
            del self._nodes[before:]
            value = self.add(Unknown(str(step.target), _shape(step)), sorted(read), step)
        if isinstance(value, int) and isinstance(step.meta["val"], Tensor):
            self._steps.setdefault(value, step.name)
        return value

    def _known_value(self, step: fx.Node) -> NodeNumbers:
        if name_of(step) not in KNOWN:
            raise NotKnownError
        value = KNOWN[name_of(step)](_Step(self, step))
        if isinstance(value, int) and self._nodes[value].shape != _shape(step):
            raise NotKnownError
        return value

    def _attach(self, first: int, weights: frozenset[Weight]) -> None:
        """Attach the parameters that a step reads to its last node, or to the last one that has its own."""
        added = range(first, len(self._nodes))
        own = [number for number in added if type(self._nodes[number].op).weights is not Operation.weights]
        for number in (own or added)[-1:] if weights else ():
            self._nodes[number] = replace(self._nodes[number], weights=tuple(sorted(weights)))

    def add(self, op: Operation, inputs: list[int], step: fx.Node) -> int:
        shape = op.output([self._nodes[number].shape for number in inputs])
        self._nodes.append(Node(op, tuple(inputs), shape, path=_path(step)))
        return len(self._nodes) - 1

    def shape(self, number: int) -> Shape:
        return self._nodes[number].shape

    def node(self, number: int) -> Node:
        return self._nodes[number]

    def constant(self, step: fx.Node) -> StepValue:
        """Compute a step that does not depend on the image; raises NotKnownError for any other."""
        if step not in self._constants:
            if step in self._held or torch.Tag.nondeterministic_seeded in getattr(step.target, "tags", ()):
                raise NotKnownError
            if step.op == "placeholder":
                value = self._program.values[step.name]
            else:
                assert callable(step.target)
                args, kwargs = fx.map_arg((step.args, step.kwargs), self.constant)
                with torch.no_grad():
                    value = step.target(*args, **kwargs)
            self._constants[step] = value
        return self._constants[step]

    def held(self, step: fx.Node) -> NodeNumbers | None:
        return self._held.get(step)


class _Step(AtenCall):
    """One step as its lowering sees it."""

    def __init__(self, tracer: _Tracer, step: fx.Node) -> None:
        self._tracer, self._step = tracer, step
        self.arguments = arguments_of(step, step.args, step.kwargs)
        self.function = name_of(step)
        self.result = _shape(step)
        self.gives_several = isinstance(step.meta["val"], tuple | list)
        items = [user.args[1] for user in step.users if user.target is operator.getitem and user.users]
        self.used = frozenset(item for item in items if isinstance(item, int))

    def add(self, op: Operation, *inputs: int) -> int:
        return self._tracer.add(op, list(inputs), self._step)

    def shape(self, number: int) -> Shape:
        return self._tracer.shape(number)

    def tensor(self, argument: Argument) -> int:
        held = self._tracer.held(argument)
        if held is None:
            return self.add(Constant(_shape(argument)))
        if not isinstance(held, int):
            raise NotKnownError
        return held

    def value(self, argument: Argument) -> Tensor:
        value = self._tracer.constant(argument)
        if not isinstance(value, Tensor) or value.is_meta:
            raise NotKnownError
        return value.cpu()

    def node(self, number: int) -> Node:
        return self._tracer.node(number)

    def sees_image(self, argument: Argument) -> bool:
        return isinstance(argument, fx.Node) and self._tracer.held(argument) is not None

    def shape_of(self, argument: Argument) -> Shape:
        return _shape(argument)


def _sources(step: fx.Node) -> list[fx.Node]:
    """Return the tensors whose values a step reads: not one that is overwritten, nor one whose type is taken."""
    match name_of(step):
        case "copy" | "fill":
            return step.all_input_nodes[1:]
        case "type_as":
            return step.all_input_nodes[:1]
    return step.all_input_nodes


def _numbers(value: NodeNumbers) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,)


def _shape(step: fx.Node) -> Shape:
    value = step.meta["val"]
    if isinstance(value, tuple | list):
        value = value[0]
    if not all(isinstance(size, int) for size in value.shape):
        raise _DependsOnValuesError(f"the shape that {step.target} returns")
    return tuple(value.shape)


def _path(step: fx.Node) -> str:
    stack = list(step.meta.get("nn_module_stack", {}).values())
    return stack[-1][0] if stack else ""
