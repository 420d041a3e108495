"""Cleaning one cell: what spreadsheets, exports and habits put around the words that were meant."""

import re

_AS_FORMULA = re.compile(r'^="(.*)"$', re.DOTALL)  # ="010" is how a spreadsheet keeps the zeros of a code
_MARKS_BEFORE = "=+@#-*"


def clean_cell(text: str) -> str:
    """Without blanks around it and without the formula that a spreadsheet wrapped it in."""
    text = text.strip()
    if text[:2] == '="' and (wrapped := _AS_FORMULA.match(text)):
        return wrapped.group(1).strip()
    return text


def clean_label(text: str) -> str:
    """A call type as people say it: no formula sign, hash, dashes or star before it, no star or dash after it.

    A label that is nothing but such marks is kept as it is.
    """
    inner = text.lstrip(_MARKS_BEFORE + " \t").rstrip("*- \t")
    return inner or text
