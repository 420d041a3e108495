"""Narratives of about 60 words, each different, made from a fixed seed."""

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


def narratives(wanted: int, *, words: int = 60, seed: int = 60) -> Iterator[str]:
    """So many narratives of about so many words."""
    draw = random.Random(seed)
    for _ in range(wanted):
        text: list[str] = []
        while len(text) < words:
            text.extend(draw.choice(_PARTS).format(n=draw.randint(2, 90)).split())
        yield " ".join(text[:words])
