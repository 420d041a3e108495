"""timers.yaml becomes limits: a city's own rows stand before those it inherits, and those before the shipped ones."""

from collections.abc import Sequence

from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.timers import (
    LIMITED,
    SHIPPED_LIMITS,
    WELFARE_CHECKED,
    WITHOUT_INCIDENT,
    LimitRow,
    TimeLimits,
    TimerKind,
    WatchedFeed,
)
from dispatch.triage.loading.fields import Fields
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Mapping, Node

_KEYS = ("timer", "priority", "responder_type", "alone", "status", "limit_s", "source", "note")
_NEVER = "never"
_LONGEST_S = 7 * 24 * 3600
_PRIORITIES = ("0", "1", "2", "3", "4")


def parse_timers(layers: Sequence[Mapping], responder_types: Sequence[str], problems: Problems) -> TimeLimits:
    """layers: the timers.yaml of each policy in the chain, the root's first; the last one to name a feed counts."""
    rows: list[LimitRow] = []
    feeds: dict[str, WatchedFeed] = {}
    for node in layers:
        fields = Fields.of(node, problems, what="timers", keys=("timers", "feeds", "note"))
        if fields is None:
            continue
        own = [_row(part, responder_types, problems) for part in fields.parts("timers")]
        rows = [row for row in own if row is not None] + rows
        for part in fields.parts("feeds"):
            feed = _feed(part, problems)
            if feed is not None:
                feeds[feed.source] = feed
    return TimeLimits((*rows, *SHIPPED_LIMITS), tuple(feeds.values()))


def _row(node: Node, responder_types: Sequence[str], problems: Problems) -> LimitRow | None:
    fields = Fields.of(node, problems, what="timer", keys=_KEYS)
    if fields is None:
        return None
    word = fields.choice("timer", [kind.value for kind in LIMITED], required=True)
    limit_s = _limit_s(fields, problems)
    priorities = _listed(fields, "priority", _PRIORITIES, problems)
    types = _listed(fields, "responder_type", responder_types, problems)
    statuses = _listed(fields, "status", [status.value for status in WELFARE_CHECKED], problems)
    if not word:
        return None
    kind = TimerKind(word)
    if statuses and kind is not TimerKind.WELFARE_CHECK:
        detail = "Only a welfare check runs in more than one status. Leave 'status' out."
        problems.add(fields.place_of("status"), "one_status", detail)
    if kind is TimerKind.UNASSIGNED and limit_s is None:
        detail = "An incident that nobody was sent to is never left alone. Give 'limit_s' a number of seconds."
        problems.add(fields.place_of("limit_s"), "never_watched", detail)
    if kind is TimerKind.UNASSIGNED and types:
        detail = "Nobody is assigned yet, so that no responder type can fit. Leave 'responder_type' out."
        problems.add(fields.place_of("responder_type"), "no_responder_yet", detail)
    alone = fields.flag("alone")
    if kind in WITHOUT_INCIDENT and (priorities or alone is not None):
        detail = "It runs without an incident and for any crew. Leave 'priority' and 'alone' out."
        problems.add(fields.place, "no_incident", detail)
    return LimitRow(
        kind,
        limit_s,
        frozenset(int(one) for one in priorities),
        frozenset(types),
        alone,
        frozenset(AssignmentStatus(one) for one in statuses),
    )


def _limit_s(fields: Fields, problems: Problems) -> int | None:
    if fields.text("limit_s") == _NEVER:
        return None
    seconds = fields.whole("limit_s", low=1, high=_LONGEST_S)
    if seconds is None:
        problems.add(fields.place, "missing", f"'limit_s' must be a number of seconds, or {_NEVER!r}.")
    return seconds


def _feed(node: Node, problems: Problems) -> WatchedFeed | None:
    fields = Fields.of(node, problems, what="feed", keys=("source", "silent_s", "note"))
    if fields is None:
        return None
    source = fields.text("source", required=True)
    silent_s = fields.whole("silent_s", low=10, high=_LONGEST_S)
    if silent_s is None:
        problems.add(fields.place, "missing", "'silent_s' is missing: after how many silent seconds to raise an alarm.")
    return WatchedFeed(source, silent_s) if source and silent_s is not None else None


def _listed(fields: Fields, key: str, known: Sequence[str], problems: Problems) -> list[str]:
    found = []
    for word, place in fields.words(key):
        if word in known:
            found.append(word)
        else:
            problems.unknown_word(place, key.replace("_", " "), word, known)
    return found
