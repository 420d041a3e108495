"""What a published formula is: what it counts of which incidents, and what of them nobody can tell."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Known = bool | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one incident and one responder type ("ours"). None: nobody can tell, or not yet.

    public: somebody else than an officer called. eligible: triage found a program of the type eligible. own_type,
    diverted_type: the incident's type is one of those that were named with the question. associated: given to a unit,
    whatever came of it. sent: ordered, or accepted. came: on scene; who goes nowhere comes by accepting. handled: ours
    cleared, left nothing to anybody, and the incident is closed. others: police, fire, EMS of another type than ours.
    """

    public: Known
    eligible: Known
    behavioral_health: Known
    own_type: Known
    diverted_type: Known
    associated: Known
    sent: Known
    came: Known
    handled: Known
    police_associated: Known
    police_sent: Known
    police_came: Known
    others_associated: Known
    others_sent: Known
    others_came: Known
    anybody_came: Known


@dataclass(frozen=True, slots=True)
class Published:
    """A figure that was published after a formula: by whom, for when, as a share of one, of which counts, and where."""

    by: str
    period: str
    share: float
    source: str
    counts: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """One definition. counts, of: whether an incident is in the numerator, in the denominator; None: cannot be told.

    needs: what must be named with the question. weight: what part of the numerator its authors count. limits: what a
    reader must not take it for.
    """

    name: str
    title: str
    numerator: str
    denominator: str
    counts: Callable[[Facts], Known]
    of: Callable[[Facts], Known]
    published: tuple[Published, ...]
    limits: str
    needs: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A formula over incidents. missing: those of which nobody can tell; they are in neither count.

    value: the share, None where the denominator is empty or something that it needs was not named.
    """

    formula: Formula
    numerator: int
    denominator: int
    missing: int
    value: float | None

    @property
    def missing_share(self) -> float | None:
        """Of the incidents that count or might count; None where there is none."""
        asked = self.denominator + self.missing
        return self.missing / asked if asked else None


def share(formula: Formula, numerator: int, denominator: int) -> float | None:
    """The published arithmetic: the part of the numerator that counts, over the denominator."""
    return formula.weight * numerator / denominator if denominator else None


def figure(formula: Formula, told: Iterable[tuple[Facts, int]], *, named: frozenset[str] = frozenset()) -> Figure:
    """The formula over incidents, given as facts and how many share them. named: which of its needs were given."""
    numerator = denominator = missing = 0
    for facts, number in told:
        counts, of = formula.counts(facts), formula.of(facts)
        if counts is None or of is None:
            missing += number
            continue
        numerator += number if counts else 0
        denominator += number if of else 0
    value = share(formula, numerator, denominator) if named.issuperset(formula.needs) else None
    return Figure(formula, numerator, denominator, missing, value)


def both(*values: Known) -> Known:
    """False when one is false, whatever the others are; else None when one cannot be told."""
    if False in values:
        return False
    return None if None in values else True


def no(value: Known) -> Known:
    """The opposite; what cannot be told stays so."""
    return None if value is None else not value
