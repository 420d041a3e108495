"""What a unit says came of its work: several outcomes, one of them the primary, each with its details, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.nearest import nearest
from dispatch.domain.outcome import HEALTH_DETAILS, SHIPPED_OUTCOMES, Catalogue, Detail, Outcome, named_to_come
from dispatch.domain.time import iso

MOST_OUTCOMES = 10
EARLIER, FOLLOW_UP = "earlier", "follow_up"


@dataclass(frozen=True, slots=True)
class Said:
    """One outcome as it was said, with its details by field. is_plain: only its word was said."""

    code: str
    details: Mapping[Detail, Any] = field(default_factory=dict)
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class Care:
    """What came of it, checked. primary: the code that stands for all. entries: one per outcome, the primary first.

    An entry keeps what the catalogue said of the outcome then: `met`, `leaves_to`, `health`, and `lacks`, the details
    that it is still owed.
    """

    primary: str
    entries: tuple[dict[str, Any], ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(entry["code"] for entry in self.entries)

    @property
    def is_plain(self) -> bool:
        """True when its one word tells all: nothing need be stored beside it."""
        return list(self.entries) == shown_entries(self.primary, None)


def care_of(primary: str | None, said: Sequence[Said], responder_type: str, catalogue: Catalogue) -> Care:
    """The outcomes of a unit that clears. A word alone may lack details, which are owed; an entry with fields may not.

    primary None: the first of `said`. Raises Invalid, which names each field, the nearest word and what is allowed.
    """
    everything = list(said)
    if primary is not None and not any(_is_one(catalogue, one.code, primary) for one in said):
        everything.insert(0, Said(primary, is_plain=True))
    problems: list[FieldProblem] = []
    entries: dict[str, dict[str, Any]] = {}
    for number, one in enumerate(everything):
        plain = one.is_plain
        pointer = "/outcome" if plain else f"/outcomes/{number - (len(everything) - len(said))}"
        entry = _entry(one, pointer, responder_type, catalogue, problems)
        if entry is None:
            continue
        if entry["code"] in entries:
            problems.append(FieldProblem(f"{pointer}/code", "twice", f"{entry['code']} is said already"))
        entries[entry["code"]] = entry
    if len(everything) > MOST_OUTCOMES:
        problems.append(FieldProblem("/outcomes", "too_many", f"at most {MOST_OUTCOMES}"))
    if problems:
        raise refused(problems, responder_type, catalogue)
    first = (
        next(iter(entries)) if primary is None else next(code for code in entries if _is_one(catalogue, code, primary))
    )
    rest = [entry for code, entry in entries.items() if code != first]
    return Care(first, (entries[first], *rest))


def with_more(
    now: Sequence[Mapping[str, Any]], said: Sequence[Said], responder_type: str, catalogue: Catalogue
) -> tuple[dict[str, Any], ...]:
    """The entries with what was said since: details that were owed, other outcomes, and corrections.

    What is replaced stays in the entry under `earlier`. Raises Invalid as care_of does.
    """
    entries = {entry["code"]: dict(entry) for entry in now}
    merged = []
    for one in said:
        found = catalogue.find(one.code)
        old = entries.get(found.code if found is not None else one.code, {})
        kept = {detail: old[detail.value] for detail in Detail if detail.value in old}
        merged.append(Said(one.code, {**kept, **one.details}))
    for entry in care_of(None, merged, responder_type, catalogue).entries:
        before = entries.get(entry["code"], {})
        entry |= {name: before[name] for name in (EARLIER, FOLLOW_UP) if name in before}
        if any(before.get(detail.value) not in (None, entry.get(detail.value)) for detail in Detail):
            entry[EARLIER] = [*before.pop(EARLIER, []), before]
        entries[entry["code"]] = entry
    if len(entries) > MOST_OUTCOMES:
        problem = FieldProblem("/outcomes", "too_many", f"at most {MOST_OUTCOMES}")
        raise refused([problem], responder_type, catalogue)
    return tuple(entries.values())


def shown_entries(primary: str | None, stored: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """The entries of an assignment, for one that was cleared with a word alone too."""
    if stored:
        return [dict(entry) for entry in stored]
    return [] if primary is None else [{"code": primary, **_meaning(SHIPPED_OUTCOMES.find(primary), {})}]


def without_health(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries for somebody who may know what came of it and not of anybody's health."""
    hidden = {EARLIER, *(detail.value for detail in HEALTH_DETAILS)}
    return [{name: value for name, value in entry.items() if name not in hidden} for entry in entries]


def require_outcome(code: str, pointer: str, responder_type: str, catalogue: Catalogue) -> str:
    """The code of this word, which a unit of the type may use. Raises Invalid."""
    problems: list[FieldProblem] = []
    found = _known(code, pointer, responder_type, catalogue, problems)
    if found is None:
        raise refused(problems, responder_type, catalogue)
    return found.code


def refused(problems: Sequence[FieldProblem], responder_type: str, catalogue: Catalogue) -> Invalid:
    """The refusal that says what a unit of this type may clear with."""
    allowed = [one.code for one in catalogue.of(responder_type)]
    return Invalid(
        f"This cannot be what came of the work of a unit of the type {responder_type}.",
        fix=f"Use one of: {', '.join(allowed)}. GET /v1/outcomes?responder_type={responder_type} says what each needs.",
        errors=list(problems),
        allowed=allowed,
    )


def _entry(
    one: Said, pointer: str, responder_type: str, catalogue: Catalogue, problems: list[FieldProblem]
) -> dict[str, Any] | None:
    word = pointer if one.is_plain else f"{pointer}/code"
    found = _known(one.code, word, responder_type, catalogue, problems)
    if found is None:
        return None
    lacks = [detail.value for detail in found.needs if one.details.get(detail) is None]
    if lacks and not one.is_plain:
        problems += [
            FieldProblem(
                f"{pointer}/{name}", "missing", f"{found.code} needs {name}; or send its word alone in `outcome`"
            )
            for name in lacks
        ]
    details = {name.value: _plain(value) for name, value in one.details.items() if value is not None}
    return {"code": found.code, **details, **_meaning(found, details), **({"lacks": lacks} if lacks else {})}


def _known(
    code: str, pointer: str, responder_type: str, catalogue: Catalogue, problems: list[FieldProblem]
) -> Outcome | None:
    allowed = catalogue.of(responder_type)
    found = catalogue.find(code)
    if found is None:
        words = [one.code for one in allowed] + [word for one in allowed for word in one.formerly]
        problems.append(
            FieldProblem(pointer, "unknown_outcome", f"There is no outcome {code!r}. {nearest(code, words)}")
        )
        return None
    if not found.is_for(responder_type):
        detail = f"{found.code} is not for a unit of the type {responder_type}."
        problems.append(FieldProblem(pointer, "outcome_of_others", detail))
        return None
    return found


def _meaning(found: Outcome | None, details: Mapping[str, Any]) -> dict[str, Any]:
    """What the catalogue says of an outcome, as far as it says anything."""
    if found is None:
        return {}
    leaves_to = found.calls_for or named_to_come(details.get(Detail.REFERRED_TO.value))
    return {
        **({} if found.met is None else {"met": found.met}),
        **({} if found.handles else {"handles": False}),
        **({} if leaves_to is None else {"leaves_to": leaves_to}),
        **({"health": True} if found.is_health else {}),
    }


def _is_one(catalogue: Catalogue, one: str, other: str) -> bool:
    found = catalogue.find(one)
    return one == other or (found is not None and found is catalogue.find(other))


def _plain(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else value
