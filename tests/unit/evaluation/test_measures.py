"""The evaluation counts what it says, says what it lacks, and its firm promises hold where the data is there."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from evaluation import data, mappings
from evaluation.__main__ import MEASURES, measure_all
from evaluation.danger import comes
from evaluation.deciding import Judge
from evaluation.measure import Measure
from evaluation.must_not_miss import read_cases
from evaluation.negation import context_of_concept
from evaluation.report import as_json, as_page
from evaluation.reports import best_possible

JUDGE = Judge()
LINKING = ("precision", "recall", "automatic_recall", "later_found", "first_right", "proposals_right", "hidden")
PAGE = Path(__file__).parents[3] / "docs" / "triage-quality.md"
needs_data = pytest.mark.skipif(not data.ROOT.is_dir(), reason="../shared/data is absent: nothing to measure")


@cache
def everything() -> dict[str, Measure]:
    return {measure.name: measure for measure in measure_all(JUDGE)}


def test_a_figure_holds_only_when_it_reaches_its_target() -> None:
    assert Measure("m", "", "", "", 9, 10, at_least=0.9).holds is True
    assert Measure("m", "", "", "", 2, 10, at_most=0.1).holds is False
    assert Measure("m", "", "", "", 0, 0, at_most=0.1).holds is None
    assert Measure("m", "", "", "", 1, 10).holds is None


def test_without_data_every_measure_that_needs_it_is_skipped_and_the_rest_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(data, "ROOT", tmp_path)

    found = measure_all(JUDGE)

    measured = {measure.name for measure in found if not measure.skipped}
    halves = {
        "unseen": "released",
        "unseen_second": "released",
        "unseen_third": "released",
        "unseen_fourth": "held_out",
    }
    unseen = {
        f"{written}_{kind}_{half}"
        for written, held_back in halves.items()
        for kind in ("danger", "benign")
        for half in ("development", held_back)
    }
    linking = {f"linking_{of}" for of in LINKING}
    assert measured == {"must_not_miss", "must_not_miss_by_luck"} | unseen | linking
    assert all("no data" in measure.skipped or "absent" in measure.skipped for measure in found if measure.skipped)
    assert "skipped" in as_page(found)


def test_there_are_two_hundred_disguises_of_every_kind() -> None:
    cases = read_cases()
    kinds = Counter(case.disguise for case in cases)

    assert len({(case.type_text, case.says) for case in cases}) == len(cases) >= 200
    assert len(kinds) >= 12
    assert min(kinds.values()) >= 5


def test_plain_words_are_read_whole_and_through_underscores() -> None:
    assert mappings.plainly_also("118B_Fraud Past") == {"reporting"}
    assert mappings.plainly_also("GASTRONOMY") == frozenset()


def test_every_unseen_title_has_a_mapping() -> None:
    assert all(mappings.unseen_categories(city, "anything else") for city in mappings.UNSEEN)


def test_the_context_of_a_concept_is_read_by_our_markers_alone() -> None:
    assert context_of_concept(JUDGE.policy, "cough", "She denies any COUGH today.") == "negated"
    assert context_of_concept(JUDGE.policy, "cough", "She has a COUGH and no fever.") == "affirmed"
    assert context_of_concept(JUDGE.policy, "cough", "Nothing of the kind.") is None


@needs_data
def test_what_is_promised_firmly_holds() -> None:
    firm = ("must_not_miss", "danger_missed_without_indecency", "san_diego_priority_9_recall")
    firm += ("negation_sensitivity", "negation_specificity", "category_all_volume_accepting", "danger_missed")
    firm += ("danger_missed_san_francisco_as_sent",)
    firm += ("linking_precision", "linking_recall", "linking_hidden")
    firm += ("needless_police_or_ems", "needless_police_or_ems_labels", "needless_once_answered")

    assert {name: everything()[name].holds for name in firm} == dict.fromkeys(firm, True)


@needs_data
def test_no_harmless_call_leaves_the_account_of_needless_police() -> None:
    tables = {table.title: table for table in everything()["needless_police_or_ems"].tables}
    *classes, everybody = (int(row[1].replace(",", "")) for row in tables["Every class with its volume"].rows)
    of_cities = sum(int(row[3].replace(",", "")) for row in tables["By city"].rows)

    assert sum(classes) == everybody == of_cities


def test_the_best_possible_takes_types_by_their_share_and_of_the_last_only_what_is_needed() -> None:
    calls, unit = Counter({"a": 10, "b": 40, "c": 100}), Counter({"a": 10, "b": 10, "c": 0})

    assert best_possible(calls, unit, 0.5) == (10, 10)
    assert best_possible(calls, unit, 0.75) == (30, 15)
    assert best_possible(calls, unit, 1.0) == (50, 20)


def test_a_disturbance_waits_for_an_answer_and_a_mediator_goes_once_it_is_harmless() -> None:
    unasked, asked = JUDGE.decide("DISTURBANCE"), JUDGE.decide("DISTURBANCE", answers={"violence": "none"})
    (mediators,) = (verdict for verdict in unasked.programs if verdict.program == "mediation-team")

    assert (mediators.verdict, "cannot_tell:violence" in mediators.reasons) == ("cannot_tell", True)
    assert (comes(unasked), comes(asked)) == (True, False)


@needs_data
def test_the_page_names_every_measure_and_every_figure_is_flat() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [name for name in everything() if f"`{name}`" not in page] == []
    assert all(set(figures) >= {"numerator", "denominator", "unit", "missing"} for figures in _flat().values())


def _flat() -> dict[str, dict[str, object]]:
    return {name: figures for name, figures in as_json(everything().values()).items() if isinstance(figures, dict)}


def test_every_group_of_measures_stands_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [name for name in MEASURES if f"`{name}" not in page] == []
