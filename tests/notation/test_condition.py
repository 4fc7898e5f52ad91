"""Conditions: what holds, what is written alike, and what is said of one that cannot be read."""

from __future__ import annotations

import pytest
from examples.mistakes import CONDITION, place_of, unmarked
from hypothesis import given
from hypothesis import strategies as st

from archsearch.errors import NotationError
from archsearch.notation.condition import ColumnValue, Condition

VALUES = {"rf": 44, "params": 200_000, "macs": 1_500_000, "depth": 3}
NAMES: dict[str, ColumnValue] = {"rf": 44, "state": "complete", "accuracy": None}
WORDS = {"state": ("complete", "refused")}

# condition, whether it holds for VALUES
HOLDS = [
    ("rf > 44", False),
    ("rf >= 44", True),
    ("rf > 43", True),
    ("params < 200k", False),
    ("params <= 200k", True),
    ("params < 200_001", True),
    ("macs = 1.5M", True),
    ("macs == 1500k", True),
    ("macs != 1.5M", False),
    ("rf > 44 or params <= 200k", True),
    ("rf > 44, params <= 200k", False),
    # `and` binds tighter than `or`, the comma loosest
    ("rf > 0 or rf > 44 and params < 1", True),
    ("(rf > 0 or rf > 44) and params < 1", False),
    ("rf > 44 or rf > 0, params < 1", False),
    ("rf > 43.5", True),
    ("rf > 44.5", False),
    ("rf > 44 OR params <= 200k AND rf > 0", True),
    ("not rf > 44", True),
    ("not rf > 43 or depth = 3", True),
    ("not (rf > 43 or depth = 3)", False),
    ("depth in (1, 3, 200k)", True),
    ("depth not in (1, 3)", False),
    ("Not depth In (1, 2)", True),
]


@pytest.mark.parametrize(("text", "expected"), HOLDS)
def test_holds(text: str, expected: bool) -> None:
    assert Condition.of(text, VALUES).holds(VALUES) is expected


# condition, whether it holds for NAMES, where one value is missing
MISSING = [
    ("state = 'complete', accuracy > 85.5", False),
    ("state = 'complete' or accuracy > 85.5", True),
    ("accuracy != 1", False),
    ("not accuracy = 1", False),
    ("accuracy in (1, 2) or accuracy not in (1, 2)", False),
    ("accuracy is none", True),
    ("accuracy is not none", False),
    ("not accuracy is none", False),
    ("accuracy is none and rf is not none", True),
    ("state in ('complete', 'refused')", True),
    ('state not in ("refused")', True),
]


@pytest.mark.parametrize(("text", "expected"), MISSING)
def test_words_and_missing_values(text: str, expected: bool) -> None:
    assert Condition.of(text, NAMES, WORDS).holds(NAMES) is expected


ALIKE = [
    ("params<200k", "params < 200k"),
    ("params < 200_000, rf == 44.0", "params < 200k, rf = 44"),
    ("(rf > 44), ((params < 0.2M))", "params < 200k, rf > 44"),
    ("rf > 44 and rf > 44", "rf > 44"),
    ("rf > 1 or (depth > 2 or macs > 3)  # either", "depth > 2 or macs > 3 or rf > 1"),
    ("(rf > 1 or depth > 2) and macs > 3 or depth = 1", "(depth > 2 or rf > 1) and macs > 3 or depth = 1"),
    ("not (rf > 1, depth <= 2)", "depth > 2 or rf <= 1"),
    ("depth in (1, 2)", "depth = 1 or depth = 2"),
    ("rf > 1 or depth in (2) and (macs > 3 or macs > 3)", "depth = 2 and macs > 3 or rf > 1"),
    ("rf > 0.000001", "rf > 0.000001"),
]


@pytest.mark.parametrize(("text", "canonical"), ALIKE)
def test_conditions_of_one_meaning_are_written_alike(text: str, canonical: str) -> None:
    assert Condition.of(text, VALUES).canonical == canonical
    assert Condition.of(canonical, VALUES).canonical == canonical


def test_a_condition_is_written_on_one_line_that_means_the_same() -> None:
    condition = Condition.of("rf > 44  # far\n,  state != 'no  #1' # and\n", NAMES, {"state": ()})
    assert str(condition) == "rf > 44 , state != 'no  #1'"
    assert Condition.of(str(condition), NAMES, {"state": ()}).canonical == condition.canonical
    assert [clause.text for clause in condition.clauses] == ["rf > 44", "state != 'no  #1'"]


