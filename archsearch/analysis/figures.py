"""The figures that limits can bound, each with its meaning and how it is computed."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Protocol

from archsearch.analysis.cost import IMAGES, Calibration
from archsearch.analysis.op_profile import rf, rf_inside
from archsearch.analysis.receptive.tensor import TensorField
from archsearch.graph.graph import Graph, Node
from archsearch.graph.ops import folding, maps, mixing, moving
from archsearch.graph.ops.counts import Counts
from archsearch.graph.ops.operation import Constant
from archsearch.graph.shapes import Shape

_FLOAT_BYTES = 4
_VIEWS = (moving.Flatten, moving.Reshape, moving.Permute, moving.Expand, moving.Take)


class Measured(Protocol):
    """What figures are computed from; of what is seen, see `seen.Seen`."""

    @property
    def graph(self) -> Graph:
        """The operations."""

    @property
    def patterns(self) -> Sequence[TensorField]:
        """What the units of each see as if the image were endless."""

    @property
    def within(self) -> Sequence[TensorField]:
        """What they see inside the image."""

    @property
    def costs(self) -> tuple[Counts, ...]:
        """What each computes."""

    @property
    def end(self) -> int:
        """The number of the operation that computes the output which `rf` is for."""

    @property
    def headline(self) -> int:
        """The number of the operation that `rf` is of, see `headline`."""


def headline(profile: Measured, end: int | None = None, among: Container[int] | None = None) -> int:
    """Return the number of the node that `rf` is of: the last map that an output is computed from.

    It is one that a path without global operations leads to, the input at the least. Where branches end in
    several, each of which is pooled globally, it is the one with the largest receptive field. A map whose units
    see nothing of the image, as all of them read padding alone, is none: it is a constant.
    `end` computes the output, else the profile's own does; `among` are the nodes that are asked for, else all.
    """
    last = last_maps(profile.graph, profile.patterns, profile.end if end is None else end, among)
    return last[0] if len(last) == 1 else max(last or [0], key=lambda number: rf_at(profile, number))


def last_maps(
    graph: Graph,
    seen: Sequence[TensorField],
    end: int,
    among: Container[int] | None = None,
    earlier: Container[int] = (),
) -> list[int]:
    """Return the maps that a node is computed from, but for those that another of these maps is computed from.

    `earlier` are nodes that stand for earlier operations: each is taken for a map of those in it.
    """
    waiting, followed, last = {end}, set[int](), []
    # All that a map is computed from is followed by it: then there is no other before it.
    while not waiting <= followed:
        waiting.remove(number := max(waiting))
        is_asked = seen[number].is_local_map and (among is None or number in among)
        is_last = is_asked or number in earlier
        if is_last and number not in followed:
            last.append(number)
        waiting.update(read := graph.nodes[number].inputs)
        followed.update(read if is_last or number in followed else ())
    return last


def rf_at(profile: Measured, number: int) -> int:
    """Return the receptive field of the units of a node, in pixels."""
    unclipped = rf(profile.patterns[number])
    # Where the units follow no pattern, what lies inside the image is all that is known.
    return rf_inside(profile.within[number]) if unclipped is None else unclipped


def is_upper_bound(profile: Measured, name: str) -> bool:
    """Whether a figure is only known to be at most its value; `rf` and `rf_inside` may be."""
    if name not in {"rf", "rf_inside"}:
        return False
    number = profile.headline
    is_unclipped = name == "rf" and rf(profile.patterns[number]) is not None
    return (profile.patterns if is_unclipped else profile.within)[number].bound


def _rf(profile: Measured) -> int:
    return rf_at(profile, profile.headline)


def _total(profile: Measured, name: str) -> int:
    pairs = zip(profile.costs, profile.graph.computed, strict=True)
    return sum(getattr(cost, name) for cost, is_computed in pairs if is_computed)


def count_params(graph: Graph, *, trainable: bool = False) -> int:
    """Count parameters, shared ones once."""
    every = [weight for node in graph.nodes for weight in node.weights]
    sizes = {weight.name: weight.size for weight in (*every, *graph.spare) if weight.trainable or not trainable}
    return sum(sizes.values())


def _dilated(graph: Graph) -> int:
    return sum(_is_dilated(op, graph.shapes_into(node)[0], node.shape) for node, op in _convolutions(graph))


def _convolutions(graph: Graph) -> Iterator[tuple[Node, maps.Convolution]]:
    """Yield the convolutions of what depends on the image."""
    for node, is_computed in zip(graph.nodes, graph.computed, strict=True):
        if is_computed and isinstance(node.op, maps.Convolution):
            yield node, node.op


def _is_dilated(op: maps.Convolution, before: Shape, after: Shape) -> bool:
    return max(op.dilation) > 1 and any(
        window.dilation > 1 and not window.is_pointwise(length, units)
        for window, length, units in zip(op.windows(before), before[2:], after[2:], strict=True)
    )


def _depthwise(graph: Graph) -> int:
    return sum(
        1 < op.groups == graph.shapes_into(node)[0][1] and max(op.kernel) > 1 for node, op in _convolutions(graph)
    )


def _maxpool(graph: Graph) -> int:
    return sum(map(_is_maxpool, graph.nodes))


def _is_maxpool(node: Node) -> bool:
    if isinstance(node.op, folding.FractionalPool):
        return True
    return isinstance(node.op, maps.Pool | maps.AdaptivePool) and node.op.mode == "max"


def depths(graph: Graph, earlier: Mapping[int, int] = MappingProxyType({})) -> list[int]:
    """Return, for each node, the convolutions and linear layers on the longest path to it, its own included.

    `earlier` has the depths of those nodes that stand for earlier operations, by their numbers.
    """
    found: list[int] = []
    for number, node in enumerate(graph.nodes):
        before = max((found[read] for read in node.inputs), default=0)
        own = isinstance(node.op, maps.Convolution | maps.TransposedConvolution | mixing.Linear)
        found.append(earlier.get(number, before + own))
    return found


def _is_view(graph: Graph, node: Node) -> bool:
    # torch copies what it rolls or flips; along several dims, of which each is a node, it does so once.
    if _rolls(node):
        return _rolls(graph.nodes[node.inputs[0]])
    return isinstance(node.op, _VIEWS)


def _rolls(node: Node) -> bool:
    return isinstance(node.op, moving.Take) and (node.op.wraps or node.op.step < 0)


def peak_elements(graph: Graph) -> int:
    """Return the most elements alive while an operation runs, its output included; a view adds none."""
    owner: list[int] = []
    for number, node in enumerate(graph.nodes):
        owner.append(owner[node.inputs[0]] if _is_view(graph, node) else number)
    last_reader = {owner[read]: reader for reader, node in enumerate(graph.nodes) for read in node.inputs}
    last_reader |= {owner[output.node]: len(graph.nodes) for output in graph.outputs}
    sizes = [0 if isinstance(node.op, Constant) else prod(node.shape) for node in graph.nodes]
    alive, peak = 0, 0
    for number, node in enumerate(graph.nodes):
        alive += sizes[number] if owner[number] == number else 0
        peak = max(peak, alive)
        alive -= sum(sizes[one] for one in {owner[read] for read in node.inputs} if last_reader[one] == number)
    return peak


_COMPUTED: Mapping[str, tuple[Callable[[Measured], int], str]] = {
    "rf": (
        _rf,
        "receptive field of the last map on paths without global operations, unclipped, in pixels (smaller axis)",
    ),
    "rf_inside": (
        lambda profile: rf_inside(profile.within[profile.headline]),
        "the largest part of the receptive field inside the image, clipped at every operation",
    ),
    "params": (lambda profile: count_params(profile.graph), "parameters, shared ones counted once"),
    "trainable": (lambda profile: count_params(profile.graph, trainable=True), "params that training changes"),
    "macs": (
        lambda profile: _total(profile, "macs"),
        "multiply-accumulates of convolutions, linear layers and matrix products, for one image",
    ),
    "flops": (lambda profile: 2 * _total(profile, "macs"), "2 macs"),
    "bias_ops": (lambda profile: _total(profile, "bias_ops"), "additions of a bias"),
    "norm_ops": (lambda profile: _total(profile, "norm_ops"), "elements computed by norms"),
    "activation_ops": (lambda profile: _total(profile, "activation_ops"), "elements computed by activations"),
    "arithmetic_ops": (
        lambda profile: _total(profile, "arithmetic_ops"),
        "elements computed by sums and products of tensors",
    ),
    "pooling_ops": (
        lambda profile: _total(profile, "pooling_ops"),
        "positions that pooling windows cover, in all",
    ),
    "depth": (lambda profile: max(depths(profile.graph)), "convolutions and linear layers on the longest path"),
    "dilated": (
        lambda profile: _dilated(profile.graph),
        "convolutions with dilation > 1 whose outer taps reach inside the map",
    ),
    "depthwise": (
        lambda profile: _depthwise(profile.graph),
        "convolutions with kernel > 1 and one group for each input channel",
    ),
    "maxpool": (lambda profile: _maxpool(profile.graph), "max-poolings with a window; global ones do not count"),
    "weight_bytes": (lambda profile: _FLOAT_BYTES * count_params(profile.graph), "4 params"),
    "activation_bytes": (
        lambda profile: _FLOAT_BYTES * peak_elements(profile.graph),
        "peak of the tensors alive at once, each kept until its last reader is done",
    ),
}

SECONDS = "seconds"
"""The figure that exists only where a calibration is given."""

FIGURES: Mapping[str, str] = {
    **{name: meaning for name, (_compute, meaning) in _COMPUTED.items()},
    SECONDS: f"training over {IMAGES:,} images, predicted for the machine that was calibrated",
}
"""Every figure that limits can bound, with its meaning."""


ADDED = (
    "params",
    "trainable",
    "macs",
    "flops",
    "bias_ops",
    "norm_ops",
    "activation_ops",
    "arithmetic_ops",
    "pooling_ops",
    "dilated",
    "depthwise",
    "maxpool",
    "weight_bytes",
)
"""The figures of a network that are the sums of those of its parts, where no two parts share parameters."""


class Figures(Mapping[str, float]):
    """The figures of a profile by name, each computed when it is first asked for.

    All are whole numbers but SECONDS, which there is only with a calibration.
    """

    def __init__(self, profile: Measured, calibration: Calibration | None = None) -> None:
        self._profile = profile
        self._calibration = calibration
        self._known: dict[str, float] = {}

    def __getitem__(self, name: str) -> float:
        if name not in self._known:
            if name == SECONDS and self._calibration is not None:
                self._known[name] = self._calibration.seconds(self._profile.graph)
            else:
                self._known[name] = _COMPUTED[name][0](self._profile)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_COMPUTED if self._calibration is None else FIGURES)

    def __repr__(self) -> str:
        return repr(dict(self))

    def __len__(self) -> int:
        return len(_COMPUTED) + (self._calibration is not None)
