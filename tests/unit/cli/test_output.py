"""What others wrote is shown to whoever sits at the terminal, and never obeyed by it."""

import pytest
from rich.markup import escape
from rich.table import Table

from dispatch.cli.output import data, show_error, words
from dispatch.domain.errors import FieldProblem, Invalid

# Sets the window's title, turns text red, clears the screen with the one-character form, and reads backwards.
HOSTILE = "a\x1b]0;owned\x07\x1b[31m\x9b2J\u202eb"


def test_a_sender_cannot_steer_the_terminal_of_a_reader(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table()
    table.add_row(HOSTILE)

    words().print(escape(HOSTILE), soft_wrap=True)
    data().print(table)
    show_error(Invalid(HOSTILE, fix=HOSTILE, errors=[FieldProblem(HOSTILE, "invalid", HOSTILE)]), as_json=False)

    shown = capsys.readouterr()
    for text in (shown.out, shown.err):
        assert "owned" in text
        assert not {character for character in text if not character.isprintable()} - {"\n"}


def test_words_between_colons_stay_words(capsys: pytest.CaptureFixture[str]) -> None:
    data().print("structure :fire: reported")

    assert capsys.readouterr().out == "structure :fire: reported\n"
