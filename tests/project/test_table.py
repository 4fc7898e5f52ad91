"""Plain text tables in a width: whole columns, wrapped words, and a line that names what is left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archsearch.table import render

COLUMNS = ("name", "rf", "params", "macs", "reason")
REASON = "rf is 7, not > 44; params is 1,234,567, not < 200k"
ROWS = [("reference", 75, 157110, 28361120, None), ("other", 7, 1234567, None, REASON)]
WHOLE = f"""\
name       rf     params        macs  reason
reference  75    157,110  28,361,120
other       7  1,234,567              {REASON}"""


def test_a_table_that_fits_is_the_table_without_a_width() -> None:
    assert render(COLUMNS, ROWS) == render(COLUMNS, ROWS, 88) == render(COLUMNS, ROWS, 200, "--csv") == WHOLE


def test_the_words_of_the_last_column_are_wrapped() -> None:
    expected = """\
name       rf     params        macs  reason
reference  75    157,110  28,361,120
other       7  1,234,567              rf is 7, not > 44; params is
                                      1,234,567, not < 200k"""
    assert render(COLUMNS, ROWS, 68) == expected


def test_columns_without_room_are_left_out_whole_and_named() -> None:
    expected = """\
name       rf     params        macs
reference  75    157,110  28,361,120
other       7  1,234,567
1 column does not fit in 67: reason; --csv writes all"""
    assert render(COLUMNS, ROWS, 67, "--csv writes all") == expected
    expected = """\
name       rf     params
reference  75    157,110
other       7  1,234,567
2 columns do not fit in 35: macs,
reason"""
    assert render(COLUMNS, ROWS, 35) == expected


def test_the_first_column_stays() -> None:
    lines = render(COLUMNS, ROWS, 5).splitlines()
    assert lines[:3] == ["name", "reference", "other"]
    assert render(("sentence",), [("conv(24) " * 9,)], 40).splitlines() == [
        "sentence",
        "conv(24) conv(24) conv(24) conv(24)",
        "conv(24) conv(24) conv(24) conv(24)",
        "conv(24)",
    ]


def test_a_boolean_is_a_word() -> None:
    assert render(("fits", "rf"), [(True, 7), (False, 107)]) == "fits   rf\nyes     7\nno    107"


VALUES = st.none() | st.booleans() | st.integers() | st.text("ab ", max_size=50)


@given(
    st.integers(1, 6).flatmap(lambda size: st.lists(st.tuples(*[VALUES] * size), min_size=1)), st.integers(1, 150)
)
def test_no_width_cuts_a_column(rows: list[tuple[object, ...]], width: int) -> None:
    columns = [f"column{number}" for number in range(len(rows[0]))]
    whole, table = render(columns, rows), render(columns, rows, width)
    shown = [name for name in columns if name in table.split("\n")[0].split()]
    assert shown == columns[: len(shown)] != []
    note = "".join(table.split()).partition("notfitin")[2]
    assert note == ("" if shown == columns else f"{width}:" + ",".join(columns[len(shown) :]))
    if max(map(len, whole.split("\n"))) <= width:
        assert table == whole
    if len(shown) > 1:
        assert max(map(len, table.split("\n"))) <= width
