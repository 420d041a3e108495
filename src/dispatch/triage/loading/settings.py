"""policy.yaml: who owns the policy, its zone, what it extends, and what happens when no row decides."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo, available_timezones

from dispatch.domain.classification import SHIPPED_RESPONDER_TYPES
from dispatch.triage.loading.fields import Fields
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Mapping
from dispatch.triage.model import Place
from dispatch.triage.understanding import ANYTHING_GOES, Understanding

_KEYS = (
    *("policy", "version", "title", "owner", "jurisdiction", "time_zone", "extends", "responder_types"),
    *("fallback", "retire", "understanding", "sources", "note"),
)
_DEFAULT_PRIORITY = 2


@dataclass(frozen=True, slots=True)
class Settings:
    """fallback_plan: "" when the policy names none; the engine then sends police.

    note, sources: what this policy's own file tells its readers; sources are short name and title.
    """

    id: str
    version: int
    title: str
    owner: str
    zone: ZoneInfo
    is_own_zone: bool
    responder_types: tuple[str, ...]
    fallback_plan: str
    fallback_place: Place
    fallback_priority: int
    understanding: Understanding
    note: str
    sources: tuple[tuple[str, str], ...]
    place: Place


def parse_settings(node: Mapping, own: Mapping, problems: Problems) -> Settings:
    """node: merged with what is inherited. own: this policy's file alone, which must name itself and its version."""
    fields = Fields(node, problems)
    mine = Fields.of(own, problems, what="policy", keys=_KEYS) or fields
    zone = parse_zone(fields, problems, required=True) or ZoneInfo("UTC")
    version = mine.whole("version", low=1, high=1_000_000)
    if version is None and not mine.has("version"):
        problems.add(mine.place, "missing", "'version' is missing. It is a whole number that grows.")
    fallback = fields.get("fallback")
    spare = None if fallback is None else Fields.of(fallback, problems, what="fallback", keys=("plan", "priority"))
    priority = spare.whole("priority", low=0, high=4) if spare else None
    return Settings(
        id=mine.text("policy", required=True),
        version=version or 0,
        title=fields.text("title"),
        owner=fields.text("owner"),
        zone=zone,
        is_own_zone=mine.has("time_zone"),
        responder_types=(*SHIPPED_RESPONDER_TYPES, *(word for word, _ in fields.words("responder_types"))),
        fallback_plan=spare.text("plan") if spare else "",
        fallback_place=spare.place_of("plan") if spare else mine.place,
        fallback_priority=_DEFAULT_PRIORITY if priority is None else priority,
        understanding=_understanding(fields, problems),
        note=mine.text("note"),
        sources=_sources(mine, problems),
        place=mine.place,
    )


def _sources(mine: Fields, problems: Problems) -> tuple[tuple[str, str], ...]:
    node = mine.get("sources")
    if node is None:
        return ()
    if not isinstance(node, Mapping):
        problems.add(node.place, "shape", "'sources' must name each source: `CAP23: title, publisher, year, address`.")
        return ()
    named = Fields(node, problems)
    return tuple((name, named.text(name)) for name in node.items)


def _understanding(fields: Fields, problems: Problems) -> Understanding:
    node = fields.get("understanding")
    keys = ("unknown_words", "unknown_share", "responder_types")
    own = None if node is None else Fields.of(node, problems, what="understanding", keys=keys)
    if own is None:
        return ANYTHING_GOES
    return Understanding(
        own.whole("unknown_words", low=0, high=1000, default=0) or 0,
        own.whole("unknown_share", low=0, high=100, default=0) or 0,
        frozenset(word for word, _ in own.words("responder_types")),
    )


def parse_zone(fields: Fields, problems: Problems, *, required: bool = False) -> ZoneInfo | None:
    """The IANA zone that `time_zone` names; None, with the problem noted, for a name that there is not."""
    name = fields.text("time_zone", required=required)
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        problems.unknown_word(fields.place_of("time_zone"), "time zone", name, available_timezones())
        return None