@given(
    st.tuples(*[st.sampled_from(["rf", "depth"]), st.sampled_from(["<", "<=", ">", ">=", "=", "!="])]),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_the_comparisons_are_pythons(parts: tuple[str, str], bound: int, value: int) -> None:
    name, comparator = parts
    operators = {
        "<": int.__lt__,
        "<=": int.__le__,
        ">": int.__gt__,
        ">=": int.__ge__,
        "=": int.__eq__,
        "!=": int.__ne__,
    }
    held = operators[comparator](value, bound)
    text = f"{name} {comparator} {bound}"
    assert Condition.of(text, [name]).holds({name: value}) == held
    assert Condition.of(f"not {text}", [name]).holds({name: value}) == (not held)


AFTER_NUMBER = "expected `,`, `and`, `or` or the end"
VALUE = "expected a number or a quoted word"
AFTER_NAME = "expected `in`, `is`, `not` or one of < <= > >= = !="
BEGIN = "expected `(`, `not` or a name"
IS_NONE = "write `is none` or `is not none`; a value is compared with ="
NUMBER = "a number is written like 44, 85.5, 200_000, 200k or 1.5M"

# A condition with an @ before the place that is named, what is unexpected, and what to write.
MISTAKES = [
    ("rf < 20@m", f"`m`; {AFTER_NUMBER}", "k is a thousand, M a million: write 20M"),
    ("rf < 2.5 @million", f"`million`; {AFTER_NUMBER}", "k is a thousand, M a million: write 2.5M"),
    ("rf < 20 @K or rf > 3", f"`K`; {AFTER_NUMBER}", "k is a thousand, M a million: write 20k"),
    ("rf < 2@G", f"`G`; {AFTER_NUMBER}", "k is a thousand, M a million: write 2000M"),
    ("rf < 44@px", f"`px`; {AFTER_NUMBER}", NUMBER),
    ("rf < 44@.", f"`.`; {AFTER_NUMBER}", NUMBER),
    ("rf < 1@e6", f"`e6`; {AFTER_NUMBER}", "write 1M"),
    ("rf < 2.5@e3", f"`e3`; {AFTER_NUMBER}", "write 2500"),
    ("rf < 1@e-3", f"`e`; {AFTER_NUMBER}", "write 0.001"),
    ("rf < 1@e999", f"`e999`; {AFTER_NUMBER}", "a bound is a finite number of at most 24 digits"),
    ("rf < @.5", f"`.`; {VALUE}", "write 0.5"),
    ("rf < @inf", f"`inf`; {VALUE}", "a bound is a finite number"),
    ("accuracy > 85@%", f"`%`; {AFTER_NUMBER}", "write 85: accuracies are in percent"),
    ("rf < 200,@000", f"`000`; {BEGIN}", "a comma means `and`: write 200_000"),
    ("rf < 1,@200,000", f"`200`; {BEGIN}", "a comma means `and`: write 1_200_000"),
    ("rf =@> 3", f"`>`; {VALUE}", "write >="),
    ("rf =@< 3", f"`<`; {VALUE}", "write <="),
    ("rf <@> 3", f"`>`; {VALUE}", "write !="),
    ("rf @≥ 3", f"`≥`; {AFTER_NAME}", "write >="),
    ("rf > 3 @&& rf < 9", f"`&`; {AFTER_NUMBER}", "write `and`, or a comma"),
    ("rf > 3 @|| rf < 9", f"`|`; {AFTER_NUMBER}", "write `or`"),
    ("rf > 3@; rf < 9", f"`;`; {AFTER_NUMBER}", "join conditions with a comma, `and` or `or`"),
    ("@!rf > 3", f"`!`; {BEGIN}", "write `not`, as in: not rf > 44"),
    ("@44 <= rf < 100", f"`44`; {BEGIN}", "write the name first: rf >= 44, rf < 100"),
    ("rf > 4 @< 9", f"`<`; {AFTER_NUMBER}", "write two comparisons, as in: rf > 3, rf < 9"),
    ("rf @between 3 and 5", f"`between`; {AFTER_NAME}", "write rf >= 3, rf <= 5"),
    ("@'complete' = state", f"`'complete'`; {BEGIN}", "write the name first, as in: state = 'complete'"),
    ("state = @complete", f"`complete`; {VALUE}", "a word is quoted: write 'complete'"),
    ("state = @'complete", f"`'`; {VALUE}", "close the quote, as in: state = 'complete'"),
    ("state = @‘complete’", f"`‘`; {VALUE}", "write straight quotes, as in: state = 'complete'"),
    ("state @like 'comp%'", f"`like`; {AFTER_NAME}", "words are compared whole, with = or !=, or with `in`"),
    ("accuracy = @none", f"`none`; {VALUE}", "write accuracy is none"),
    ("accuracy != @NULL", f"`NULL`; {VALUE}", "write accuracy is not none"),
    ("accuracy is @null", "`null`; expected `none` or `not`", IS_NONE),
    ("state is @'complete'", "`'complete'`; expected `none` or `not`", IS_NONE),
    (
        "state in @'complete'",
        "`'complete'`; expected `(`",
        "write round brackets, as in: state in ('complete', 'pruned')",
    ),
    (
        "state in @['complete']",
        "`[`; expected `(`",
        "write round brackets, as in: state in ('complete', 'pruned')",
    ),
    ("rf > 3 @rf < 5", f"`rf`; {AFTER_NUMBER}", CONDITION),
]


@pytest.mark.parametrize(("marked", "unexpected", "remedy"), MISTAKES)
def test_what_cannot_be_read_is_refused_with_the_right_spelling(marked: str, unexpected: str, remedy: str) -> None:
    with pytest.raises(NotationError) as caught:
        Condition.of(unmarked(marked), NAMES, WORDS)
    place = place_of(marked, "condition")
    assert str(caught.value) == f"unexpected {unexpected}\n  at {place}\n  {remedy}"
