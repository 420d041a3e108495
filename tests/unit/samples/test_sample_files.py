"""The files of a sample city are YAML 1.2: words stay words, and what cannot be meant is refused by its line."""

from pathlib import Path

import pytest

from dispatch.domain.errors import Invalid
from dispatch.samples.reading import Problems, read_yaml


def test_hours_answers_and_numbers_with_a_zero_in_front_stay_words(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("at: 22:30\nopen: yes\nbadge: 0123\nunits: 4\nlat: 44.5\nspare: null\nin: true\n")

    read = read_yaml(tmp_path, "a.yaml", Problems())

    assert read == {
        **{"at": "22:30", "open": "yes", "badge": "0123"},
        **{"units": 4, "lat": 44.5, "spare": None, "in": True},
    }


@pytest.mark.parametrize("text", ["units: 1\nunits: 2\n", "units: [1\n", "run: !!python/name:os.system\n"])
def test_a_key_given_twice_and_what_is_no_plain_yaml_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    problems = Problems()

    assert read_yaml(tmp_path, "a.yaml", problems) == {}
    with pytest.raises(Invalid, match="cannot be read"):
        problems.raise_if_any()
