"""A row of the results by name: its study, and its number in it."""

from __future__ import annotations

import re


def named_row(text: str) -> tuple[str, int | None]:
    """Return study and number that `STUDY#NUMBER` names; no number for a study as a whole.

    >>> named_row("era_s9#12"), named_row("era_s9")
    (('era_s9', 12), ('era_s9', None))
    """
    found = re.fullmatch(r"(.+)#([0-9]{1,9})", text)
    return (found[1], int(found[2])) if found else (text, None)
