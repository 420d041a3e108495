"""Lexicon and context files become folded phrases with meanings."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from dispatch.triage.context import LONGEST_REACH, MARKER_KINDS, NO_MARK, SEEN, Mark
from dispatch.triage.facts import DANGERS, VOCABULARY
from dispatch.triage.inflections import expand
from dispatch.triage.lexicon import Meaning
from dispatch.triage.loading.fields import Fields
from dispatch.triage.loading.grammar_text import GrammarDraft, WrittenPattern, read_classes
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Mapping, Node, Scalar
from dispatch.triage.loading.words import is_fact_value
from dispatch.triage.model import Place
from dispatch.triage.tokens import words_of

_ENTRY_KEYS = (
    *("fact", "value", "facts", "topic", "topics", "incident_type", "nothing", "of", "doubt", "phrases", "patterns"),
    *("negatable", "denial", "source", "note"),
)
_FILE_KEYS = ("lexicon", "language", "classes", "entries", "source", "note")
_PHRASES_KEPT = 16_384
_LONGEST_PHRASE = 16  # words; longer ones are sentences, and seams between chunks rely on the bound


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase as it will be searched. meaning None: a homonym. is_form: an inflection, not the written word."""

    words: tuple[str, ...]
    written: str
    meaning: Meaning | Mark | None
    place: Place
    layer: int = 0
    is_form: bool = False


@dataclass(slots=True)
class PhraseBook:
    """All phrases by their words; the later layer wins, and within one layer the written word over a form."""

    phrases: dict[tuple[str, ...], Phrase] = field(default_factory=dict)
    marks: dict[tuple[str, ...], Mark] = field(default_factory=dict)
    pseudo: dict[tuple[str, ...], str] = field(default_factory=dict)
    topics: set[str] = field(default_factory=set)
    grammar: GrammarDraft = field(default_factory=GrammarDraft)

    def searched(self) -> list[tuple[tuple[str, ...], str, Meaning | Mark | None]]:
        """What the lexicon is built of; a phrase of the lexicon beats an equal marker."""
        found: list[tuple[tuple[str, ...], str, Meaning | Mark | None]] = [
            (phrase.words, phrase.written, phrase.meaning) for phrase in self.phrases.values()
        ]
        found += [(words, written, NO_MARK) for words, written in self.pseudo.items()]
        return found + [(words, " ".join(words), mark) for words, mark in self.marks.items()]


def read_lexicon(layer: int, node: Mapping, book: PhraseBook, types: Iterable[str], problems: Problems) -> None:
    fields = Fields.of(node, problems, what="lexicon", keys=_FILE_KEYS)
    if fields is None:
        return
    fields.choice("language", ("en", "es"), default="en")
    read_classes(layer, fields, book.grammar)
    known_types = frozenset(types)
    for part in fields.parts("entries"):
        entry = Fields.of(part, problems, what="lexicon entry", keys=_ENTRY_KEYS)
        if entry is None:
            continue
        meaning = _meaning(entry, known_types, problems)
        if meaning is not None:
            book.topics.update(meaning.topics)
        patterns = [(text, place) for text, place in entry.words("patterns") if text]
        only_of = _only_of(entry)
        book.grammar.patterns += [WrittenPattern(text, meaning, place, layer, only_of) for text, place in patterns]
        if patterns and not entry.has("phrases"):
            continue
        for written, place in _phrases(entry):
            for phrase in _expanded(written, meaning, place, layer, problems):
                _put(book, phrase, problems)


def _meaning(entry: Fields, types: frozenset[str], problems: Problems) -> Meaning | None:
    """None for a homonym, which consumes its words and says nothing."""
    if entry.has("nothing"):
        return None
    if entry.has("doubt"):
        if entry.has("phrases"):
            problems.add(entry.place, "doubt", "Doubt is said by 'patterns'; a phrase is read or not. Write a pattern.")
        return Meaning(is_doubt=True)
    facts = _entry_facts(entry, problems)
    topics = tuple(word for key in ("topic", "topics") for word, _ in entry.words(key))
    incident_type = entry.choice("incident_type", types) or None
    if not facts and not topics and not incident_type and not problems.found:
        problems.add(entry.place, "says_nothing", "The entry sets nothing. Give fact, topic, incident_type or nothing.")
    return Meaning(
        facts,
        topics,
        incident_type,
        is_negatable=entry.flag("negatable") is not False,
        denial=entry.choice("denial", ("none", "unknown")),
    )


def _only_of(entry: Fields) -> frozenset[str]:
    """The facts that a harmless pattern speaks of; none means all."""
    facts = entry.words("of")
    for fact, place in facts:
        if fact not in VOCABULARY:
            entry.problems.unknown_word(place, "fact", fact, VOCABULARY)
    return frozenset(fact for fact, _ in facts)


