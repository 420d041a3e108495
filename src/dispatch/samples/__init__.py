"""The city that ships with Dispatch: its roster, its places and one day of its calls. All of it is invented."""

from dispatch.samples.calls import CallLife, Expected, SampleCall, dump_calls, load_calls
from dispatch.samples.generate import DEFAULT_SEED, generate_calls
from dispatch.samples.loading import load_roster
from dispatch.samples.roster import (
    Certification,
    District,
    Jurisdiction,
    Place,
    Roster,
    SampleAgency,
    SampleProgram,
    SampleResponder,
    SampleShift,
    SampleUnit,
)
from dispatch.samples.shifts import ShiftWindow, shift_windows

__all__ = [
    "DEFAULT_SEED",
    "CallLife",
    "Certification",
    "District",
    "Expected",
    "Jurisdiction",
    "Place",
    "Roster",
    "SampleAgency",
    "SampleCall",
    "SampleProgram",
    "SampleResponder",
    "SampleShift",
    "SampleUnit",
    "ShiftWindow",
    "dump_calls",
    "generate_calls",
    "load_calls",
    "load_roster",
    "shift_windows",
]
