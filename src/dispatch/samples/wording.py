"""Narratives: a sentence pattern is filled with words and then written down the way one call taker writes."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from dispatch.samples.draws import pick, whole_between

_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")
_SENTENCE_START = re.compile(r"(^|[.!?] +)([a-z])")
DRAWN_SLOTS = frozenset({"mins", "digits", "apt", "plate", "clock", "clock2", "street"})
MIN_WORDS, MAX_WORDS = 10, 60


@dataclass(frozen=True, slots=True)
class Taker:
    """How one call taker writes. short, typo: chances of each shorthand and of one misspelling."""

    name: str
    shout: bool
    short: float
    typo: float
    stops: bool


@dataclass(frozen=True, slots=True)
class Words:
    """The word lists of a city, and what its call takers make of them."""

    lists: Mapping[str, Sequence[str]]
    takers: Sequence[Taker]
    shorthand: Mapping[str, str]
    misspellings: Mapping[str, str]


@dataclass(slots=True)
class Telling:
    """What one narrative says. A second caller may recall what the first said of people and cars."""

    at_s: int
    cross_street: str
    recall: Mapping[str, Sequence[str]] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)


def unknown_slots(pattern: str, words: Words) -> set[str]:
    """Slots of a pattern that no word list fills."""
    return {slot for slot in _SLOT.findall(pattern) if slot not in words.lists and slot not in DRAWN_SLOTS}


def fill(pattern: str, words: Words, telling: Telling, rng: Random) -> str:
    """The pattern with every choice made and every slot filled."""
    text = pattern
    while found := _CHOICE.search(text):
        text = text[: found.start()] + pick(rng, found.group(1).split("|")) + text[found.end() :]
    while slot := _SLOT.search(text):
        text = text[: slot.start()] + _word(slot.group(1), words, telling, rng) + text[slot.end() :]
    return re.sub(r"\s+", " ", text).strip()


def write_down(text: str, words: Words, taker: Taker, rng: Random) -> str:
    """The text in the hand of one call taker: shorthand, slips, capitals, stops."""
    for long, short in words.shorthand.items():
        if rng.random() < taker.short:
            text = re.sub(rf"\b{re.escape(long)}\b", short, text, flags=re.IGNORECASE)
    if rng.random() < taker.typo:
        text = _with_a_slip(text, words, rng)
    if not taker.stops:
        text = re.sub(r"[.] *", pick(rng, (" / ", " -- ", "  ")), text).strip(" /-")
    if taker.shout:
        return text.upper()
    return _SENTENCE_START.sub(lambda start: start.group(1) + start.group(2).upper(), text)


def write_down_spanish(text: str, taker: Taker, rng: Random) -> str:
    """Spanish as typed on an English keyboard: often without accents, never with English shorthand."""
    if rng.random() < 0.5:
        text = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return text.upper() if taker.shout else text


def _word(slot: str, words: Words, telling: Telling, rng: Random) -> str:
    nth = len(telling.said.setdefault(slot, []))
    remembered = telling.recall.get(slot, ())
    word = remembered[nth] if nth < len(remembered) else _new_word(slot, words, telling, rng)
    telling.said[slot].append(word)
    return word


def _new_word(slot: str, words: Words, telling: Telling, rng: Random) -> str:
    if slot in words.lists:
        fresh = [word for word in words.lists[slot] if word not in telling.said[slot]]
        return pick(rng, fresh or words.lists[slot])
    if slot == "mins":
        return str(whole_between(rng, 2, 9))
    if slot == "digits":
        return str(whole_between(rng, 1000, 9899))
    if slot == "apt":
        return f"{whole_between(rng, 1, 24)}{pick(rng, ('', '', 'A', 'B', 'C'))}"
    if slot == "plate":
        return f"{whole_between(rng, 1, 9)}{pick(rng, 'BCDFGHJKLM')}{pick(rng, 'NPRSTVWXYZ')}"
    if slot == "street":
        return telling.cross_street.removesuffix(" St").removesuffix(" Ave")
    return _clock(telling.at_s, pick(rng, (-2, -1, 1)) if slot == "clock" else 2, rng)


def _clock(at_s: int, hours: int, rng: Random) -> str:
    minutes = (at_s // 60 + hours * 60 + whole_between(rng, -20, 20)) % (24 * 60)
    hour, minute = divmod(minutes - minutes % 5, 60)
    if rng.random() < 0.5:
        return f"{hour:02d}{minute:02d}"
    return f"{(hour - 1) % 12 + 1}:{minute:02d} {'am' if hour < 12 else 'pm'}"


def _with_a_slip(text: str, words: Words, rng: Random) -> str:
    present = [right for right in words.misspellings if re.search(rf"\b{right}\b", text)]
    if not present:
        return text
    right = pick(rng, present)
    return re.sub(rf"\b{right}\b", words.misspellings[right], text, count=1)
