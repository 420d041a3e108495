"""The closed vocabulary of facts: every name and value that answers, phrases and conditions may use."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FactSpec:
    """One fact and its values; each fact may also be `unknown`.

    values: for a danger (and every ordered fact) from least to most severe, so values[0] is the safe one.
    hypothetical, past: the value that a mention in that context still sets; None when it sets nothing.
    ask: the question to the caller. always_shown: part of every decision, also while unknown.
    """

    name: str
    values: tuple[str, ...]
    ask: str
    is_danger: bool = False
    is_ordered: bool = False
    hypothetical: str | None = None
    past: str | None = None
    always_shown: bool = True

    @property
    def safe_value(self) -> str:
        return self.values[0]

    def rank(self, value: str) -> int:
        """Severity of a value; unknown ranks below all, so that anything said is kept."""
        return self.values.index(value) if value in self.values else -1


def _danger(
    name: str, *values: str, ask: str, hypothetical: str | None = None, past: str | None = None, shown: bool = True
) -> FactSpec:
    return FactSpec(name, values, ask, True, True, hypothetical, past, shown)


def _plain(name: str, *values: str, ask: str, ordered: bool = False, shown: bool = False) -> FactSpec:
    return FactSpec(name, values, ask, is_ordered=ordered, always_shown=shown)


_SPECS = (
    _danger("weapon", "none", "mentioned", "in_hand", "used", ask="Is there a weapon?", hypothetical="mentioned"),
    _danger(
        "violence",
        *("none", "verbal_threat", "physical", "ongoing"),
        ask="Is anyone being threatened or hurt?",
        hypothetical="verbal_threat",
    ),
    _danger(
        "suicide",
        *("none", "ideation", "intent", "imminent_with_means", "attempt_made"),
        ask="Is anyone thinking of ending their life, and do they have the means at hand?",
        hypothetical="ideation",
    ),
    _danger("medical", "none", "minor", "urgent", "life_threat", ask="Is anyone sick or hurt, awake and breathing?"),
    _danger("crime", "none", "past", "in_progress", ask="Is a crime happening now?", past="past"),
    _danger("intoxication", "none", "some", "severe", ask="Has anyone been drinking or using drugs?"),
    _danger("injury", "no", "yes", ask="Is anyone injured?"),
    _danger("overdose", "no", "yes", ask="Could this be an overdose?"),
    _danger("fire_or_smoke", "no", "yes", ask="Is there fire or smoke?"),
    _danger("suspect_present", "no", "yes", ask="Is the person who did it still there or near?"),
    _danger("retaliation_risk", "no", "yes", ask="Is anyone likely to take revenge?"),
    _danger("scene_clear", "yes", "no", ask="Is it safe to walk up to the place?", shown=False),
    _danger("domestic", "no", "yes", ask="Are the people involved partners or family?", shown=False),
    _danger("in_traffic", "no", "yes", ask="Is anyone in the roadway?", shown=False),
    _danger("hazard", "no", "yes", ask="Are there wires, gas, chemicals or other hazards?", shown=False),
    _danger("stolen_firearm", "no", "yes", ask="Was a firearm taken?", shown=False),
    _plain(
        "place",
        *("private_residence", "public_outdoor", "public_indoor", "transit", "vehicle", "commercial"),
        ask="Where is it: a home, outdoors, a business, transit, a vehicle?",
        shown=True,
    ),
    _plain("age_band", "child", "youth", "adult", "older_adult", ask="About how old is the person?", shown=True),
    _plain(
        "caller_relation",
        *("self", "family", "bystander", "third_party", "officer", "alarm"),
        ask="Is the caller the person concerned, family, or someone else?",
        shown=True,
    ),
    _plain(
        "caller_wants",
        *("anyone", "no_police", "police", "report_only"),
        ask="Does the caller want police, someone else, or only a report?",
        shown=True,
    ),
    _plain("persons", "one", "few", "many", ask="How many people are involved?", ordered=True),
    _plain("information_quality", "enough", "not_enough", ask="What is happening, and who is involved?"),
    _plain("understood", "yes", "no", ask="What exactly is happening, and to whom, in plain words?"),
    _plain("evidence", "no", "yes", ask="Is there video, prints or other evidence to collect?"),
    _plain("suspect_known", "no", "yes", ask="Is it known who did it?"),
    _plain("loss", "small", "large", ask="About how much is the loss worth?", ordered=True),
    _plain("occurred", "now", "recent", "earlier", ask="When did it happen?"),
    _plain("clinician_present", "no", "yes", ask="Is a clinician or case worker already there?"),
)

VOCABULARY: Mapping[str, FactSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
DANGERS = frozenset(spec.name for spec in _SPECS if spec.is_danger)
ALWAYS_SHOWN = tuple(spec.name for spec in _SPECS if spec.always_shown)
