"""What each of torch's operations is in terms of ours."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import prod
from string import ascii_lowercase
from typing import Any, TypeAlias

from archsearch.ops import (
    AdaptivePool,
    Attention,
    BatchNorm,
    Concatenate,
    Constant,
    Contract,
    Convolution,
    Elementwise,
    Expand,
    GlobalPool,
    Linear,
    Normalize,
    Op,
    Pad,
    Permute,
    Pool,
    Reduce,
    Reshape,
    Resize,
    Shape,
    Sizes,
    Take,
    TransposedConvolution,
)
from archsearch.steps import Border


class NotKnownError(Exception):
    """An operation, or a use of it, that none of ours stands for."""


class Place(ABC):
    """One step of a program where it is lowered: its arguments by torch's names, and how to add nodes for it."""

    arguments: dict[str, Any]
    function: str
    result: Shape

    @abstractmethod
    def add(self, op: Op, *inputs: int) -> int:
        """Add a node; return its number."""

    @abstractmethod
    def shape(self, number: int) -> Shape:
        """Return the shape of a node."""

    @abstractmethod
    def tensor(self, argument: Any) -> int:
        """Return the node that holds a tensor, a new constant where it does not depend on the image."""

    @abstractmethod
    def sees_image(self, argument: Any) -> bool:
        """Whether an argument is a tensor that depends on the image."""

    @abstractmethod
    def shape_of(self, argument: Any) -> Shape:
        """Return the shape of any tensor."""

    def __getitem__(self, name: str) -> Any:
        """Return an argument."""
        return self.arguments[name]

    @property
    def source(self) -> int:
        """The node of the first tensor."""
        return self.tensor(self.arguments.get("input", self.arguments.get("self")))

    def dims(self, name: str = "dim") -> Sizes:
        """Return an argument that names dims, counted from the first; all of them where it names none."""
        rank, given = len(self.shape(self.source)), self.arguments.get(name)
        given = [given] if isinstance(given, int) else given
        return tuple(dim % rank for dim in given) if given else tuple(range(rank))


Value: TypeAlias = int | tuple[int, ...]
Lowering: TypeAlias = Callable[[Place], Value]


def _each(value: Any, axes: int) -> Sizes:
    """Return a value for each axis, of one for all or of a list."""
    sizes = tuple(value) if isinstance(value, list | tuple) else (value,)
    return sizes * axes if len(sizes) == 1 else sizes


