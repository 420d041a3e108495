"""Narratives of about 60 words, each different, made from a fixed seed; one in six tells of danger."""

import random
from collections.abc import Iterator

_PARTS = (
    "rp adv neighbor has not been seen for {n} days and the lights are on",
    "caller states a male subj is yelling at cars near the bus stop",
    "no weapons seen per rp and nobody appears to be hurt",
    "female approx {n} yrs old is sitting on the curb and crying",
    "subj denies wanting to hurt himself and asked for someone to talk to",
    "music has been loud since {n} and the rp wants to remain anonymous",
    "unk if he has been drinking but he seems confused about where he is",
    "veh parked across the driveway of unit {n} with nobody inside",
    "bicycle was taken from the garage about {n} hrs ago and the suspect is gone",
    "daughter says her father has chest tightness on and off since breakfast",
    "two people arguing over a parking space and one left on foot",
    "rp would like contact by phone at the number given to the call taker",
)
_DANGERS = (
    "he is holding a kitchen knife and will not put it down",
    "shots fired about {n} seconds ago near the corner store",
    "he is not breathing and the caller is doing cpr",
    "she said she wants to kill herself and has pills in her hand",
    "smoke is coming from the second floor and people are still inside",
    "male was stabbed in the leg and is bleeding a lot",
    "boyfriend is hitting her right now and she is hiding in the bathroom",
    "crash with injuries and one person is trapped in the vehicle",
)
_DANGER_SHARE = 1 / 6


def narratives(wanted: int, *, words: int = 60, seed: int = 60) -> Iterator[str]:
    """So many narratives of about so many words."""
    draw = random.Random(seed)
    for _ in range(wanted):
        told: list[str] = []
        if draw.random() < _DANGER_SHARE:
            told.append(_part(_DANGERS, draw))
        while sum(part.count(" ") + 1 for part in told) < words:
            told.insert(draw.randint(0, len(told)), _part(_PARTS, draw))
        yield " ".join(" ".join(told).split()[:words])


def _part(parts: tuple[str, ...], draw: random.Random) -> str:
    return draw.choice(parts).format(n=draw.randint(2, 90))
