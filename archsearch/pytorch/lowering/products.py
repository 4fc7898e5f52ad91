"""Lowering of products of tensors that are summed: matrix products, einsum, tensordot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from string import ascii_letters, ascii_lowercase

from archsearch.graph.ops import mixing, moving
from archsearch.pytorch.lowering.aten_call import AtenCall, Lowering, NodeNumbers, NotKnownError

_OTHER = ("other", "mat2", "vec", "vec2", "tensor")


def _matrix_product(at: AtenCall) -> NodeNumbers:
    """Lower matmul and its kin; a vector has no dim beside the one that is summed over."""
    other = next(at[name] for name in _OTHER if name in at.arguments)
    first, second = at.source, at.tensor(other)
    one, two = (len(at.shape(number)) for number in (first, second))
    if min(one, two) < 1:
        raise NotKnownError
    batch = ascii_lowercase[: max(one, two, 2) - 2]
    left = "y" if one == 1 else batch[len(batch) - one + 2 :] + "xy"
    right = "y" if two == 1 else batch[len(batch) - two + 2 :] + "yz"
    result = batch + "x" * (one > 1) + "z" * (two > 1)
    return at.add(mixing.Contract(left, right, result), first, second)


def _outer(at: AtenCall) -> NodeNumbers:
    return at.add(mixing.Contract("x", "y", "xy"), at.source, at.tensor(at["vec2"]))


def _inner(at: AtenCall) -> NodeNumbers:
    """Lower inner: sums over the last dims of both."""
    first, second = at.source, at.tensor(at["other"])
    letters = iter(ascii_letters)
    left, right = ("".join(next(letters) for _ in at.shape(number)[1:]) for number in (first, second))
    if not at.shape(first) or not at.shape(second):
        raise NotKnownError
    return at.add(mixing.Contract(left + "Z", right + "Z", left + right), first, second)


def _added_product(at: AtenCall) -> NodeNumbers:
    """Lower addmm: a bias, and a matrix product, with a transposed weight in most cases."""
    if not at.sees_image(at["mat2"]) and not at.sees_image(at["self"]):
        return at.add(mixing.Linear(at.result[-1]), at.tensor(at["mat1"]))
    product = at.add(mixing.Contract("xy", "yz", "xz"), at.tensor(at["mat1"]), at.tensor(at["mat2"]))
    return at.add(mixing.Elementwise("add"), product, at.source)


def _added_products(at: AtenCall) -> NodeNumbers:
    """Lower baddbmm: a tensor, and a product for each matrix of a batch."""
    products = at.add(mixing.Contract("bxy", "byz", "bxz"), at.tensor(at["batch1"]), at.tensor(at["batch2"]))
    return at.add(mixing.Elementwise("add"), products, at.source) if at.sees_image(at["self"]) else products


def _bilinear(at: AtenCall) -> NodeNumbers:
    """Lower bilinear: the weight times the first input, and that times the second."""
    if at.sees_image(at["weight"]):
        raise NotKnownError
    first, second = at.tensor(at["input1"]), at.tensor(at["input2"])
    batch = ascii_lowercase[: len(at.shape(first)) - 1]
    table = at.add(mixing.Contract(batch + "x", "zxy", batch + "zy"), first, at.tensor(at["weight"]))
    return at.add(mixing.Contract(batch + "zy", batch + "y", batch + "z"), table, second)


def _tensordot(at: AtenCall) -> NodeNumbers:
    first, second = at.source, at.tensor(at["other"])
    one, two = (len(at.shape(number)) for number in (first, second))
    left, right = list(ascii_letters[:one]), list(ascii_letters[one : one + two])
    for ours, theirs in zip(at["dims_self"], at["dims_other"], strict=True):
        right[theirs] = left[ours]
    kept = [letter for letter, times in Counter(left + right).items() if times == 1]
    return at.add(mixing.Contract("".join(left), "".join(right), "".join(kept)), first, second)


def _einsum(at: AtenCall) -> NodeNumbers:
    tensors = [at.tensor(tensor) for tensor in at["tensors"]]
    operands, result = _letters(at["equation"], [len(at.shape(number)) for number in tensors])
    parts = [_diagonal(at, number, letters) for number, letters in zip(tensors, operands, strict=True)]
    path = list(at.arguments.get("path") or ())
    while len(parts) > 1:
        # As torch does: along the path, each product goes to the end; without one, from left to right.
        places = sorted((path.pop(0), path.pop(0)) if path else (0, 1))
        (second, right), (first, left) = parts.pop(places[1]), parts.pop(places[0])
        needed = {*result, *"".join(letters for _number, letters in parts)}
        kept = "".join(letter for letter in dict.fromkeys(left + right) if letter in needed) if parts else result
        product = (at.add(mixing.Contract(left, right, kept), first, second), kept)
        parts.insert(len(parts) if at.arguments.get("path") else 0, product)
    ((number, letters),) = parts
    gone = tuple(dim for dim, letter in enumerate(letters) if letter not in result)
    if gone:
        number = at.add(mixing.Reduce("sum", gone, keep=False), number)
        letters = "".join(letter for letter in letters if letter in result)
    order = tuple(map(letters.index, result))
    return number if order == tuple(range(len(order))) else at.add(moving.Permute(order), number)


def _letters(equation: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the result, with letters of their own for the dims of `...`.

    Without a result, that has the letters that occur once, in the order of the alphabet, capitals first.

    >>> _letters("...ij,...jk", [4, 3])
    (['abij', 'bjk'], 'abik')
    """
    operands, arrow, result = equation.replace(" ", "").partition("->")
    free = [letter for letter in ascii_letters if letter not in equation]
    parts = operands.split(",")
    dotted = [
        rank - len(part.replace("...", "")) if "..." in part else 0
        for part, rank in zip(parts, ranks, strict=True)
    ]
    dots = "".join(free[: max(dotted)])
    written = [part.replace("...", dots[len(dots) - dims :]) for part, dims in zip(parts, dotted, strict=True)]
    if not arrow:
        once = Counter(operands.replace("...", "").replace(",", ""))
        result = "..." + "".join(sorted(letter for letter, times in once.items() if times == 1))
    return written, result.replace("...", dots)


def _diagonal(at: AtenCall, number: int, letters: str) -> tuple[int, str]:
    """Return a tensor in which no letter occurs twice: its diagonal along dims of the same letter."""
    for letter, times in Counter(letters).items():
        for _ in range(times - 1):
            first = letters.index(letter)
            second = letters.index(letter, first + 1)
            rest = [dim for dim in range(len(letters)) if dim not in {first, second}]
            shape = at.shape(number)
            number = at.add(moving.Permute((*rest, first, second)), number)
            others, size = tuple(shape[dim] for dim in rest), shape[first]
            number = at.add(moving.Reshape((*others, size * size)), number)
            number = at.add(moving.Take(len(others), 0, size, size + 1), number)
            letters = "".join(letters[dim] for dim in rest) + letter
    return number, letters


PRODUCTS: dict[str, Lowering] = {
    **dict.fromkeys(("matmul", "mm", "bmm", "mv", "dot", "vdot"), _matrix_product),
    **dict.fromkeys(("outer", "ger"), _outer),
    "inner": _inner,
    "bilinear": _bilinear,
    "addmm": _added_product,
    "baddbmm": _added_products,
    "tensordot": _tensordot,
    "einsum": _einsum,
}
"""The lowering of each product of tensors, by torch's name without namespace and overload."""
