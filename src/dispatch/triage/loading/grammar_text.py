"""Word classes and patterns of the lexicon become a compiled grammar."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from dispatch.triage.grammar import AFTER_COMMA, LONGEST_SPAN, Grammar, Pattern, Step
from dispatch.triage.inflections import inflections, misspellings
from dispatch.triage.lexicon import Meaning
from dispatch.triage.loading.fields import Fields, words_in
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Mapping
from dispatch.triage.model import Place
from dispatch.triage.tokens import words_of

PLAIN = "plain"  # the class of words that say nothing by themselves
NUMBER = "number"  # any whole number; needs no members
_GAP = re.compile(r"\.\.(?P<gap>\d)(?:\^(?P<bar>[a-z_]+)|=(?P<only>[a-z_]+))?(?P<comma>,?)")
_CLASS = re.compile("<([a-z_]+)>")
_MOST_ELEMENTS = 8
_COMMON, _RARE = 1000, 20  # stand for how many patterns use a word: a short one, a longer one
_WORDS_KEPT = 16_384  # forty packs use the words of the policy that they stand on
_SHORT_WORD = 5  # characters, the mark of a literal included


@dataclass(frozen=True, slots=True)
class WrittenPattern:
    """meaning None: it sets its words aside as harmless, for the facts of `only_of` or, without any, for all."""

    text: str
    meaning: Meaning | None
    place: Place
    layer: int
    only_of: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Member:
    text: str
    place: Place
    layer: int


@dataclass(slots=True)
class GrammarDraft:
    """Classes and patterns of all files, before any pattern is read: a pattern may use a class of another file."""

    classes: dict[str, list[_Member]] = field(default_factory=dict)
    patterns: list[WrittenPattern] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Gap:
    """bar, only: a class, or "" for none."""

    words: int = 0
    bar: str = ""
    only: str = ""
    crosses: bool = False


_NO_GAP = _Gap()


@dataclass(frozen=True, slots=True)
class _Element:
    """names: classes, and literals written "'word". gap: what may stand between it and the element before."""

    names: tuple[str, ...]
    gap: "_Gap"
    is_anchor: bool


def read_classes(layer: int, fields: Fields, draft: GrammarDraft) -> None:
    """The `classes` of one lexicon file, added to those of the same names."""
    given = fields.get("classes")
    if given is None:
        return
    if not isinstance(given, Mapping):
        fields.problems.add(given.place, "shape", "'classes' is a mapping such as {person: [man~, woman, him]}.")
        return
    for name, node in given.items.items():
        if not re.fullmatch("[a-z_]+", name) or name == NUMBER:
            detail = f"{name!r} cannot name a class. Use letters and _, and not {NUMBER!r}."
            fields.problems.add(node.place, "class_name", detail)
        members = draft.classes.setdefault(name, [])
        members += [_Member(text, place, layer) for text, place in words_in(node, fields.problems) if text]


def build_grammar(draft: GrammarDraft, phrase_words: Iterable[str], problems: Problems) -> Grammar:
    """The grammar whose patterns are numbered as in the draft. phrase_words: every word of a phrase or marker."""
    read = [(written, _elements(written, draft, problems)) for written in draft.patterns]
    patterns = [(written, elements) for written, elements in read if elements]
    _check_layers(draft, patterns, problems)
    bits = {name: AFTER_COMMA << number for number, name in enumerate(_names(draft, patterns), start=1)}
    uses = _uses(draft, patterns)
    classes: dict[str, int] = {}
    for name in bits:
        for word in _forms(name, draft, problems):
            classes[word] = classes.get(word, 0) | bits[name]
    for word in filter(str.isdigit, classes):
        classes[word] |= bits[NUMBER]
    known = frozenset(classes).union(phrase_words)
    for word, mask in list(classes.items()):
        if mask != bits.get(PLAIN):
            for wrong in misspellings(word):
                if wrong not in known:
                    classes[wrong] = classes.get(wrong, 0) | mask
    compiled: dict[int, list[Pattern]] = {}
    for number, (written, elements) in enumerate(read):
        if elements:
            anchor, pattern = _compiled(number, written, elements, bits, uses)
            compiled.setdefault(anchor, []).append(pattern)
    numeral = bits[NUMBER]
    counting = tuple(one for anchor, many in compiled.items() if anchor & numeral for one in many)
    return Grammar(classes, _anchored(classes, compiled), numeral, known.union(classes), counting)


def _names(draft: GrammarDraft, patterns: Sequence[tuple[WrittenPattern, list[_Element]]]) -> dict[str, None]:
    names = dict.fromkeys([*draft.classes, NUMBER])
    names.update(dict.fromkeys(name for _, elements in patterns for element in elements for name in element.names))
    return names


def _forms(name: str, draft: GrammarDraft, problems: Problems, seen: frozenset[str] = frozenset()) -> list[str]:
    """Every word of a class, inflected where it is marked with `~`, and those of the classes it includes."""
    if name.startswith("'"):
        return list(_inflected(name[1:]))
    found: list[str] = []
    for member in draft.classes.get(name, ()):
        if member.text.startswith("<") and member.text.endswith(">"):
            other = member.text[1:-1]
            if other not in draft.classes or other in seen | {name}:
                problems.unknown_word(member.place, "word class", other, draft.classes)
            else:
                found += _forms(other, draft, problems, seen | {name})
        elif forms := _inflected(member.text):
            found += forms
        else:
            detail = f"{member.text!r} is not one word. A class holds single words; write a pattern or a phrase."
            problems.add(member.place, "class_word", detail)
    return found


@lru_cache(maxsize=_WORDS_KEPT)
def _inflected(text: str) -> tuple[str, ...]:
    """`hit~` -> hit, hits, hitting and, as people write in haste, hittin. Empty for what is not one word."""
    words = words_of(text.rstrip("~"))
    if len(words) != 1 or not text.endswith("~"):
        return words if len(words) == 1 else ()
    forms = inflections(words[0])
    return (*forms, *(form[:-1] for form in forms if form.endswith("ing") and len(form) > 5))


def _elements(written: WrittenPattern, draft: GrammarDraft, problems: Problems) -> list[_Element]:
    """Empty, with the problem noted, when the pattern cannot be read."""
    elements: list[_Element] = []
    names: tuple[str, ...]
    gap = _NO_GAP
    for part in written.text.split():
        match = _GAP.fullmatch(part)
        if match:
            gap = _Gap(int(match["gap"]), match["bar"] or "", match["only"] or "", bool(match["comma"]))
            names = tuple(filter(None, (gap.bar, gap.only)))
        elif part.startswith(".."):  # a gap written wrong would be read as a word, and its pattern would never match
            return _refused(written, f"{part!r} is no gap: a gap is .. and one digit, as ..3", problems)
        else:
            choices = part.removeprefix("!").split("|")
            names = tuple(map(_name, choices))
            if not all(names):
                return _refused(written, f"{choices[names.index('')]!r} is neither a word nor a <class>", problems)
            elements.append(_Element(names, gap, part.startswith("!")))
            gap = _NO_GAP
        for name in names:
            if not name.startswith("'") and name != NUMBER and name not in draft.classes:
                problems.unknown_word(written.place, "word class", name, draft.classes)
                return []
    wrong = _shape_of(elements, gap)
    return _refused(written, wrong, problems) if wrong else elements


def _shape_of(elements: list[_Element], last: _Gap) -> str:
    """What is wrong with the pattern as a whole; empty when nothing is."""
    if not elements:
        return "it has no word"
    if elements[0].gap is not _NO_GAP or last is not _NO_GAP:
        return "it ends in a gap" if last is not _NO_GAP else "it begins with a gap"
    span = sum(element.gap.words + 1 for element in elements)
    if len(elements) > _MOST_ELEMENTS:
        return f"it has {len(elements)} parts"
    return f"it covers {span} words" if span > LONGEST_SPAN else ""


@lru_cache(maxsize=_WORDS_KEPT)
def _name(choice: str) -> str:
    """`<class>` or a word, which is kept as "'word"; "" when it is neither."""
    match = _CLASS.fullmatch(choice)
    if match:
        return match[1]
    words = words_of(choice.rstrip("~"))
    return f"'{words[0]}{'~' if choice.endswith('~') else ''}" if len(words) == 1 and "<" not in choice else ""


def _refused(written: WrittenPattern, wrong: str, problems: Problems) -> list[_Element]:
    detail = (
        f"{written.text!r} is not a pattern: {wrong}. Write words, <classes> and gaps such as ..3 between them: "
        f"at most {_MOST_ELEMENTS} parts that cover at most {LONGEST_SPAN} words, first and last a word or class."
    )
    problems.add(written.place, "pattern", detail)
    return []


def _compiled(
    number: int, written: WrittenPattern, elements: list[_Element], bits: dict[str, int], uses: dict[str, int]
) -> tuple[int, Pattern]:
    """The bits of the anchor, and the pattern. The anchor is the part marked `!`, else the rarest class."""
    marked = next((place for place, element in enumerate(elements) if element.is_anchor), None)
    at = marked if marked is not None else min(range(len(elements)), key=lambda place: _rarity(elements[place], uses))
    masks = [sum({bits[name] for name in element.names}) for element in elements]
    before = [_step(elements[k + 1].gap, bits, masks[k]) for k in range(at - 1, -1, -1)]
    after = [_step(elements[k].gap, bits, masks[k]) for k in range(at + 1, len(elements))]
    meaning = written.meaning
    is_doubt = meaning is not None and meaning.is_doubt
    needs = tuple(step.classes for step in (*before, *after))
    facts = written.only_of if meaning is None else frozenset(fact for fact, _ in meaning.facts)
    return masks[at], Pattern(
        number, needs, tuple(before), tuple(after), meaning is None, is_doubt, facts, written.layer
    )


def _step(gap: _Gap, bits: dict[str, int], classes: int) -> Step:
    return Step(gap.words, bits.get(gap.bar, 0), bits.get(gap.only, 0), gap.crosses, classes)


def _rarity(element: _Element, uses: dict[str, int]) -> int:
    """How common the element is likely to be in a text: what many patterns use is; short words are the commonest."""
    return sum(_rarity_of_word(name) if name.startswith("'") else uses[name] for name in element.names)


def _rarity_of_word(name: str) -> int:
    return _COMMON if len(name) <= _SHORT_WORD else _RARE


def _uses(draft: GrammarDraft, patterns: Sequence[tuple[WrittenPattern, list[_Element]]]) -> dict[str, int]:
    """How many patterns use each class, or at least the commonest of the classes that it includes."""
    uses = Counter(name for _, elements in patterns for element in elements for name in element.names)
    return {name: max([uses[name], *(uses[other] for other in _included(name, draft))]) for name in draft.classes} | {
        NUMBER: _COMMON
    }


def _included(name: str, draft: GrammarDraft) -> list[str]:
    return [one.text[1:-1] for one in draft.classes.get(name, ()) if one.text.startswith("<")]


def _anchored(classes: dict[str, int], compiled: dict[int, list[Pattern]]) -> dict[str, tuple[Pattern, ...]]:
    by_mask: dict[int, tuple[Pattern, ...]] = {}
    anchored = {}
    for word, mask in classes.items():
        if mask not in by_mask:
            by_mask[mask] = tuple(one for anchor, many in compiled.items() if anchor & mask for one in many)
        if by_mask[mask]:
            anchored[word] = by_mask[mask]
    return anchored


def _check_layers(
    draft: GrammarDraft, patterns: Sequence[tuple[WrittenPattern, list[_Element]]], problems: Problems
) -> None:
    """Refuses words that a pack adds to an inherited class which only comforts: they would set danger aside."""
    inherited = [(written, elements) for written, elements in patterns if written.layer == 0]
    danger = {name for written, es in inherited if written.meaning is not None for e in es for name in e.names}
    comfort = {name for written, es in inherited if written.meaning is None for e in es for name in e.names} - danger
    bars = {e.gap.bar for written, es in inherited if written.meaning is not None for e in es if e.gap.bar}
    comfort |= bars.union(*(_included(name, draft) for name in bars))
    comfort.add(PLAIN)
    for name in comfort.intersection(draft.classes):
        for member in draft.classes[name]:
            if member.layer and draft.classes[name][0].layer < member.layer:
                detail = f"{member.text!r} in <{name}> would set inherited danger aside. Use a class of your own."
                problems.add(member.place, "weakens_floor", detail)
