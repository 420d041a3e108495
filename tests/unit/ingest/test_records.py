"""Tables with stray quotes, ragged lines and damaged letters."""

import pytest

from dispatch.ingest.history_call import Reject
from dispatch.ingest.records import STRAY_QUOTE, Line, Record, decode_line, guess_delimiter, split_header, split_records


def rows_of(*lines: str, width: int = 3, delimiter: str = ",") -> list[Record | Reject]:
    numbered = [Line(number, text) for number, text in enumerate(lines, start=2)]
    return list(split_records(numbered, width=width, delimiter=delimiter))


def cells_of(rows: list[Record | Reject]) -> list[list[str] | str]:
    return [row.cells if isinstance(row, Record) else row.reason for row in rows]


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert split_header("\ufeffcode,description,,", ",") == ["code", "description", "column_3", "column_4"]


def test_a_column_name_that_comes_twice_keeps_both_columns_apart() -> None:
    assert split_header("type,when,type", ",") == ["type", "when", "type.2"]


def test_a_quoted_cell_may_hold_commas_quotes_and_line_breaks() -> None:
    rows = rows_of('1,"loud, ""very"" loud', 'music",x', "2,b,c")

    assert cells_of(rows) == [["1", 'loud, "very" loud\nmusic', "x"], ["2", "b", "c"]]


def test_a_stray_quote_costs_nothing_but_a_warning_on_its_own_line() -> None:
    rows = rows_of('1,"man down,x', "2,b,c", "3,b,c")

    assert cells_of(rows) == [["1", "man down", "x"], ["2", "b", "c"], ["3", "b", "c"]]
    assert [row.warnings for row in rows if isinstance(row, Record)] == [(STRAY_QUOTE,), (), ()]


def test_two_stray_quotes_do_not_swallow_the_lines_between_them() -> None:
    rows = rows_of('1,"a,x', "2,b,c", '3,"b,c', "4,b,c")

    assert [cells[0] for cells in cells_of(rows)] == ["1", "2", "3", "4"]


def test_a_line_that_swallowed_the_next_one_is_rejected_with_its_line_number() -> None:
    rows = rows_of("1,b,c", "2,b,c3,b,c", "4,b,c")

    assert cells_of(rows) == [["1", "b", "c"], "ragged_line", ["4", "b", "c"]]
    rejected = rows[1]
    assert isinstance(rejected, Reject)
    assert (rejected.row, rejected.line) == (2, 3)


def test_a_short_line_is_rejected_and_not_filled_up() -> None:
    assert cells_of(rows_of("1,b")) == ["ragged_line"]


def test_empty_cells_past_the_last_column_are_no_fault() -> None:
    assert cells_of(rows_of("1,b,c,,,")) == [["1", "b", "c"]]


def test_blank_lines_are_no_rows_but_keep_the_line_numbers_true() -> None:
    rows = rows_of("1,b,c", "", "2,b,c")

    assert [(row.row, row.line) for row in rows] == [(1, 2), (2, 4)]


def test_a_quote_open_at_the_end_of_the_file_gives_back_every_line() -> None:
    assert [cells[0] for cells in cells_of(rows_of('1,"a,x', "2,b,c"))] == ["1", "2"]


def test_a_letter_in_an_older_encoding_is_read_and_flagged() -> None:
    assert decode_line("Peña".encode("cp1252"), ("utf-8", "cp1252")) == ("Peña", ("read_as:cp1252",))


def test_bytes_that_fit_no_encoding_lose_the_letter_and_not_the_line() -> None:
    assert decode_line(b"a\x81b", ("utf-8", "cp1252")) == ("a\ufffdb", ("letters_lost",))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_mark_between_columns_is_read_off_the_header(delimiter: str) -> None:
    assert guess_delimiter(delimiter.join(["ref", "type, in words", "at", "lat", "lon"])) == delimiter


def test_a_table_of_one_column_is_a_table() -> None:
    assert guess_delimiter("type") == ","
