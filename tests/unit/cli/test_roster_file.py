"""What somebody reads whose roster file is damaged."""

from pathlib import Path

import pytest

from dispatch.cli.importing.roster import read_roster
from dispatch.cli.output import show_error
from dispatch.domain.errors import Invalid


def test_a_file_that_is_not_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "city.yaml"
    file.write_text("agencies:\n  - {id: care\nunits: []\n", encoding="utf-8")

    with pytest.raises(Invalid) as refused:
        read_roster(file, None)

    assert refused.value.message.startswith(f"{file}:3 is not YAML: ")
    assert "\n" not in refused.value.message


def test_a_file_is_named_as_it_is_written_and_a_sentence_begins_with_a_capital(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_error(Invalid("city.yaml has 2 problems; nothing was stored"), as_json=False)
    show_error(Invalid("a sentence"), as_json=False)

    assert capsys.readouterr().err == "✗ city.yaml has 2 problems; nothing was stored.\n✗ A sentence.\n"
