"""The remedy for a word that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN_WORDS = 20


def nearest(word: str, options: Iterable[str]) -> str:
    """The remedy for a wrong word: the valid one that was probably meant, or the valid ones."""
    known = sorted(set(options))
    folded = {one.casefold(): one for one in known}
    close = get_close_matches(word[:80].casefold(), folded, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {folded[close[0]]!r}?"
    if not known:
        return "There is none yet."
    shown = ", ".join(known[:_SHOWN_WORDS])
    return f"Valid: {shown}{', and others' if len(known) > _SHOWN_WORDS else ''}."
