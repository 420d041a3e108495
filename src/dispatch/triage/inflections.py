"""Regular English inflections of a word that a policy marks with `~`. Too many forms do no harm; a missing one does."""

from functools import lru_cache
from itertools import product

_VOWELS = frozenset("aeiou")
_SIBILANT_ENDS = ("s", "x", "z", "ch", "sh")
_LONG_WORD = 7  # letters; a misspelled shorter word is too often another word
_MOST_FORMS = 64  # of one phrase; more means a phrase with too many `~`


def inflections(word: str) -> tuple[str, ...]:
    """All regular forms of a word given in any of them, itself first: waving -> waving, wave, waves, waved ..."""
    forms: dict[str, None] = {word: None}
    for stem in _stems(word):
        for form in _forms_of(stem):
            forms[form] = None
    return tuple(forms)


def _stems(word: str) -> tuple[str, ...]:
    for ending in ("ing", "ied", "ies", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 2 and _VOWELS.intersection(root + ("y" if ending[0] == "i" else "")):
            if ending in ("ied", "ies"):
                return (root + "y",)
            if len(root) > 2 and root[-1] == root[-2] and root[-1] not in "lsz":
                return (root[:-1],)
            return (root, root + "e")
    return (word,)


def _forms_of(stem: str) -> tuple[str, ...]:
    if stem.endswith("e"):
        root = stem[:-1]
        plural = (root[:-1] + "ves",) if stem.endswith("fe") else ()
        return (stem, stem + "s", root + "ed", root + "ing", *plural)
    if stem.endswith("y") and len(stem) > 1 and stem[-2] not in _VOWELS:
        return (stem, stem[:-1] + "ies", stem[:-1] + "ied", stem + "ing")
    plural_form = stem + ("es" if stem.endswith(_SIBILANT_ENDS) else "s")
    forms = [stem, plural_form, stem + "ed", stem + "ing"]
    if len(stem) > 2 and stem[-1] not in _VOWELS | set("wxy") and stem[-2] in _VOWELS:
        forms += [stem + stem[-1] + "ed", stem + stem[-1] + "ing"]
    if stem.endswith("f"):
        forms.append(stem[:-1] + "ves")
    return tuple(forms)


def expand(marked_words: list[tuple[tuple[str, ...], bool]]) -> list[tuple[str, ...]] | None:
    """Every form of a phrase; None when there would be too many.

    marked_words: the words of one space-separated part, and whether its last word is marked with `~`.
    """
    choices: list[list[tuple[str, ...]]] = []
    total = 1
    for words, is_marked in marked_words:
        forms = [(*words[:-1], form) for form in inflections(words[-1])] if is_marked and words else [words]
        total *= len(forms)
        choices.append(forms)
    if total > _MOST_FORMS:
        return None
    return [tuple(word for part in combination for word in part) for combination in product(*choices)]


@lru_cache(maxsize=16_384)
def misspellings(word: str) -> tuple[str, ...]:
    """A long word with one letter lost, doubled or swapped with the next; the first two letters are kept."""
    if len(word) < _LONG_WORD or not word.isalpha():
        return ()
    forms: dict[str, None] = {}
    for place in range(2, len(word)):
        forms[word[:place] + word[place + 1 :]] = None
        forms[word[:place] + word[place] + word[place:]] = None
        if place + 1 < len(word):
            forms[word[:place] + word[place + 1] + word[place] + word[place + 2 :]] = None
    forms.pop(word, None)
    return tuple(forms)
