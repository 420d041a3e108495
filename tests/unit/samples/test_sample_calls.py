"""The day of calls that ships: enough of them, of every kind, shaped like a real day, and always the same."""

from collections import Counter
from datetime import date
from importlib.resources import files

import pytest

from dispatch.domain.call import Channel
from dispatch.domain.classification import SHIPPED_RESPONDER_TYPES, Category
from dispatch.domain.geo import LatLon
from dispatch.operations.call_body import CallBody
from dispatch.samples import DEFAULT_SEED, SampleCall, dump_calls, generate_calls, load_calls, load_roster
from dispatch.samples.city import City
from dispatch.samples.reading import Problems, sample_folder
from dispatch.samples.scenarios import Calibration, read_calibration, read_code_texts, read_unmapped_codes

FOLDER = sample_folder("alder_bay")
# Two hand-written calls are outside on purpose: a ferry on the bay, and a sender's 0,0 for "nowhere".
OUTSIDE = {"a position far off the map", "zero-zero coordinates"}


@pytest.fixture(scope="module")
def calls() -> list[SampleCall]:
    return load_calls()


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return read_calibration(FOLDER, Problems())


def _share(calls: list[SampleCall], holds: list[bool]) -> float:
    return sum(holds) / len(calls)


def test_the_day_has_five_hundred_generated_and_sixty_hand_written_calls_in_order(calls: list[SampleCall]) -> None:
    by_hand = [call for call in calls if " " in call.scenario]

    assert len(calls) - len(by_hand) >= 500
    assert len(by_hand) >= 60
    assert [call.at_s for call in calls] == sorted(call.at_s for call in calls)
    assert all(0 <= call.at_s < 24 * 3600 for call in calls)


def test_the_generator_makes_the_shipped_day_byte_for_byte() -> None:
    shipped = files("dispatch.samples") / "alder_bay" / "calls" / "day.ndjson"
    day = load_roster().jurisdiction.sample_day

    assert dump_calls(generate_calls(DEFAULT_SEED, day)) == shipped.read_text(encoding="utf-8")


def test_another_seed_makes_another_day_and_another_date_only_other_references() -> None:
    day = load_calls()
    other_seed = generate_calls(DEFAULT_SEED + 1, date(2026, 11, 23))
    other_date = generate_calls(DEFAULT_SEED, date(2027, 1, 2))

    assert [call.body.get("narrative") for call in other_seed] != [call.body.get("narrative") for call in day]
    assert [call.body.get("narrative") for call in other_date] == [call.body.get("narrative") for call in day]
    assert not {call.body["source_ref"] for call in other_date} & {call.body["source_ref"] for call in day}


def test_every_body_is_one_that_the_service_takes(calls: list[SampleCall]) -> None:
    for call in calls:
        CallBody.model_validate(dict(call.body))
        assert "received_at" not in call.body
    assert len({call.body["source_ref"] for call in calls}) == len(calls)
    assert {call.body["source"] for call in calls} == {"alder-bay-cad"}


def test_every_category_responder_type_and_most_channels_occur(calls: list[SampleCall]) -> None:
    assert {call.expected.category for call in calls} == set(Category)
    assert {name for call in calls for name in call.expected.responder_types} == set(SHIPPED_RESPONDER_TYPES)
    assert {call.body.get("channel") for call in calls} >= set(Channel) - {Channel.OTHER}


def test_the_mix_by_category_is_the_one_aimed_at(calls: list[SampleCall], calibration: Calibration) -> None:
    reached = Counter(call.expected.category for call in calls)

    for category, share in calibration.mix.items():
        assert reached[Category(category)] / len(calls) == pytest.approx(share, abs=0.02), category


def test_calls_come_in_at_the_hours_aimed_at(calls: list[SampleCall], calibration: Calibration) -> None:
    reached = Counter(call.at_s // 3600 for call in calls)
    total = sum(calibration.hourly)

    for hour, percent in enumerate(calibration.hourly):
        assert reached[hour] / len(calls) == pytest.approx(percent / total, abs=0.012), hour


def test_priorities_lie_in_the_published_bands(calls: list[SampleCall]) -> None:
    life_threat = _share(calls, [call.body.get("priority") in ("0", "1") for call in calls])
    can_wait = _share(calls, [call.body.get("priority") in ("3", "4") for call in calls])

    assert 0.18 <= life_threat <= 0.34
    assert 0.23 <= can_wait <= 0.39


def test_missing_positions_duplicates_and_unknown_codes_have_the_shares_aimed_at(
    calls: list[SampleCall], calibration: Calibration
) -> None:
    unmapped = read_unmapped_codes(FOLDER, Problems())

    no_position = _share(calls, ["lat" not in call.body.get("location", {}) for call in calls])
    duplicates = _share(calls, [call.duplicate_of is not None for call in calls])
    unknown_code = _share(calls, [call.body.get("call_type", {}).get("code") in unmapped for call in calls])

    assert no_position == pytest.approx(calibration.no_position, abs=0.015)
    assert duplicates == pytest.approx(calibration.duplicates, abs=0.015)
    assert unknown_code == pytest.approx(calibration.unmapped_code, abs=0.01)


def test_a_duplicate_comes_after_its_first_call_and_near_it(calls: list[SampleCall]) -> None:
    by_reference = {call.body["source_ref"]: call for call in calls}

    for call in calls:
        if call.duplicate_of is not None:
            first = by_reference[call.duplicate_of]
            assert 0 <= call.at_s - first.at_s <= 3600, call.scenario
            assert first.duplicate_of is None


def test_positions_lie_inside_the_city(calls: list[SampleCall]) -> None:
    city = City(load_roster())
    outside = {
        call.scenario
        for call in calls
        if "lat" in call.body.get("location", {})
        and city.district_at(LatLon(call.body["location"]["lat"], call.body["location"]["lon"])) is None
    }

    assert outside == OUTSIDE


def test_narratives_are_ten_to_sixty_words_and_hardly_two_read_alike(calls: list[SampleCall]) -> None:
    narratives = [call.body["narrative"] for call in calls if "narrative" in call.body]
    words = [frozenset(narrative.lower().split()) for narrative in narratives]
    alike = sum(
        any(len(mine & other) / len(mine | other) > 0.8 for other in words[:nth]) for nth, mine in enumerate(words)
    )

    assert all(10 <= len(narrative.split()) <= 60 for narrative in narratives)
    assert len(set(narratives)) >= 0.995 * len(narratives)
    assert alike <= 0.02 * len(narratives)


def test_every_code_in_use_is_on_the_citys_list_and_the_crosswalk_is_sound(calls: list[SampleCall]) -> None:
    codes = read_code_texts(FOLDER, Problems()) | read_unmapped_codes(FOLDER, Problems())

    for call in calls:
        kind = call.body.get("call_type")
        assert kind is None or codes[kind["code"]] == kind["text"], call.scenario
    assert len(codes) >= 90


def test_lives_are_plausible(calls: list[SampleCall]) -> None:
    medical = [call for call in calls if call.expected.category == "medical"]

    assert 0.5 <= sum(call.life.is_transported for call in medical) / len(medical) <= 0.8
    for call in calls:
        assert 1 <= call.life.turnout_s <= 3 * 3600
        assert 60 <= call.life.scene_s <= 4 * 3600, call.scenario
        assert (call.life.hospital_s > 0) == call.life.is_transported
        assert 0 <= call.life.decline_probability < 0.2
        assert call.life.outcome
