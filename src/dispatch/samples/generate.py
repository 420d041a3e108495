"""One day of calls for a sample city, from a seed: the same seed and day give the same calls, byte for byte."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from dispatch.samples.bodies import BodyWriter
from dispatch.samples.calls import CallLife, Expected, SampleCall
from dispatch.samples.city import City, Spot
from dispatch.samples.draws import lognormal_s, pick, pick_weighted, whole_between
from dispatch.samples.hand_written import HandWritten, read_hand_written
from dispatch.samples.loading import load_roster
from dispatch.samples.pacing import draw_hours, fit_hours, quotas
from dispatch.samples.reading import Problems, sample_folder
from dispatch.samples.scenarios import (
    Calibration,
    LifeProfile,
    Scenario,
    read_calibration,
    read_code_texts,
    read_scenarios,
    read_unmapped_codes,
    read_words,
)
from dispatch.samples.spots import spot_for
from dispatch.samples.wording import Telling

DEFAULT_SEED = 1123
DAY_S = 24 * 3600
# A second caller is likely only where others can see or hear it.
_SEEN_BY_OTHERS = ("street", "outdoor", "commercial", "transit", "rough")
_SHORTEST_SCENE_S = 60
_HOSPITAL_S = (1500, 3000)  # median and 90th percentile at the hospital; README names the source


@dataclass(slots=True)
class _Draft:
    """A call before it has a number. key: what a duplicate refers to."""

    at_s: int
    scenario: str
    body: dict[str, Any]
    expected: Expected
    life: CallLife
    key: str
    duplicate_of_key: str | None = None
    told: dict[str, list[str]] = field(default_factory=dict)
    spot: Spot | None = None


def generate_calls(seed: int, day: date, name: str = "alder_bay") -> list[SampleCall]:
    """A whole day of calls, generated and hand-written, in order of time; `day` shows only in their references.

    Raises Invalid with every problem of the city's files.
    """
    folder, problems = sample_folder(name), Problems()
    calibration, words = read_calibration(folder, problems), read_words(folder, problems)
    codes, unmapped = read_code_texts(folder, problems), read_unmapped_codes(folder, problems)
    scenarios = read_scenarios(folder, calibration, words, codes, problems)
    roster = load_roster(name)
    hand_written = read_hand_written(folder, roster, calibration, problems)
    problems.raise_if_any()

    rng = Random(seed)  # noqa: S311  a reproducible day, not a secret
    city = City(roster)
    writer = BodyWriter(words, codes, unmapped, calibration)
    drafts = _first_calls(rng, scenarios, calibration, city, writer)
    drafts += _duplicates(rng, drafts, {scenario.id: scenario for scenario in scenarios}, calibration, writer)
    _forget_positions(rng, drafts, calibration.no_position)
    drafts += [_from_hand(rng, case, calibration) for case in hand_written]
    return _numbered(drafts, roster.jurisdiction.call_source, day)


def _first_calls(
    rng: Random, scenarios: Sequence[Scenario], calibration: Calibration, city: City, writer: BodyWriter
) -> list[_Draft]:
    total = calibration.calls - round(calibration.calls * calibration.duplicates)
    by_category = quotas(calibration.mix, total)
    counts: dict[str, int] = {}
    for category, count in by_category.items():
        counts |= quotas({each.id: each.weight for each in scenarios if each.category == category}, count)
    wanted = [counts[scenario.id] + 1e-6 for scenario in scenarios]
    table = fit_hours([calibration.shapes[scenario.hours] for scenario in scenarios], wanted, calibration.hourly)
    room = [total * share / sum(calibration.hourly) for share in calibration.hourly]
    drafts: list[_Draft] = []
    for scenario, expected_by_hour in zip(scenarios, table, strict=True):
        for hour in draw_hours(rng, expected_by_hour, counts[scenario.id], room):
            drafts.append(
                _first_call(rng, scenario, hour * 3600 + whole_between(rng, 0, 3599), calibration, city, writer)
            )
            drafts[-1].key = f"{scenario.id}#{len(drafts)}"
    return drafts


def _first_call(
    rng: Random, scenario: Scenario, at_s: int, calibration: Calibration, city: City, writer: BodyWriter
) -> _Draft:
    spot = spot_for(rng, scenario, city)
    telling = Telling(at_s, spot.cross_street)
    return _Draft(
        at_s=at_s,
        scenario=scenario.id,
        body=writer.body(rng, scenario, spot, telling),
        expected=Expected(scenario.category, scenario.responders),
        life=_life(rng, calibration.lives[scenario.life]),
        key="",
        told=telling.said,
        spot=spot,
    )


def _duplicates(
    rng: Random,
    firsts: Sequence[_Draft],
    scenarios: dict[str, Scenario],
    calibration: Calibration,
    writer: BodyWriter,
) -> list[_Draft]:
    candidates = [draft for draft in firsts if _could_be_seen(scenarios[draft.scenario])]
    found: list[_Draft] = []
    for _ in range(round(calibration.calls * calibration.duplicates)):
        first = pick(rng, candidates)
        scenario = scenarios[first.scenario]
        at_s = min(first.at_s + lognormal_s(rng, 180, 900), DAY_S - 1)
        assert first.spot is not None  # noqa: S101  every generated first call has a spot
        telling = Telling(at_s, first.spot.cross_street, recall=first.told)
        body = writer.body(rng, scenario, first.spot, telling, is_second_caller=True)
        found.append(
            _Draft(at_s, scenario.id, body, first.expected, first.life, f"{first.key}+{len(found)}", first.key)
        )
    return found


def _could_be_seen(scenario: Scenario) -> bool:
    is_public = scenario.where in _SEEN_BY_OTHERS or scenario.category == "fire"
    return is_public and "alarm" not in scenario.channels and scenario.life not in ("report", "outreach", "transit")


def _forget_positions(rng: Random, drafts: Sequence[_Draft], share: float) -> None:
    """Takes the coordinates from a share of the calls; every second of them keeps its address."""
    left = list(drafts)
    for nth in range(round(len(drafts) * share)):
        draft = left.pop(int(rng.random() * len(left)))
        location = draft.body["location"]
        for key in ("lat", "lon", "uncertainty_m"):
            del location[key]
        if nth % 2 == 0:
            location.pop("address", None)
        if not location:
            del draft.body["location"]


def _life(rng: Random, profile: LifeProfile) -> CallLife:
    is_transported = rng.random() < profile.transport
    return CallLife(
        turnout_s=lognormal_s(rng, *profile.turnout_s),
        scene_s=max(_SHORTEST_SCENE_S, lognormal_s(rng, *profile.scene_s)),
        is_transported=is_transported,
        hospital_s=lognormal_s(rng, *_HOSPITAL_S) if is_transported else 0,
        decline_probability=profile.decline,
        outcome="transported" if is_transported else pick_weighted(rng, profile.outcomes),
    )


def _from_hand(rng: Random, case: HandWritten, calibration: Calibration) -> _Draft:
    return _Draft(
        at_s=case.at_s,
        scenario=case.case,
        body=dict(case.body),
        expected=case.expected,
        life=_life(rng, calibration.lives[case.life]),
        key=case.case,
        duplicate_of_key=case.duplicate_of,
    )


def _numbered(drafts: Sequence[_Draft], source: str, day: date) -> list[SampleCall]:
    in_order = sorted(drafts, key=lambda draft: (draft.at_s, draft.key))
    references = {draft.key: f"AB{day:%y%m%d}-{nth:04d}" for nth, draft in enumerate(in_order, start=1)}
    return [
        SampleCall(
            at_s=draft.at_s,
            scenario=draft.scenario,
            body={"source": source, "source_ref": references[draft.key], **draft.body},
            expected=draft.expected,
            life=draft.life,
            duplicate_of=references[draft.duplicate_of_key] if draft.duplicate_of_key else None,
        )
        for draft in in_order
    ]
