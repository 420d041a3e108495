"""What triage was given, as plain data: stored with each decision so that it can be evaluated again."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dispatch.domain.call import CallFacts, Channel
from dispatch.domain.geo import LatLon
from dispatch.triage.facts import UNKNOWN
from dispatch.triage.whole import LinkedFacts


def as_given(call: CallFacts) -> dict[str, Any]:
    """The facts as JSON data; absent ones are left out."""
    plain = {
        "source": call.source,
        "type_code": call.type_code,
        "type_text": call.type_text,
        "narrative": call.narrative,
        "sender_priority": call.sender_priority,
        "channel": call.channel.value if call.channel else None,
        "answers": dict(call.answers) or None,
        "place": call.place,
        "relation": call.relation,
        "wants": call.wants,
        "language": call.language,
        "position": [call.position.lat, call.position.lon] if call.position else None,
    }
    return {name: value for name, value in plain.items() if value is not None}


LINKED = "linked"  # beside the facts: what the calls linked to this one say
NOTES = "notes"  # beside the facts: what people added since, so that a sender's new text does not wipe it out


def notes_of(given: dict[str, Any]) -> list[str]:
    """What people added to the call since it came in, in order."""
    return list(given.get(NOTES, []))


def linked_of(given: dict[str, Any]) -> list[LinkedFacts]:
    """What the calls linked to this one said when the decision was made."""
    return [LinkedFacts(one["incident"], one["priority"], from_given(one["given"])) for one in given.get(LINKED, [])]


def as_linked(linked: Sequence[LinkedFacts]) -> list[dict[str, Any]]:
    """The linked calls as JSON data, for the entry LINKED."""
    return [{"incident": one.incident, "priority": one.priority, "given": as_given(one.facts)} for one in linked]


def carried_over(call: CallFacts, given: dict[str, Any], sent_before: dict[str, str]) -> CallFacts:
    """A sender's newer version of a call, with all that was answered before and what people learnt in between.

    given: what the last decision knew. sent_before: what the sender answered last, of each fact. An answer stays until
    the sender answers otherwise than before; leaving a fact out or not knowing it any more takes nothing back. Notes
    are added to the new text.
    """
    known: dict[str, str] = given.get("answers", {})
    said_anew = {fact for fact, value in call.answers.items() if value not in (UNKNOWN, sent_before.get(fact))}
    kept = {fact: value for fact, value in known.items() if fact not in said_anew}
    return with_more(call, answers=kept, note="\n".join(notes_of(given)) or None)


def from_given(given: dict[str, Any]) -> CallFacts:
    """The facts that as_given wrote down: of the call itself, without those linked to it."""
    position = given.get("position")
    channel = given.get("channel")
    return CallFacts(
        **{
            **{name: value for name, value in given.items() if name not in (NOTES, LINKED)},
            "answers": given.get("answers", {}),
            "channel": Channel(channel) if channel else None,
            "position": LatLon(*position) if position else None,
        }
    )


def with_more(
    call: CallFacts,
    *,
    answers: dict[str, str],
    note: str | None,
    type_code: str | None = None,
    type_text: str | None = None,
) -> CallFacts:
    """The same call after more was learnt: answers replace, a note is added to the narrative as its own sentence."""
    narrative = call.narrative
    if note:
        narrative = f"{narrative.rstrip()}\n{note}" if narrative and narrative.strip() else note
    typed = type_code is not None or type_text is not None
    return replace(
        call,
        answers={**call.answers, **answers},
        narrative=narrative,
        type_code=type_code if typed else call.type_code,
        type_text=type_text if typed else call.type_text,
    )
