"""Mapping files: what ships is valid, and what is wrong in one's own is named."""

from pathlib import Path

import pytest

from dispatch.domain.errors import Invalid, NotFound
from dispatch.ingest.mapping import SHIPPED, load_mapping, parse_mapping

SMALL = """
mapping: my-cad
title: My own
key: {columns: [ref]}
type: {text: type}
received_at: at
"""


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_mapping_is_valid_and_named_as_its_file(name: str) -> None:
    assert load_mapping(name).mapping == name


def test_a_mapping_of_ones_own_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL)

    assert load_mapping(str(path)).source_name == "my-cad"


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(NotFound) as refused:
        load_mapping("sf-polcie")

    assert "did you mean 'sf-police'?" in refused.value.fix


def test_an_unknown_key_is_refused_with_the_nearest_word() -> None:
    with pytest.raises(Invalid) as refused:
        parse_mapping(SMALL + "narative: {columns: [notes]}\n", "mine.yaml")

    assert [problem.detail for problem in refused.value.errors] == [
        "there is no key 'narative'; did you mean 'narrative'?"
    ]


def test_every_problem_of_a_mapping_is_named_at_once() -> None:
    text = SMALL.replace("title: My own", "zone_: UTC") + "channel: {default: pigeon}\n"

    with pytest.raises(Invalid) as refused:
        parse_mapping(text, "mine.yaml")

    assert {problem.pointer for problem in refused.value.errors} == {
        "mine.yaml:title",
        "mine.yaml:zone_",
        "mine.yaml:channel.default",
    }


@pytest.mark.parametrize(
    ("text", "word"), [("a: [", "not valid YAML"), ("- 1", "holds no mapping"), ("", "holds no mapping")]
)
def test_a_file_that_is_no_mapping_is_refused_in_a_sentence(text: str, word: str) -> None:
    with pytest.raises(Invalid, match=word):
        parse_mapping(text, "mine.yaml")


def test_a_zone_that_does_not_exist_is_refused_with_an_example() -> None:
    with pytest.raises(Invalid) as refused:
        load_mapping("generic").with_zone("Mars/Olympus")

    assert "America/Chicago" in refused.value.errors[0].detail


def test_a_file_in_another_zone_needs_no_mapping_of_its_own() -> None:
    assert load_mapping("generic").with_zone("America/Denver").zone == "America/Denver"
