"""Two words of our own: efficient channel attention and the ghost block."""

from archsearch.graph import BatchNorm, Builder, Concatenate, Convolution, Elementwise, GlobalPool, Reshape
from archsearch.notation import Parameter, Word


def channel_attention(build: Builder, kernel: int) -> None:
    """Multiply each channel by a factor computed from the means of its neighbours (Wang et al. 2020)."""
    features, channels = build.last, build.channels
    build.then(GlobalPool("avg"))
    build.then(Reshape((1, 1, channels, 1)))  # the channels one above the other, as a map
    build.then(Convolution(1, (kernel, 1), padding=(kernel // 2, 0), bias=False))
    build.then(Reshape((1, channels, 1, 1)))
    factors = build.then(Elementwise("sigmoid"))
    build.then(Elementwise("mul"), features, factors)


def ghost(build: Builder, channels: int, ratio: int) -> None:
    """Make one channel in `ratio` by a 1 x 1 convolution, the others from these, depthwise (Han et al. 2020)."""
    primary = channels // ratio
    first = _normed(build, Convolution(primary, (1, 1), bias=False))
    others = Convolution(channels - primary, (3, 3), padding=(1, 1), groups=primary, bias=False)
    build.then(Concatenate(), first, _normed(build, others))


def _normed(build: Builder, convolution: Convolution) -> int:
    build.then(convolution)
    build.then(BatchNorm())
    return build.then(Elementwise("relu"))


WORDS = [
    Word("eca", (Parameter("kernel", 3),), channel_attention),
    Word("ghost", (Parameter("channels"), Parameter("ratio", 2)), ghost),
]