def _entry_facts(entry: Fields, problems: Problems) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str, Place]] = []
    if entry.has("fact") or entry.has("value"):
        pairs.append((entry.text("fact", required=True), entry.text("value", required=True), entry.place_of("fact")))
    given = entry.get("facts")
    if isinstance(given, Mapping):
        for key, value in given.items.items():
            pairs.append((key, value.text if isinstance(value, Scalar) else "", value.place))
    elif given is not None:
        problems.add(given.place, "shape", "'facts' is a mapping such as {weapon: in_hand, crime: in_progress}.")
    return tuple((fact, value) for fact, value, place in pairs if is_fact_value(fact, value, place, problems))


def _phrases(entry: Fields) -> list[tuple[str, Place]]:
    phrases = [(word, place) for word, place in entry.words("phrases") if word]
    if not phrases:
        entry.problems.add(entry.place, "missing", "'phrases' is missing or empty. Add at least one.")
    return phrases


def _expanded(written: str, meaning: Meaning | None, place: Place, layer: int, problems: Problems) -> list[Phrase]:
    plain, forms = _forms_of(written)
    if forms is None:
        problems.add(place, "too_many_forms", f"{written!r} has too many `~`. Write the forms that matter out.")
        return []
    if not plain or len(plain) > _LONGEST_PHRASE:
        problems.add(place, "phrase", f"{written[:60]!r} must have 1 to {_LONGEST_PHRASE} words.")
        return []
    return [Phrase(form, written, meaning, place, layer, form != plain) for form in forms]


# Forty packs say what the policy they stand on says: their forms are found, and kept, once.
@lru_cache(maxsize=_PHRASES_KEPT)
def _forms_of(written: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...] | None]:
    """The words as they are written, and every form of them; None when there would be too many."""
    parts = [(words_of(part.rstrip("~")), part.endswith("~")) for part in written.split()]
    forms = expand([(words, is_marked) for words, is_marked in parts if words])
    return tuple(word for words, _ in parts for word in words), None if forms is None else tuple(forms)


def _put(book: PhraseBook, phrase: Phrase, problems: Problems) -> None:
    before = book.phrases.get(phrase.words)
    if before is None or (before.layer == phrase.layer and before.is_form and not phrase.is_form):
        book.phrases[phrase.words] = phrase
    elif before.layer < phrase.layer:
        if _is_weaker(phrase.meaning, before.meaning):
            detail = f"{phrase.written!r} means more danger in {before.place}. A pack may only add to it."
            problems.add(phrase.place, "weakens_floor", detail)
        book.phrases[phrase.words] = phrase
    elif not phrase.is_form and not before.is_form and before.meaning != phrase.meaning:
        detail = f"{phrase.written!r} already means something else at {before.place}. Keep one."
        problems.add(phrase.place, "duplicate_phrase", detail)


def _is_weaker(new: Meaning | Mark | None, old: Meaning | Mark | None) -> bool:
    if not isinstance(old, Meaning):
        return False
    said = dict(new.facts) if isinstance(new, Meaning) else {}
    return any(
        VOCABULARY[fact].rank(said.get(fact, "")) < VOCABULARY[fact].rank(value)
        for fact, value in old.facts
        if fact in DANGERS
    )


def read_context(node: Mapping, book: PhraseBook, problems: Problems) -> None:
    keys = ("context", "language", "markers", "terminators", "pseudo", "source", "note")
    fields = Fields.of(node, problems, what="context", keys=keys)
    if fields is None:
        return
    for part in fields.parts("markers"):
        _read_marker(part, book, problems)
    for word, _ in fields.words("terminators"):
        book.marks[words_of(word)] = Mark(is_terminator=True)
    for word, _ in fields.words("pseudo"):
        book.pseudo[words_of(word)] = word


def _read_marker(node: Node, book: PhraseBook, problems: Problems) -> None:
    keys = ("kind", "position", "reach", "phrases", "source", "note")
    fields = Fields.of(node, problems, what="marker", keys=keys)
    if fields is None:
        return
    kind = fields.choice("kind", MARKER_KINDS, required=True)
    position = fields.choice("position", ("before", "after"), default="after" if kind == SEEN else "before")
    reach = fields.whole("reach", low=1, high=LONGEST_REACH, default=6) or 6
    for written, place in _phrases(fields):
        words = words_of(written)
        if not words or len(words) > _LONGEST_PHRASE // 2 or not kind:
            problems.add(place, "phrase", f"{written[:60]!r} must have 1 to {_LONGEST_PHRASE // 2} words.")
            continue
        before = book.marks.get(words, Mark())
        given = before.before if position == "before" else before.after
        if given is not None and given[0] != kind:
            problems.add(place, "duplicate_phrase", f"{written!r} already marks {given[0]!r} {position} the mention.")
        elif position == "before":
            book.marks[words] = Mark((kind, reach), before.after)
        else:
            book.marks[words] = Mark(before.before, (kind, reach))