def _convolution(at: Place) -> Value:
    weight = at.shape_of(at["weight"])
    if at.sees_image(at["weight"]) or len(at.shape(at.source)) != len(weight):
        raise NotKnownError
    kernel, axes = weight[2:], len(weight) - 2
    stride, dilation = _each(at["stride"], axes), _each(at["dilation"], axes)
    source, padding = at.source, at["padding"]
    bias = at["bias"] is not None
    if at.arguments.get("transposed", "transpose" in at.function):
        more, groups = _each(at["output_padding"], axes), at["groups"]
        sizes = (kernel, stride, _each(padding, axes), more, dilation)
        return at.add(TransposedConvolution(weight[1] * groups, *sizes, groups, bias), source)
    if padding == "same":
        spans = [spread * (taps - 1) for taps, spread in zip(kernel, dilation, strict=True)]
        if any(span % 2 for span in spans):
            amounts = ((0, 0), (0, 0), *((span // 2, span - span // 2) for span in spans))
            source, spans = at.add(Pad(amounts), source), [0] * axes
        padding = [span // 2 for span in spans]
    sizes = (kernel, stride, _each(0 if padding == "valid" else padding, axes), dilation)
    return at.add(Convolution(weight[0], *sizes, at["groups"], bias), source)


def _linear(at: Place) -> Value:
    if at.sees_image(at["weight"]):
        raise NotKnownError
    return at.add(Linear(at.result[-1], at["bias"] is not None), at.source)


def _added_product(at: Place) -> Value:
    """Lower addmm: a bias, and a matrix product with a transposed weight."""
    if at.sees_image(at["mat2"]) or at.sees_image(at["self"]):
        raise NotKnownError
    return at.add(Linear(at.result[-1]), at.tensor(at["mat1"]))


def _pool(at: Place) -> Value:
    axes = len(at.shape(at.source)) - 2
    kernel = _each(at["kernel_size"], axes)
    stride = _each(at["stride"], axes) if at["stride"] else kernel
    dilation = _each(at.arguments.get("dilation", 1), axes)
    mode = "max" if at.function.startswith("max") else "avg"
    padding = _each(at["padding"], axes)
    return at.add(Pool(mode, kernel, stride, padding, dilation, bool(at["ceil_mode"])), at.source)


def _adaptive_pool(at: Place) -> Value:
    mode = "max" if "max" in at.function else "avg"
    if set(at.result[2:]) == {1}:
        return at.add(GlobalPool(mode), at.source)
    return at.add(AdaptivePool(mode, at.result[2:]), at.source)


def _batch_norm(at: Place) -> Value:
    rank = len(at.shape(at.source))
    if at.arguments.get("training", False):
        return at.add(Normalize("batch_norm", (0, *range(2, rank))), at.source)
    return at.add(BatchNorm(), at.source)


def _normalize(dims: Callable[[Place, int], Sizes]) -> Lowering:
    def lower(at: Place) -> Value:
        function = at.function.removeprefix("native_").removeprefix("_")
        return at.add(Normalize(function, dims(at, len(at.shape(at.source)))), at.source)

    return lower


def _instance_norm(at: Place) -> Value:
    if not at["use_input_stats"]:
        return at.add(BatchNorm(), at.source)
    return at.add(Normalize("instance_norm", tuple(range(2, len(at.shape(at.source))))), at.source)


def _elementwise(at: Place) -> Value:
    """Lower a function of the same element of each tensor; constants count only where they widen the shape."""
    tensors = [value for value in at.arguments.values() if at.sees_image(value)]
    found = [at.tensor(value) for value in tensors]
    op = Elementwise(at.function)
    if op.output([at.shape(number) for number in found]) != at.result:
        found.append(at.add(Constant(at.result)))
    return at.add(op, *found)


def _reduce(at: Place) -> Value:
    keep = bool(at.arguments.get("keepdim", False))
    number = at.add(Reduce(at.function, at.dims(), keep), at.source)
    return (number, number) if at.function in {"max", "min", "var_mean", "std_mean"} else number


def _same(at: Place) -> Value:
    return at.source


def _copy(at: Place) -> Value:
    return at.add(Expand(at.result), at.tensor(at["src"]))


def _reshape(at: Place) -> Value:
    return at.add(Reshape(at.result), at.source)


def _expand(at: Place) -> Value:
    return at.add(Expand(at.result), at.source)


def _permute(at: Place) -> Value:
    return at.add(Permute(at.dims("dims")), at.source)


def _transpose(at: Place) -> Value:
    order = list(range(len(at.shape(at.source))))
    first, second = [value for name, value in at.arguments.items() if name != "self"] or (0, 1)
    order[first], order[second] = order[second], order[first]
    return at.add(Permute(tuple(order)), at.source)


def _move_dims(at: Place) -> Value:
    sources, targets = at.dims("source"), at.dims("destination")
    rest = iter(dim for dim in range(len(at.result)) if dim not in sources)
    moved = dict(zip(targets, sources, strict=True))
    order = tuple(moved[dim] if dim in moved else next(rest) for dim in range(len(at.result)))
    return at.add(Permute(order), at.source)


def _slice(at: Place) -> Value:
    dim = at["dim"] % len(at.shape(at.source))
    size = at.shape(at.source)[dim]
    indices = range(size)[slice(at["start"], at["end"], at["step"])]
    return at.add(Take(dim, indices.start, len(indices), indices.step), at.source)


def _narrow(at: Place) -> Value:
    dim = at["dim"] % len(at.shape(at.source))
    return at.add(Take(dim, at["start"], at["length"]), at.source)


def _select(at: Place) -> Value:
    dim = at["dim"] % len(at.shape(at.source))
    return at.add(Reshape(at.result), at.add(Take(dim, at["index"] % at.shape(at.source)[dim], 1), at.source))


def _parts(at: Place, dim: int, lengths: list[int]) -> tuple[int, ...]:
    starts = [sum(lengths[:number]) for number in range(len(lengths))]
    pairs = zip(starts, lengths, strict=True)
    return tuple(at.add(Take(dim, start, length), at.source) for start, length in pairs)


def _split(at: Place) -> Value:
    dim = at["dim"] % len(at.shape(at.source))
    size = at.shape(at.source)[dim]
    lengths = at.arguments.get("split_sizes", at.arguments.get("split_size", at.arguments.get("chunks")))
    if at.function == "chunk":
        lengths = -(-size // lengths)
    if isinstance(lengths, int):
        lengths = [min(lengths, size - start) for start in range(0, size, lengths)]
    return _parts(at, dim, list(lengths))


def _unbind(at: Place) -> Value:
    dim = at["dim"] % len(at.shape(at.source))
    shape = at.shape(at.source)
    parts = _parts(at, dim, [1] * shape[dim])
    return tuple(at.add(Reshape((*shape[:dim], *shape[dim + 1 :])), part) for part in parts)


def _flip(at: Place) -> Value:
    number = at.source
    for dim in at.dims("dims"):
        size = at.shape(number)[dim]
        number = at.add(Take(dim, size - 1, size, -1), number)
    return number


def _roll(at: Place) -> Value:
    number = at.source
    if not at["dims"]:
        raise NotKnownError
    for shift, dim in zip(_each(at["shifts"], 1), at.dims("dims"), strict=True):
        number = at.add(Take(dim, -shift, at.shape(number)[dim], wraps=True), number)
    return number


def _concatenate(at: Place) -> Value:
    shapes = {at.shape_of(tensor) for tensor in at["tensors"]}
    numbers = [at.tensor(tensor) for tensor in at["tensors"]]
    dim = at["dim"] % len(at.result)
    if at.function == "stack":
        (shape,) = shapes
        numbers = [at.add(Reshape((*shape[:dim], 1, *shape[dim:])), number) for number in numbers]
    return at.add(Concatenate(dim), *numbers)


def _repeat(at: Place) -> Value:
    number, shape = at.source, at.shape(at.source)
    repeats = at["repeats"]
    number = at.add(Reshape((1,) * (len(repeats) - len(shape)) + shape), number)
    for dim, count in enumerate(repeats):
        if count > 1:
            number = at.add(Concatenate(dim), *[number] * count)
    return number


def _replaced_slice(at: Place) -> Value:
    """Lower slice_scatter: what stands before a slice, what replaces it, what stands after it."""
    first, dim = at.source, at["dim"]
    size = at.shape(first)[dim]
    indices = range(size)[slice(at["start"], at["end"], at["step"])]
    if indices.step != 1:
        raise NotKnownError
    parts = [at.tensor(at["src"])]
    if indices.start:
        parts.insert(0, at.add(Take(dim, 0, indices.start), first))
    if indices.stop < size:
        parts.append(at.add(Take(dim, indices.stop, size - indices.stop), first))
    return at.add(Concatenate(dim), *parts)


_BORDERS: Mapping[str, Border] = {
    "constant": "zeros",
    "reflect": "reflect",
    "reflection": "reflect",
    "replicate": "replicate",
    "replication": "replicate",
    "circular": "circular",
}


def _pad(at: Place) -> Value:
    rank = len(at.shape(at.source))
    flat = at.arguments.get("pad", at.arguments.get("padding"))
    pairs = [(flat[n], flat[n + 1]) for n in range(0, len(flat), 2)]
    mode = at.arguments.get("mode", at.function.split("_")[0])
    if mode not in _BORDERS:
        raise NotKnownError
    amounts = ((0, 0),) * (rank - len(pairs)) + tuple(reversed(pairs))
    return at.add(Pad(amounts, _BORDERS[mode]), at.source)


def _resize(at: Place) -> Value:
    before, after = at.shape(at.source)[2:], at.result[2:]
    scales = at.arguments.get("scale_factors")
    if scales is None:
        names = ("scales_d", "scales_h", "scales_w", "scales")
        scales = [at.arguments[name] for name in names if name in at.arguments]
    corners = bool(at.arguments.get("align_corners", False))
    mode = next(mode for name, mode in _RESIZES.items() if name in at.function)
    ratios = []
    for number, (size, units) in enumerate(zip(before, after, strict=True)):
        scale = scales[number] if scales and scales[number] else None
        if corners:
            ratios.append(Fraction(size - 1, units - 1) if units > 1 else Fraction(0))
        else:
            ratios.append(1 / Fraction(scale).limit_denominator(10**6) if scale else Fraction(size, units))
    return at.add(Resize(mode, after, tuple(ratios), corners), at.source)


_RESIZES: Mapping[str, Any] = {
    "nearest_exact": "nearest-exact",
    "nearest": "nearest",
    "linear": "linear",
    "bicubic": "cubic",
}


def _pixel_shuffle(at: Place) -> Value:
    *batch, channels, height, width = at.shape(at.source)
    factor, rank = at["upscale_factor"], len(batch)
    apart = at.add(Reshape((*batch, channels // factor**2, factor, factor, height, width)), at.source)
    order = (*range(rank + 1), rank + 3, rank + 1, rank + 4, rank + 2)
    return at.add(Reshape(at.result), at.add(Permute(order), apart))


def _pixel_unshuffle(at: Place) -> Value:
    *batch, channels, height, width = at.shape(at.source)
    factor, rank = at["downscale_factor"], len(batch)
    apart = at.add(Reshape((*batch, channels, height // factor, factor, width // factor, factor)), at.source)
    order = (*range(rank + 1), rank + 2, rank + 4, rank + 1, rank + 3)
    return at.add(Reshape(at.result), at.add(Permute(order), apart))


def _channel_shuffle(at: Place) -> Value:
    batch, channels, *extent = at.shape(at.source)
    groups = at["groups"]
    apart = at.add(Reshape((batch, groups, channels // groups, prod(extent))), at.source)
    return at.add(Reshape(at.result), at.add(Permute((0, 2, 1, 3)), apart))


def _gated(at: Place) -> Value:
    """Lower glu: one half times a function of the other."""
    dim = at["dim"] % len(at.result)
    size = at.result[dim]
    return at.add(Elementwise("glu"), *_parts(at, dim, [size, size]))


def _matrix_product(at: Place) -> Value:
    names = ("self", "other") if "other" in at.arguments else ("self", "mat2")
    first, second = (at.tensor(at[name]) for name in names)
    one, other = (len(at.shape(number)) for number in (first, second))
    if min(one, other) < 2:
        raise NotKnownError
    batch = ascii_lowercase[: max(one, other) - 2]
    letters = [batch[len(batch) - rank + 2 :] for rank in (one, other)]
    return at.add(Contract(letters[0] + "xy", letters[1] + "yz", batch + "xz"), first, second)


def _added_products(at: Place) -> Value:
    """Lower baddbmm: a tensor, and a product for each matrix of a batch."""
    products = at.add(Contract("bxy", "byz", "bxz"), at.tensor(at["batch1"]), at.tensor(at["batch2"]))
    return at.add(Elementwise("add"), products, at.source) if at.sees_image(at["self"]) else products


def _einsum(at: Place) -> Value:
    operands, _arrow, result = at["equation"].replace(" ", "").partition("->")
    letters = operands.split(",")
    if len(letters) != 2 or "." in operands or not result or any(len(set(one)) < len(one) for one in letters):
        raise NotKnownError
    return at.add(Contract(*letters, result), *map(at.tensor, at["tensors"]))


def _attention(at: Place) -> Value:
    masked = at["attn_mask"] is not None or bool(at["is_causal"])
    return at.add(Attention(masked), *(at.tensor(at[name]) for name in ("query", "key", "value")))


_ELEMENTWISE = (
    "abs", "add", "addcdiv", "addcmul", "atan", "ceil", "celu", "clamp", "clamp_max", "clamp_min", "cos", "div",
    "elu", "eq", "erf", "exp", "expm1", "floor", "ge", "gelu", "gt", "hardsigmoid", "hardswish", "hardtanh", "le",
    "leaky_relu", "lerp", "log", "log1p", "log_sigmoid", "logical_and", "logical_not", "logical_or", "lt",
    "masked_fill", "maximum", "minimum", "mish", "mul", "ne", "neg", "pow", "prelu", "reciprocal", "relu", "relu6",
    "remainder", "round", "rrelu", "rsqrt", "rsub", "selu", "sigmoid", "sign", "silu", "sin", "softplus",
    "softsign", "sqrt", "square", "sub", "tan", "tanh", "threshold", "where",
)  # fmt: skip
_REDUCE = (
    "amax", "amin", "argmax", "linalg_vector_norm", "logsumexp", "max", "mean", "min", "norm", "prod", "std",
    "std_mean", "sum", "var", "var_mean",
)  # fmt: skip
_SAME = (
    "alias", "alpha_dropout", "clone", "contiguous", "detach", "dropout", "feature_dropout", "lift_fresh_copy",
    "_to_copy", "to",
)  # fmt: skip
_RESHAPE = ("flatten", "reshape", "squeeze", "unflatten", "_unsafe_view", "unsqueeze", "view")

KNOWN: Mapping[str, Lowering] = {
    name: lower
    for names, lower in (
        (["conv1d", "conv2d", "conv3d", "convolution"], _convolution),
        (["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"], _convolution),
        (["linear"], _linear),
        (["addmm"], _added_product),
        (["matmul", "mm", "bmm"], _matrix_product),
        (["baddbmm"], _added_products),
        (["einsum"], _einsum),
        (["scaled_dot_product_attention"], _attention),
        (["max_pool1d", "max_pool2d", "max_pool3d", "max_pool2d_with_indices", "max_pool3d_with_indices"], _pool),
        (["avg_pool1d", "avg_pool2d", "avg_pool3d"], _pool),
        ([f"adaptive_{mode}_pool{axes}d" for mode in ("avg", "max") for axes in (1, 2, 3)], _adaptive_pool),
        (["_adaptive_avg_pool2d", "_adaptive_avg_pool3d"], _adaptive_pool),
        (["batch_norm", "_native_batch_norm_legit_no_training"], _batch_norm),
        (["instance_norm"], _instance_norm),
        (["group_norm", "native_group_norm"], _normalize(lambda _at, rank: tuple(range(1, rank)))),
        (
            ["layer_norm", "native_layer_norm", "rms_norm"],
            _normalize(lambda at, rank: tuple(range(rank - len(at["normalized_shape"]), rank))),
        ),
        (["softmax", "_softmax", "log_softmax", "_log_softmax"], _normalize(lambda at, _rank: at.dims())),
        (_ELEMENTWISE, _elementwise),
        (_REDUCE, _reduce),
        (_SAME, _same),
        (["copy"], _copy),
        (_RESHAPE, _reshape),
        (["expand"], _expand),
        (["permute"], _permute),
        (["transpose", "t", "swapaxes", "swapdims"], _transpose),
        (["movedim", "moveaxis"], _move_dims),
        (["slice"], _slice),
        (["narrow"], _narrow),
        (["select"], _select),
        (["split", "split_with_sizes", "chunk"], _split),
        (["unbind"], _unbind),
        (["flip"], _flip),
        (["roll"], _roll),
        (["cat", "concat", "stack"], _concatenate),
        (["repeat"], _repeat),
        (["slice_scatter"], _replaced_slice),
        (["pad", "constant_pad_nd"], _pad),
        ([f"{mode}_pad{axes}d" for mode in ("reflection", "replication") for axes in (1, 2, 3)], _pad),
        ([f"upsample_nearest{axes}d" for axes in (1, 2, 3)], _resize),
        ([f"_upsample_nearest_exact{axes}d" for axes in (1, 2, 3)], _resize),
        (["upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d"], _resize),
        (["pixel_shuffle"], _pixel_shuffle),
        (["pixel_unshuffle"], _pixel_unshuffle),
        (["channel_shuffle"], _channel_shuffle),
        (["glu"], _gated),
    )
    for name in names
}
"""The lowering of each of torch's operations, by its name without namespace and overload."""
