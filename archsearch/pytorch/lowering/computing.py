"""Lowering of operations that compute: convolutions, pooling, norms, products, elementwise functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from string import ascii_lowercase
from typing import Literal, TypeAlias

from archsearch.graph.ops import folding, maps, mixing
from archsearch.graph.ops.functions import ACTIVATIONS, ARITHMETIC
from archsearch.graph.ops.moving import Pad, Reshape
from archsearch.graph.ops.norms import BatchNorm
from archsearch.graph.ops.operation import Constant
from archsearch.graph.shapes import Sizes
from archsearch.pytorch.lowering.aten_call import AtenCall, Lowering, NodeNumbers, NotKnownError, batched, each
from archsearch.pytorch.lowering.products import PRODUCTS

Mode: TypeAlias = Literal["max", "avg"]


@batched
def _convolution(at: AtenCall) -> NodeNumbers:
    """Lower a convolution; a kernel that depends on the image is read after the map."""
    weight = at.shape_of(at["weight"])
    if len(at.shape(at.source)) != len(weight):
        raise NotKnownError
    made = [at.tensor(at["weight"])] if at.sees_image(at["weight"]) else []
    kernel, axes = weight[2:], len(weight) - 2
    stride, dilation = each(at["stride"], axes), each(at["dilation"], axes)
    source, padding = at.source, at["padding"]
    bias = at["bias"] is not None
    if at.arguments.get("transposed", "transpose" in at.function):
        more, groups = each(at["output_padding"], axes), at["groups"]
        before = (kernel, stride, each(padding, axes), more)
        return at.add(
            maps.TransposedConvolution(weight[1] * groups, *before, dilation, groups, bias), source, *made
        )
    if padding == "same":
        spans = [spread * (taps - 1) for taps, spread in zip(kernel, dilation, strict=True)]
        if any(span % 2 for span in spans):
            amounts = ((0, 0), (0, 0), *((span // 2, span - span // 2) for span in spans))
            source, spans = at.add(Pad(amounts), source), [0] * axes
        padding = [span // 2 for span in spans]
    sizes = (kernel, stride, each(0 if padding == "valid" else padding, axes), dilation)
    return at.add(maps.Convolution(weight[0], *sizes, at["groups"], bias), source, *made)


def _linear(at: AtenCall) -> NodeNumbers:
    """Lower a linear layer; one with weights that depend on the image is a product of the two."""
    if not at.sees_image(at["weight"]) and not at.sees_image(at["bias"]):
        return at.add(mixing.Linear(at.result[-1], at["bias"] is not None), at.source)
    others = ascii_lowercase[: len(at.shape(at.source)) - 1]
    one = len(at.shape_of(at["weight"])) == 1
    letters = (others + "y", "y" if one else "zy", others if one else others + "z")
    product = at.add(mixing.Contract(*letters), at.source, at.tensor(at["weight"]))
    if at["bias"] is None:
        return product
    bias = [at.tensor(at["bias"])] if at.sees_image(at["bias"]) else []
    return at.add(mixing.Elementwise("add"), product, *bias)


@batched
def _pool(at: AtenCall) -> NodeNumbers:
    axes = len(at.shape(at.source)) - 2
    kernel = each(at["kernel_size"], axes)
    stride = each(at["stride"], axes) if at["stride"] else kernel
    dilation = each(at.arguments.get("dilation", 1), axes)
    mode: Mode = "max" if at.function.startswith("max") else "avg"
    padding = each(at["padding"], axes)
    op = maps.Pool(mode, kernel, stride, padding, dilation, bool(at["ceil_mode"]))
    return at.for_each_result(at.add(op, at.source))


def _fractional_pool(at: AtenCall) -> NodeNumbers:
    return at.for_each_result(at.add(folding.FractionalPool(tuple(at["kernel_size"]), at.result[2:]), at.source))


def _max_unpool(at: AtenCall) -> NodeNumbers:
    """Lower max_unpool with the window of the pooling that its indices come from."""
    indices = at.tensor(at["indices"])
    pooled = at.node(indices)
    # In 1d torch adds an axis of size 1 behind.
    added = len(at.result) - 3 if isinstance(pooled.op, Reshape) else 0
    pool = at.node(pooled.inputs[0]).op if added else pooled.op
    if not isinstance(pool, maps.Pool) or len(pool.kernel) + added != len(at.result) - 2:
        raise NotKnownError
    ones, zeros = (1,) * added, (0,) * added
    window = (pool.kernel + ones, pool.stride + ones, pool.padding + zeros, pool.dilation + ones)
    return at.add(folding.MaxUnpool(*window, at.result[2:]), at.source, indices)


@batched
def _adaptive_pool(at: AtenCall) -> NodeNumbers:
    mode: Mode = "max" if "max" in at.function else "avg"
    if set(at.result[2:]) == {1}:
        return at.add(maps.GlobalPool(mode), at.source)
    return at.add(maps.AdaptivePool(mode, at.result[2:]), at.source)


def _batch_norm(at: AtenCall) -> NodeNumbers:
    rank = len(at.shape(at.source))
    if at.arguments.get("training", False):
        return at.add(mixing.Normalize("batch_norm", (0, *range(2, rank))), at.source)
    return at.add(BatchNorm(), at.source)


def _normalize(dims: Callable[[AtenCall, int], Sizes]) -> Lowering:
    def lower(at: AtenCall) -> NodeNumbers:
        function = at.function.removeprefix("native_").removeprefix("_")
        return at.add(mixing.Normalize(function, dims(at, len(at.shape(at.source)))), at.source)

    return lower


def _group_norm(at: AtenCall) -> NodeNumbers:
    groups = at["num_groups"] if "num_groups" in at.arguments else at["group"]
    return at.add(mixing.Normalize("group_norm", tuple(range(1, len(at.shape(at.source)))), groups), at.source)


def _instance_norm(at: AtenCall) -> NodeNumbers:
    if not at["use_input_stats"]:
        return at.add(BatchNorm(), at.source)
    return at.add(mixing.Normalize("instance_norm", tuple(range(2, len(at.shape(at.source))))), at.source)


def _elementwise(at: AtenCall) -> NodeNumbers:
    """Lower a function of the same element of each tensor; a constant matters only if it widens the shape."""
    tensors = [value for value in at.arguments.values() if at.sees_image(value)]
    found = [at.tensor(value) for value in tensors]
    op = mixing.Elementwise(at.function)
    if op.output([at.shape(number) for number in found]) != at.result:
        found.append(at.add(Constant(at.result)))
    return at.add(op, *found)


def _reduce(at: AtenCall) -> NodeNumbers:
    if "other" in at.arguments:
        return _elementwise(at)
    keep = bool(at.arguments.get("keepdim", False))
    number = at.add(mixing.Reduce(at.function, at.dims(), keep), at.source)
    return (number, number) if at.gives_several else number


def _fake_quantize(at: AtenCall) -> NodeNumbers:
    """Lower fake quantisation by the scale and zero point as they stand, like the statistics of a batch norm."""
    return at.for_each_result(at.add(mixing.Elementwise("fake_quantize"), at.source))


def _resize(at: AtenCall) -> NodeNumbers:
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
    antialias = at.function.endswith("_aa")
    return at.add(maps.Resize(mode, after, tuple(ratios), corners, antialias), at.source)


def _attention(at: AtenCall) -> NodeNumbers:
    masked = at["attn_mask"] is not None or bool(at["is_causal"])
    return at.add(mixing.Attention(masked), *(at.tensor(at[name]) for name in ("query", "key", "value")))


_RESIZES: Mapping[str, Literal["nearest", "nearest-exact", "linear", "cubic"]] = {
    "nearest_exact": "nearest-exact",
    "nearest": "nearest",
    "linear": "linear",
    "bicubic": "cubic",
}

_FAKE_QUANTIZE = (
    "_fake_quantize_learnable_per_channel_affine", "_fake_quantize_learnable_per_tensor_affine",
    "_fake_quantize_per_tensor_affine_cachemask_tensor_qparams", "_fused_moving_avg_obs_fq_helper",
    "_fused_moving_avg_obs_fq_helper_functional", "fake_quantize_per_channel_affine",
    "fake_quantize_per_channel_affine_cachemask", "fake_quantize_per_tensor_affine",
    "fake_quantize_per_tensor_affine_cachemask", "fused_moving_avg_obs_fake_quant",
)  # fmt: skip

_REDUCE = (
    "all", "amax", "amin", "any", "argmax", "argmin", "count_nonzero", "linalg_vector_norm", "logsumexp", "max",
    "mean", "median", "min", "norm", "prod", "std", "std_mean", "sum", "var", "var_mean",
)  # fmt: skip

COMPUTING: Mapping[str, Lowering] = PRODUCTS | {
    name: lower
    for names, lower in (
        (["conv1d", "conv2d", "conv3d", "convolution"], _convolution),
        (["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"], _convolution),
        (["linear"], _linear),
        (["scaled_dot_product_attention"], _attention),
        (["max_pool1d", "max_pool2d", "max_pool3d", "max_pool2d_with_indices", "max_pool3d_with_indices"], _pool),
        (["max_pool1d_with_indices"], _pool),
        (["fractional_max_pool2d", "fractional_max_pool3d"], _fractional_pool),
        (["max_unpool2d", "max_unpool3d"], _max_unpool),
        (["avg_pool1d", "avg_pool2d", "avg_pool3d"], _pool),
        ([f"adaptive_{mode}_pool{axes}d" for mode in ("avg", "max") for axes in (1, 2, 3)], _adaptive_pool),
        (["_adaptive_avg_pool2d", "_adaptive_avg_pool3d"], _adaptive_pool),
        (["batch_norm", "_native_batch_norm_legit_no_training"], _batch_norm),
        (["instance_norm"], _instance_norm),
        (["group_norm", "native_group_norm"], _group_norm),
        (
            ["layer_norm", "native_layer_norm", "rms_norm"],
            _normalize(lambda at, rank: tuple(range(rank - len(at["normalized_shape"]), rank))),
        ),
        (["softmax", "_softmax", "log_softmax", "_log_softmax"], _normalize(lambda at, _rank: at.dims())),
        (ARITHMETIC | ACTIVATIONS, _elementwise),
        (_REDUCE, _reduce),
        (_FAKE_QUANTIZE, _fake_quantize),
        ([f"upsample_nearest{axes}d" for axes in (1, 2, 3)], _resize),
        ([f"_upsample_nearest_exact{axes}d" for axes in (1, 2, 3)], _resize),
        (["upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d"], _resize),
        (["_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa"], _resize),
    )
    for name in names
}
"""The lowering of each operation that computes, by torch's name without namespace and overload."""
