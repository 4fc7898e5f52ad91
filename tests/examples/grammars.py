"""Small grammars, many of them ambiguous, and random ones; each with the networks that it derives."""

from __future__ import annotations

from hypothesis import strategies as st

from archsearch import ArchsearchError, Network, Space

GRAMMARS = {
    "one sentence": "network = conv(8) head()",
    "choices": "network = conv(4|8) (relu | maxpool(2) | conv(8, stride=1|2)) head(pool=avg|max)",
    "repeats": "network = conv(4|8)*1..3 relu*0..2 head()",
    "parameters": "network = two(4|8, 3|5) head()\ntwo(w, k) = conv(w, kernel=k) conv(w|2, kernel=k)",
    "rules in rules": "network = a(4|8) head()\na(w) = b(w, 1) b(w, 2)*0..1\nb(w, s) = conv(w, stride=s) | relu",
    "brackets": "network = residual(conv(3|4) relu*0..1, scale=none|skip) relu*0..1 head()",
    "brackets in brackets": "network = residual(residual(conv(4|8)*1..2, shortcut=conv|pool) relu*0..1) head()",
    "several sentences": "network = conv(4) split(conv(2|3), same | relu)*1..2 concat(same, conv(4)) head()",
    "a word as a whole": "network = conv(4) again(conv(4, kernel=1|3) (relu | se()), times=2|3)*0..1 head()",
    "one sentence, two words": "network = (conv(8) | conv(8, kernel=3)) (relu | act) head()",
    "one value in two ways": "network = conv(8) head() | conv(4|8) head()",
    "one value, two parameters": "network = a(4|8) | a(8|16)\na(w) = conv(w) head() | conv(w|8) head()",
    "repeats of repeats": "network = (relu*1..2)*1..3 head()",
    "repeats of what may be nothing": "network = (relu*0..2 same*0..1)*2..3 conv(4) head()",
    "one or two": "network = (relu | relu relu)*1..4 head()",
    "a beginning in common": "network = conv(4) conv(4|8) relu head() | conv(4) conv(8) (relu | same) head()",
    "an end in common": "network = (conv(4) relu | conv(4)) relu*0..1 head()",
    "two ways in brackets": "network = residual(conv(4)*1..2 (conv(4) | relu)) residual(a | conv(3))\na = conv(3)",
    "two ways over brackets": "network = residual(conv(3|4)) head() | residual(conv(4) relu*0..1) head()",
    "shapes that fit for some": "network = conv(4|6|7, stride=1|2) split(same, conv(2)) maxpool(8)*0..2 head()",
    "none fits": "input 3x8x8\nnetwork = conv(4|8) maxpool(9) head()",
}  # fmt: skip


def networks(space: Space) -> dict[str, Network]:
    """Return every network of a space once, by its text, whatever the number of its derivations."""
    return {str(network): network for network in map(space.at, range(space.size))}


_WORDS = st.sampled_from(
    [
        *("relu", "same", "se()", "maxpool(2)", "conv(4)", "conv(8)", "conv(4|8)", "conv(4, stride=1|2)"),
        *("sep(8, dilation=1|2)", "conv(4, kernel=1|3, norm=none)", "block(4)", "block(4|8)"),
        *("maxpool(3, stride=2)", "act(relu)", "conv(6, dilation=4)"),
    ]
)  # fmt: skip
_AROUND = ["residual({})", "residual({}, scale=none|skip)", "residual({}, shortcut=pool)"]
_BESIDE = ["split({}, same)", "concat(same, {})", "again({}, times=1|2)", "again(conv(4, kernel=1) {})"]
_TIMES = ["0..1", "1..2", "0..2", "2"]
_PARTS = st.recursive(
    _WORDS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(" ".join),
        st.lists(inner, min_size=2, max_size=3, unique=True).map(lambda items: f"({' | '.join(items)})"),
        st.tuples(inner, st.sampled_from(_TIMES)).map(lambda both: f"({both[0]})*{both[1]}"),
        st.tuples(st.sampled_from([*_AROUND, *_BESIDE]), inner).map(
            lambda both: both[0].format(f"same {both[1]}")
        ),
    ),
    max_leaves=6,
)
_BLOCKS = st.sampled_from(
    [
        "conv(w)",
        "residual(conv(w, stride=1|2) relu*0..1)",
        "conv(w) | relu conv(w|8)",
        "same | again(conv(w) conv(4))",
    ]
)


def _space(drawn: tuple[str, str, int]) -> Space | None:
    part, block, side = drawn
    rule = f"\nblock(w) = {block}" if "block" in part else ""
    try:
        return Space.of(f"input 3x{side}x{side}\nnetwork = conv(4|8) {part} head(){rule}")
    except ArchsearchError:
        return None


def random_spaces(most: int) -> st.SearchStrategy[Space]:
    """Draw spaces of at most so many derivations: choices, repeats, parameters, sentences in brackets."""
    drawn = st.tuples(_PARTS, _BLOCKS, st.sampled_from([8, 13])).map(_space)
    return drawn.filter(lambda space: space is not None and space.size <= most)  # type: ignore[return-value]
