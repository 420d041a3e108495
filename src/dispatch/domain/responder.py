"""A person on a unit: skills, languages, and certifications that expire."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Certification:
    """A licence or certificate. It counts on its last day. expires_on None: it does not expire."""

    name: str
    expires_on: date | None = None
    issued_on: date | None = None


@dataclass(frozen=True, slots=True)
class CrewMember:
    """Somebody on a unit for a shift."""

    responder_id: str
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    certifications: tuple[Certification, ...] = ()


def is_valid(certification: Certification, on: date) -> bool:
    """True from the day of issue to the last day, both included."""
    issued = certification.issued_on is None or certification.issued_on <= on
    return issued and (certification.expires_on is None or certification.expires_on >= on)


def valid_certifications(certifications: Iterable[Certification], on: date) -> frozenset[str]:
    """The names that count on this day. Of several of one name, one valid is enough."""
    return frozenset(one.name for one in certifications if is_valid(one, on))


def lapsed_certifications(certifications: Iterable[Certification], on: date) -> frozenset[str]:
    """The names that are held but do not count on this day."""
    held = tuple(certifications)
    return frozenset(one.name for one in held) - valid_certifications(held, on)


def crew_capabilities(crew: Iterable[CrewMember], on: date) -> frozenset[str]:
    """What the people bring: skills and certifications in date. One member who has it is enough."""
    found: set[str] = set()
    for member in crew:
        found |= member.skills | valid_certifications(member.certifications, on)
    return frozenset(found)


def lapsed_capabilities(crew: Iterable[CrewMember], on: date) -> frozenset[str]:
    """What the crew would bring, had nothing expired: named when a unit is passed over for it."""
    members = tuple(crew)
    held: set[str] = set()
    for member in members:
        held |= lapsed_certifications(member.certifications, on)
    return frozenset(held) - crew_capabilities(members, on)
