"""One call of a torch operation in a traced program, as the function that lowers it sees it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING, Any, TypeAlias

from archsearch.graph.graph import Node
from archsearch.graph.ops.moving import Reshape
from archsearch.graph.ops.operation import Operation
from archsearch.graph.shapes import Shape, Sizes

if TYPE_CHECKING:
    from torch import Tensor

Argument: TypeAlias = Any
"""An argument of a call: a step that computes a tensor, a number, a list of them."""


class NotKnownError(Exception):
    """An operation, or a use of it, that none of ours covers."""


class AtenCall(ABC):
    """A call to be lowered: its arguments by torch's names, and how to add nodes for it.

    `used`: the numbers of its results that anything reads, where it `gives_several`. `viewed`: the node in place
    of its first tensor, if that is another view of it.
    """

    arguments: dict[str, Argument]
    function: str
    result: Shape
    gives_several: bool
    used: frozenset[int]
    viewed: int | None = None

    @abstractmethod
    def add(self, op: Operation, *inputs: int) -> int:
        """Add a node; return its number."""

    @abstractmethod
    def shape(self, number: int) -> Shape:
        """Return the shape of a node."""

    @abstractmethod
    def tensor(self, argument: Argument) -> int:
        """Return the node of a tensor: a new constant where it does not depend on the image."""

    @abstractmethod
    def sees_image(self, argument: Argument) -> bool:
        """Whether an argument is a tensor that depends on the image."""

    @abstractmethod
    def shape_of(self, argument: Argument) -> Shape:
        """Return the shape of any tensor."""

    @abstractmethod
    def value(self, argument: Argument) -> Tensor:
        """Compute a tensor that is the same for every image; raises NotKnownError for any other."""

    @abstractmethod
    def node(self, number: int) -> Node:
        """Return a node."""

    def __getitem__(self, name: str) -> Argument:
        return self.arguments[name]

    @property
    def source(self) -> int:
        """The node of the first tensor argument."""
        if self.viewed is not None:
            return self.viewed
        return self.tensor(self.arguments.get("input", self.arguments.get("self")))

    def for_each_result(self, number: int) -> NodeNumbers:
        """Return one node for each of several results, or for the only one."""
        return (number,) * (max(self.used, default=0) + 1) if self.gives_several else number

    def dim(self, name: str = "dim") -> int:
        """Return the dim that an argument names, from the first on; raises NotKnownError for a single number."""
        rank, given = len(self.shape(self.source)), self.arguments[name]
        if rank == 0:
            raise NotKnownError
        return int(given % rank)

    def dims(self, name: str = "dim") -> Sizes:
        """Return the dims that an argument names, counted from the first; all dims where it names none."""
        rank, given = len(self.shape(self.source)), self.arguments.get(name)
        given = [given] if isinstance(given, int) else given
        if rank == 0:
            return ()
        return tuple(dim % rank for dim in given) if given else tuple(range(rank))


NodeNumbers: TypeAlias = int | tuple[int, ...]
Lowering: TypeAlias = Callable[[AtenCall], NodeNumbers]


def batched(lower: Lowering) -> Lowering:
    """Return a lowering that takes a map without a batch too: it is viewed as a batch of one, and back."""

    def lowered(at: AtenCall) -> NodeNumbers:
        shape, named = at.shape(at.source), re.search("([123])d", at.function)
        if named is None or len(shape) != int(named[1]) + 1:
            return lower(at)
        one = copy(at)
        one.viewed, one.result = at.add(Reshape((1, *shape)), at.source), (1, *at.result)
        found = lower(one)
        if isinstance(found, int):
            return at.add(Reshape(at.result), found)
        return (at.add(Reshape(at.result), found[0]),) * len(found)

    return lowered


def each(value: Argument, axes: int) -> Sizes:
    """Return a value for each axis, from one value for all or a list of them."""
    sizes = tuple(value) if isinstance(value, list | tuple) else (value,)
    return sizes * axes if len(sizes) == 1 else sizes
