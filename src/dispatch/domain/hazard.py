"""Hazards of a place: which kinds there are, how long each may stand, and who may read what it says.

A hazard has words of its author's own and a warning of its kind. The words may hold what few may read; the warning says
no more than whoever goes there must know.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.nearest import nearest
from dispatch.domain.time import iso


class Sensitivity(StrEnum):
    """Who may read the words of a hazard. officer_safety: a danger to responders of every kind, read by all of them."""

    ORDINARY = "ordinary"
    OFFICER_SAFETY = "officer_safety"
    MEDICAL = "medical"
    BEHAVIORAL_HEALTH = "behavioral_health"


HEALTH = frozenset({Sensitivity.MEDICAL, Sensitivity.BEHAVIORAL_HEALTH})


class SourceKind(StrEnum):
    """Who says so."""

    INCIDENT = "incident"
    AGENCY = "agency"
    PERSON = "person"
    DOCUMENT = "document"


# Longer than this no label stands without a person who looked again, whatever a policy says.
LONGEST_DAYS = 1096
LONGEST_RADIUS_M = 2000.0
CAUTION = "Caution: ask the dispatcher before going in"


@dataclass(frozen=True, slots=True)
class HazardKind:
    """One kind of hazard. warning: shown to everyone who goes there, also where the words are not.

    endangers: True where every hazard of the kind may hurt a responder. most_days: the longest that one stands without
    being reviewed. radius_m: how far it reaches when its author says nothing.
    """

    name: str
    title: str
    warning: str
    sensitivity: Sensitivity
    endangers: bool
    most_days: int
    radius_m: float = 30.0

    def latest(self, now: datetime) -> datetime:
        """The latest moment until which one may stand that is recorded or reviewed now."""
        return now + timedelta(days=self.most_days)


_S = Sensitivity
SHIPPED_KINDS: tuple[HazardKind, ...] = (
    HazardKind("dog", "Dog or other animal", "Dangerous animal on the premises", _S.ORDINARY, True, 365),
    HazardKind("weapon", "Weapon on the premises", "Weapons reported on the premises", _S.OFFICER_SAFETY, True, 180),
    HazardKind(
        "violence_towards_responders",
        "Violence towards responders",
        "Violence towards responders has been reported here: do not go in alone",
        _S.OFFICER_SAFETY,
        True,
        180,
    ),
    HazardKind(
        "hazardous_material", "Hazardous material", "Hazardous material: stay upwind", _S.ORDINARY, True, 366, 300.0
    ),
    HazardKind("structural", "Structure", "Unsafe structure", _S.ORDINARY, True, 366),
    HazardKind(
        "medical_equipment",
        "Oxygen or medical equipment",
        "Oxygen or compressed gas in use: no open flame",
        _S.MEDICAL,
        True,
        180,
    ),
    HazardKind("infectious", "Infection", "Take precautions against infection", _S.MEDICAL, True, 60),
    HazardKind("medical_need", "Medical need", CAUTION, _S.MEDICAL, False, 180),
    HazardKind("behavioral_health_note", "How to help a person here", CAUTION, _S.BEHAVIORAL_HEALTH, False, 180),
    HazardKind("access", "Gate code or way in", "Access is limited", _S.ORDINARY, False, 366),
    HazardKind("key_holder", "Key holder", "There is a key holder", _S.ORDINARY, False, 366),
    HazardKind("caution", "Other caution", CAUTION, _S.ORDINARY, True, 90),
)
_NO_KINDS: Mapping[str, HazardKind] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HazardKinds:
    """The kinds of one policy: a closed list, since warnings and the longest time depend on the kind."""

    by_name: Mapping[str, HazardKind] = field(default_factory=lambda: _NO_KINDS)

    @classmethod
    def of(cls, kinds: Iterable[HazardKind]) -> "HazardKinds":
        """The list in the order given; a later one of the same name replaces the earlier."""
        return cls(MappingProxyType({kind.name: kind for kind in kinds}))

    def get(self, name: str) -> HazardKind:
        """The kind of this name. Raises Invalid."""
        kind = self.by_name.get(name)
        if kind is None:
            raise Invalid(
                f"There is no kind of hazard {name!r}.",
                fix="List them with GET /v1/hazard-kinds; `caution` takes what fits none.",
                errors=[FieldProblem("/kind", "unknown_kind", nearest(name, self.by_name))],
            )
        return kind


SHIPPED_HAZARDS = HazardKinds.of(SHIPPED_KINDS)


@dataclass(frozen=True, slots=True)
class Label:
    """What kind of hazard it is, who may read it, whether it may hurt a responder, and how far it reaches."""

    kind: HazardKind
    sensitivity: Sensitivity
    endangers: bool
    radius_m: float


def label_of(
    kind: HazardKind, sensitivity: Sensitivity | None, endangers: bool | None, radius_m: float | None
) -> Label:
    """The label of a hazard as its author wants it; None: as its kind has it.

    What the kind keeps private stays so, and what may hurt a responder stays said. Of a health record somebody must say
    whether it does: not knowing is no answer. Raises Invalid.
    """
    chosen = sensitivity or kind.sensitivity
    if kind.sensitivity in HEALTH and chosen not in HEALTH:
        raise _wrong(
            "/sensitivity",
            "weakens_privacy",
            f"{kind.title} is a health record; it is {' or '.join(sorted(HEALTH))}",
            "Leave `sensitivity` out, or record a hazard of another kind that says no more than the danger.",
        )
    if kind.endangers and endangers is False:
        raise _wrong(
            "/endangers_responders",
            "hides_danger",
            f"{kind.title} may always hurt a responder",
            "Leave `endangers_responders` out, or choose another kind.",
        )
    if endangers is None and chosen in HEALTH and not kind.endangers:
        raise _wrong(
            "/endangers_responders",
            "not_said",
            "must be said of a health record: those who may not read it are warned when it is true",
            "Send true when it may hurt whoever goes there, false when it surely does not.",
        )
    return Label(kind, chosen, kind.endangers or bool(endangers), radius_m if radius_m is not None else kind.radius_m)


def require_expiry(kind: HazardKind, expires_at: datetime, now: datetime) -> None:
    """Returns when a hazard of the kind may stand until then. Raises Invalid: nothing stands for ever."""
    latest = kind.latest(now)
    if not now < expires_at <= latest:
        raise _wrong(
            "/expires_at",
            "expiry_out_of_range",
            f"after {iso(now)} and not after {iso(latest)}",
            f"{kind.title} stands at most {kind.most_days} days; then a supervisor reviews it.",
        )


def _wrong(pointer: str, code: str, detail: str, fix: str) -> Invalid:
    return Invalid(
        f"This hazard cannot be recorded so: {detail}.", fix=fix, errors=[FieldProblem(pointer, code, detail)]
    )
