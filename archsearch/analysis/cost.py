"""How long training takes: seconds predicted from what a network computes, by a calibration of a machine.

A step's time is taken to be a sum over operations, each part of it proportional to one count:

    seconds of an image = sum over nodes of (dense_mac * MACs + grouped_mac * MACs of convolutions in groups
        + dilated_dense_mac and dilated_grouped_mac * those of dilated kernels
        + map_element * elements written by convolutions + norm_element * elements written by norms
        + element * elements of activations, sums, products and pooling) + operation * operations

This is the usual linear model of a network's latency, as in Cai, Zhu, Han, "ProxylessNAS" (ICLR 2019, section 3.3:
a network takes the sum of its operations), with what an operation takes read off its counts instead of a table.
Dilated kernels have parts of their own as libraries have no fast path for some of them: on a CPU a depthwise one
takes several times as long as one that is not dilated. Norms, activations and sums have, as they do hardly any
arithmetic, and wait for memory.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from archsearch.errors import ArchsearchError
from archsearch.files import read_text
from archsearch.graph.ops.maps import Convolution, TransposedConvolution
from archsearch.graph.ops.operation import Earlier, Input

if TYPE_CHECKING:
    from archsearch.graph.graph import Graph, Node

IMAGES = 50_000
"""The images of the epoch whose seconds are predicted: those of CIFAR-10's training set."""

BATCH_SIZE = 128
"""The images of a step that is timed, where nothing else is said."""


class Work(NamedTuple):
    """What training a network on one image is made of, in numbers that each take a time of their own."""

    dense_macs: int = 0
    grouped_macs: int = 0
    dilated_dense_macs: int = 0
    dilated_grouped_macs: int = 0
    map_elements: int = 0
    norm_elements: int = 0
    elements: int = 0
    operations: int = 0


@dataclass(frozen=True)
class Calibration:
    """Seconds that each part of a network's Work takes, forward and backward, for one image of a batch.

    The first fields are the parts, in the order of Work. `device` says what was timed, for people; `error` is the
    median relative error of the calibration's own steps.

    Raises ArchsearchError for seconds that are negative or not finite.

    >>> Calibration(dense_mac=1e-11, norm_element=3e-9).image_seconds(Work(100_000, norm_elements=1_000))
    4e-06
    """

    dense_mac: float = 0.0
    grouped_mac: float = 0.0
    dilated_dense_mac: float = 0.0
    dilated_grouped_mac: float = 0.0
    map_element: float = 0.0
    norm_element: float = 0.0
    element: float = 0.0
    operation: float = 0.0
    error: float = 0.0
    device: str = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "device":
                is_right, meaning = isinstance(value, str), "a text"
            else:
                is_number = isinstance(value, int | float) and not isinstance(value, bool)
                is_right, meaning = is_number and 0 <= value <= sys.float_info.max, "a finite number of at least 0"
            if not is_right:
                message = f"{field.name} of a calibration is {value!r}; it must be {meaning}"
                raise ArchsearchError(message, remedy="`archsearch calibrate --json` writes one")

    def __str__(self) -> str:
        """Write what was timed and how well it fits.

        >>> print(Calibration(device="fp32, 1 thread, batches of 128", error=0.052))
        calibrated for fp32, 1 thread, batches of 128: its own steps are met to 5 % (median)
        """
        return f"calibrated for {self.device}: its own steps are met to {100 * self.error:.0f} % (median)"

    @property
    def costs(self) -> dict[str, float]:
        """Seconds of one unit of each part of Work, in its order, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)[: len(Work._fields)]}

    def image_seconds(self, done: Work) -> float:
        """Return the seconds that training on one image takes."""
        return sum(seconds * count for seconds, count in zip(self.costs.values(), done, strict=True))

    def seconds(self, graph: Graph) -> float:
        """Return the seconds that an epoch of IMAGES takes, without measuring its accuracy, to a hundredth."""
        return self.epoch_seconds(work(graph))

    def epoch_seconds(self, done: Work) -> float:
        """Return the same for a graph that is made of this work."""
        return round(IMAGES * self.image_seconds(done), 2)

    def written(self) -> dict[str, Any]:
        """Return plain values, which `of` reads."""
        return asdict(self)

    @staticmethod
    def of(values: Mapping[str, Any]) -> Calibration:
        """Return the calibration that `written` wrote.

        >>> Calibration.of(Calibration(dense_mac=1e-11).written()) == Calibration(dense_mac=1e-11)
        True
        """
        # Studies that were begun when dilated kernels had no parts of their own keep what they predict.
        undilated = {f"dilated_{name}": values[name] for name in ("dense_mac", "grouped_mac") if name in values}
        return Calibration(**{**undilated, **values})

    @staticmethod
    def read(path: Path) -> Calibration:
        """Read the JSON that `archsearch calibrate --json` writes; raises ArchsearchError for any other file."""
        try:
            values = json.loads(read_text(path))
        except (ValueError, RecursionError):
            values = None
        names = {field.name for field in fields(Calibration)}
        if not isinstance(values, dict) or values.keys() != names:
            remedy = "write one with `archsearch calibrate --json > FILE`"
            raise ArchsearchError(f"`{path}` is not a calibration", remedy=remedy)
        return Calibration.of(values)


def work(graph: Graph) -> Work:
    """Return what training a graph on one image is made of: the sum of its nodes' work.

    What is computed from weights alone is left out: it is done once for a batch.

    >>> from archsearch.notation.network import parse
    >>> [*work(parse("conv(8)").lower())]
    [221184, 0, 0, 0, 8192, 8192, 8192, 3]
    """
    computed = (node for node, is_computed in zip(graph.nodes, graph.computed, strict=True) if is_computed)
    done = [_node_work(graph, node) for node in computed if not isinstance(node.op, Input | Earlier)]
    return Work(*map(sum, zip(*done, strict=True))) if done else Work()


def _node_work(graph: Graph, node: Node) -> Work:
    counts = node.op.counts(graph.shapes_into(node), node.shape)
    done = Work(
        norm_elements=counts.norm_ops,
        elements=counts.activation_ops + counts.arithmetic_ops + counts.pooling_ops,
        operations=1,
    )
    if not isinstance(node.op, Convolution | TransposedConvolution):
        return done._replace(dense_macs=counts.macs)
    kind = "grouped_macs" if node.op.groups > 1 else "dense_macs"
    prefix = "dilated_" if max(node.op.dilation) > 1 and max(node.op.kernel) > 1 else ""
    return done._replace(**{prefix + kind: counts.macs}, map_elements=prod(node.shape))
