"""The city that ships with Dispatch: its roster, its places and one day of its calls. All of it is invented."""

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
    "Certification",
    "District",
    "Jurisdiction",
    "Place",
    "Roster",
    "SampleAgency",
    "SampleProgram",
    "SampleResponder",
    "SampleShift",
    "SampleUnit",
    "ShiftWindow",
    "load_roster",
    "shift_windows",
]
