"""Two words of our own: squeeze-excitation and the ghost block."""

from archsearch.graph import BatchNorm, Builder, Concatenate, Convolution, Elementwise, GlobalPool
from archsearch.notation import Parameter, Word


def squeeze_excitation(build: Builder, reduction: int) -> None:
    """Multiply each channel by a factor computed from the means of all channels (Hu et al. 2018)."""
    features, channels = build.last, build.channels
    build.then(GlobalPool("avg"))
    build.then(Convolution(max(1, channels // reduction), (1, 1)))
    build.then(Elementwise("relu"))
    build.then(Convolution(channels, (1, 1)))
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
    Word("se", (Parameter("reduction", 4),), squeeze_excitation),
    Word("ghost", (Parameter("channels"), Parameter("ratio", 2)), ghost),
]
