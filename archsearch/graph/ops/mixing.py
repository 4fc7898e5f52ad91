"""Operations that compute from elements of one tensor or several: functions, sums, products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from archsearch.errors import ShapeError, suggest
from archsearch.graph.ops.counts import Counts
from archsearch.graph.ops.functions import ARITHMETIC, BUILDABLE
from archsearch.graph.ops.operation import Operation, weights_and_bias
from archsearch.graph.shapes import Shape, Sizes, shape_text


@dataclass(frozen=True)
class Elementwise(Operation):
    """A function of the same element of each input: an activation, a sum, a product; broadcast as torch does.

    >>> Elementwise("mul").output([(1, 8, 4, 4), (1, 8, 1, 1)])
    (1, 8, 4, 4)
    """

    kind: ClassVar[str] = "elementwise"
    function: str

    @property
    def identity(self) -> tuple[str, dict[str, object]]:
        """The function's own name, and no argument."""
        return self.function, {}

    @property
    def description(self) -> str:
        return self.function.replace("_", " ")

    @property
    def arity(self) -> int:
        return 2 if self.function in ARITHMETIC else 1

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the common shape; raises ShapeError where there is none."""
        if len(set(shapes)) == 1:
            return shapes[0]
        rank = max(map(len, shapes))
        padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
        sizes = [{size for size in column if size != 1} for column in zip(*padded, strict=True)]
        if any(len(found) > 1 for found in sizes):
            texts = " and ".join(shape_text(shape[1:]) for shape in shapes)
            participle = {"add": "added", "mul": "multiplied"}.get(self.function, "combined")
            remedy = "bring both to one shape; padding=dilation*(kernel-1)/2 keeps a map's size at stride 1"
            raise ShapeError(f"{texts} cannot be {participle}", remedy=remedy)
        return tuple(found.pop() if found else 1 for found in sizes)

    def counts(self, _shapes: Sequence[Shape], output: Shape) -> Counts:
        """Count each output element, of a sum or product as arithmetic and of any other function as activation."""
        elements = prod(output)
        return Counts(arithmetic_ops=elements) if self.function in ARITHMETIC else Counts(activation_ops=elements)

    def check_buildable(self, shapes: Sequence[Shape]) -> None:
        """Raise ShapeError for a function that has no layer, and for tensors that torch would align otherwise."""
        if self.function not in BUILDABLE:
            message = f"there is no layer for the elementwise function `{self.function}`"
            raise ShapeError(message, remedy=suggest(self.function, BUILDABLE))
        super().check_buildable(shapes)
        # With fewer dims, the batch of one tensor would meet another dim of the other.
        if len(set(map(len, shapes))) > 1:
            texts = " and ".join(shape_text(shape[1:]) for shape in shapes)
            message = f"`{self.function}` reads tensors with the same number of dims, not {texts}"
            raise ShapeError(message, remedy="give the smaller one dims of size 1, with Reshape")


@dataclass(frozen=True)
class Normalize(Operation):
    """A function of each element and of all that differ from it only along `dims`: layer norm, softmax.

    With `groups`, only elements in the same group of channels are read.
    """

    kind: ClassVar[str] = "normalize"
    buildable: ClassVar[bool] = False
    function: str
    dims: Sizes
    groups: int = 1

    @property
    def description(self) -> str:
        return self.function.replace("_", " ")

    def counts(self, _shapes: Sequence[Shape], output: Shape) -> Counts:
        """Count each element; softmax is an activation."""
        elements = prod(output)
        return Counts(activation_ops=elements) if "softmax" in self.function else Counts(norm_ops=elements)


@dataclass(frozen=True)
class Reduce(Operation):
    """A sum, mean or maximum over dims, which are left with size 1 or taken out.

    >>> Reduce("mean", (2, 3), keep=False).output([(1, 8, 4, 4)])
    (1, 8)
    """

    kind: ClassVar[str] = "reduce"
    buildable: ClassVar[bool] = False
    function: str
    dims: Sizes
    keep: bool = True

    @property
    def description(self) -> str:
        return f"{self.function} over dims {', '.join(map(str, self.dims))}"

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape without the dims, or with 1 in their place."""
        parts = enumerate(shapes[0])
        return tuple(1 if n in self.dims else size for n, size in parts if self.keep or n not in self.dims)

    def counts(self, shapes: Sequence[Shape], _output: Shape) -> Counts:
        """Count each element that is read, as pooling."""
        return Counts(pooling_ops=prod(shapes[0]))


@dataclass(frozen=True)
class Linear(Operation):
    """torch's `Linear`: a matrix times the last dim."""

    kind: ClassVar[str] = "linear"
    gained: ClassVar[Mapping[str, object]] = {"bias": True}
    features: int
    bias: bool = True

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape with `features` as its last dim."""
        return (*shapes[0][:-1], self.features)

    def weights(self, shapes: Sequence[Shape]) -> Sizes:
        """Return features * inputs, and a bias for each feature."""
        return weights_and_bias(self.features * shapes[0][-1], self.features, self.bias)

    def counts(self, shapes: Sequence[Shape], output: Shape) -> Counts:
        """Count output elements * inputs as MACs.

        >>> Linear(10).counts([(1, 512)], (1, 10))
        Counts(macs=5120, bias_ops=10, norm_ops=0, activation_ops=0, arithmetic_ops=0, pooling_ops=0)
        """
        elements = prod(output)
        return Counts(elements * shapes[0][-1], bias_ops=elements * self.bias)


@dataclass(frozen=True)
class Contract(Operation):
    """Products of two tensors summed over the dims that the result lacks, in einsum's letters.

    >>> Contract("abc", "acd", "abd").output([(8, 49, 32), (8, 32, 49)])
    (8, 49, 49)
    """

    kind: ClassVar[str] = "contract"
    buildable: ClassVar[bool] = False
    first: str
    second: str
    result: str

    @property
    def description(self) -> str:
        return "matrix product"

    def sizes(self, shapes: Sequence[Shape]) -> dict[str, int]:
        """Return the size of each letter; a dim of size 1 is broadcast."""
        found: dict[str, int] = {}
        for letters, shape in zip((self.first, self.second), shapes, strict=True):
            for letter, size in zip(letters, shape, strict=True):
                found[letter] = max(size, found.get(letter, 1))
        return found

    def output(self, shapes: Sequence[Shape]) -> Shape:
        sizes = self.sizes(shapes)
        return tuple(sizes[letter] for letter in self.result)

    def counts(self, shapes: Sequence[Shape], _output: Shape) -> Counts:
        """Count the product of the sizes of all letters as MACs.

        >>> Contract("abc", "acd", "abd").counts([(8, 49, 32), (8, 32, 49)], (8, 49, 49)).macs
        614656
        """
        return Counts(prod(self.sizes(shapes).values()))


@dataclass(frozen=True)
class Attention(Operation):
    """torch's `scaled_dot_product_attention` of queries, keys and values (..., tokens, features)."""

    kind: ClassVar[str] = "attention"
    buildable: ClassVar[bool] = False
    masked: bool = False

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the queries' shape with the values' features."""
        return (*shapes[0][:-1], shapes[2][-1])

    def counts(self, shapes: Sequence[Shape], _output: Shape) -> Counts:
        """Count pairs of a query and a key * (features of a key + features of a value) as MACs.

        The softmax is an activation of each pair.

        >>> Attention().counts([(1, 12, 8)] * 3, (1, 12, 8)).macs
        2304
        """
        query, key, value = shapes
        pairs = prod(query[:-1]) * key[-2]
        return Counts(pairs * (query[-1] + value[-1]), activation_ops=pairs)
