"""Operations that compute from elements of one tensor or several: functions, sums, products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from archsearch.errors import ShapeError
from archsearch.graph.ops.maps import weights_and_bias
from archsearch.graph.ops.operation import Operation
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
            raise ShapeError(f"{texts} cannot be {participle}")
        return tuple(found.pop() if found else 1 for found in sizes)


@dataclass(frozen=True)
class Normalize(Operation):
    """A function of each element and of all that differ from it along `dims` only: layer norm, softmax.

    With `groups`, of those of them alone that are in the same group of channels.
    """

    kind: ClassVar[str] = "normalize"
    function: str
    dims: Sizes
    groups: int = 1


@dataclass(frozen=True)
class Reduce(Operation):
    """A sum, mean or maximum over dims, which are left with size 1 or taken out."""

    kind: ClassVar[str] = "reduce"
    function: str
    dims: Sizes
    keep: bool = True

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape of the result."""
        parts = enumerate(shapes[0])
        return tuple(1 if n in self.dims else size for n, size in parts if self.keep or n not in self.dims)


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


@dataclass(frozen=True)
class Contract(Operation):
    """Products of two tensors summed over the dims that the result lacks, in einsum's letters.

    >>> Contract("abc", "acd", "abd").output([(8, 49, 32), (8, 32, 49)])
    (8, 49, 49)
    """

    kind: ClassVar[str] = "contract"
    first: str
    second: str
    result: str

    def sizes(self, shapes: Sequence[Shape]) -> dict[str, int]:
        """Return the size of each letter; a dim of size 1 is broadcast."""
        found: dict[str, int] = {}
        for letters, shape in zip((self.first, self.second), shapes, strict=True):
            for letter, size in zip(letters, shape, strict=True):
                found[letter] = max(size, found.get(letter, 1))
        return found

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the sizes of the result's letters."""
        sizes = self.sizes(shapes)
        return tuple(sizes[letter] for letter in self.result)


@dataclass(frozen=True)
class Attention(Operation):
    """torch's `scaled_dot_product_attention` of queries, keys and values (..., tokens, features)."""

    kind: ClassVar[str] = "attention"
    masked: bool = False

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the queries' shape with the values' features."""
        return (*shapes[0][:-1], shapes[2][-1])
