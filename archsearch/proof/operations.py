"""Names of torch operations, grouped by which elements each element of the result depends on."""

from __future__ import annotations


def names(text: str) -> frozenset[str]:
    """Split a text into names.

    >>> sorted(names("conv1d conv2d"))
    ['conv1d', 'conv2d']
    """
    return frozenset(text.split())


SAME_FOR_EVERY_IMAGE = names("""
    empty_like full_like new_empty new_full new_ones new_zeros ones_like rand_like randn_like zero zeros_like
""")
"""Operations that read only the shape of a tensor."""

MOVING = names("""
    _pad_circular broadcast_tensors broadcast_to cat channel_shuffle chunk col2im concat concatenate
    constant_pad_nd diag diag_embed diagonal diagonal_scatter dstack expand expand_as fill flatten flip fliplr
    flipud getitem hsplit hstack im2col moveaxis movedim narrow native_channel_shuffle numpy_T pad permute
    pixel_shuffle pixel_unshuffle ravel reflection_pad1d reflection_pad2d reflection_pad3d repeat repeat_interleave
    replication_pad1d replication_pad2d replication_pad3d reshape reshape_as roll rot90 select select_scatter slice
    slice_scatter split split_with_sizes squeeze stack swapaxes swapdims t tensor_split tile transpose tril triu
    unbind unflatten unfold unsafe_chunk unsafe_split unsafe_split_with_sizes unsqueeze view_as vsplit vstack
""")
"""Each element of the result is one element of an input."""

AVERAGING = names("""
    _adaptive_avg_pool2d _adaptive_avg_pool3d _upsample_bicubic2d_aa _upsample_bilinear2d_aa
    _upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d adaptive_avg_pool1d
    adaptive_avg_pool2d adaptive_avg_pool3d avg_pool1d avg_pool2d avg_pool3d cumsum mean sum upsample_bicubic2d
    upsample_bilinear2d upsample_linear1d upsample_nearest1d upsample_nearest2d upsample_nearest3d
    upsample_trilinear3d
""")
"""Linear, with positive weights. Those of bicubic interpolation may be negative, but are not known to cancel."""

ELEMENT_OF_FIRST = names("""
    _to_copy abs acos acosh alias alpha_dropout arctan asin asinh atan atanh bitwise_not ceil celu clone contiguous
    cos cosh deg2rad detach dropout elu erf erfc erfinv exp exp2 expm1 feature_alpha_dropout feature_dropout fix
    floor frac gelu hardshrink hardsigmoid hardswish hardtanh isfinite isinf isnan leaky_relu lift_fresh
    lift_fresh_copy log log10 log1p log2 log_sigmoid logical_not logit mish nan_to_num neg negative positive
    rad2deg reciprocal relu relu6 round rrelu rsqrt selu sgn sigmoid sign signbit silu sin sinc sinh softplus
    softshrink softsign sqrt square tan tanh threshold to trunc type_as
""")
"""Each element of the result depends on the same element of the first input."""

ELEMENT_OF_EACH = names("""
    __and__ __or__ __xor__ add addcdiv addcmul atan2 bitwise_and bitwise_or bitwise_xor clamp clamp_max clamp_min
    clip copysign div divide eq float_power floor_divide fmax fmin fmod ge gt heaviside hypot isclose le lerp
    logaddexp logaddexp2 logical_and logical_or logical_xor lt maximum minimum mul multiply ne pow remainder rsub
    sub subtract true_divide xlogy
""")
"""Each element of the result depends on the same element of every input, after broadcasting."""

ALL_ALONG_DIM = names("""
    all amax amin any argmax argmin count_nonzero frobenius_norm linalg_vector_norm logsumexp max median min
    nanmean nanmedian nansum norm prod std std_mean var var_mean
""")
"""Each element of the result depends on all elements along a dim of the input."""

FAKE_QUANTIZE = names("""
    _fake_quantize_learnable_per_channel_affine _fake_quantize_learnable_per_tensor_affine
    _fake_quantize_per_tensor_affine_cachemask_tensor_qparams _fused_moving_avg_obs_fq_helper
    _fused_moving_avg_obs_fq_helper_functional fake_quantize_per_channel_affine
    fake_quantize_per_channel_affine_cachemask fake_quantize_per_tensor_affine
    fake_quantize_per_tensor_affine_cachemask fused_moving_avg_obs_fake_quant
""")
"""Each element of the first result depends on the same element of the first input; NaNs become a number."""
