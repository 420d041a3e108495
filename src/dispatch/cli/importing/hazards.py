"""A file of hazards becomes commands, or a list of everything that is wrong in it, each with its line."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dispatch.api.hazards import HazardBody, command_of
from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.operations.hazards import RecordHazard

PLACE = ("lat", "lon", "address", "door")
OPTIONAL = ("sensitivity", "endangers_responders", "radius_m", "agency")
NEEDED = ("kind", "words", "expires_at", "source_kind", "source")


@dataclass(frozen=True, slots=True)
class HazardsFile:
    """What a file says, each row checked by itself. lines: where each of the commands stands."""

    file: str
    commands: list[RecordHazard]
    lines: list[int]

    def placed(self, wrong: Invalid) -> Invalid:
        """The refusal of `record_all`, with lines of the file for numbers of rows."""
        problems = []
        for one in wrong.errors:
            number, _, field = one.pointer.removeprefix("/").partition("/")
            problems.append(
                FieldProblem(f"{self.file}: line {self.lines[int(number)]}", one.code, f"{field}: {one.detail}")
            )
        return _refusal(self.file, problems)


def read_hazards_file(path: Path) -> HazardsFile:
    """The hazards of a CSV file. Raises Invalid with every bad row, also for a column that nobody knows."""
    try:
        reader = csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))
        columns, rows = list(reader.fieldnames or ()), [(reader.line_num, row) for row in reader]
    except UnicodeDecodeError as damaged:
        raise Invalid(f"{path.name} is not UTF-8.", fix="Save it as UTF-8.") from damaged
    known = (*NEEDED, *PLACE, *OPTIONAL)
    unknown, missing = sorted(set(columns) - set(known)), sorted(set(NEEDED) - set(columns))
    if unknown or missing:
        raise _refusal(
            path.name,
            [FieldProblem(f"{path.name}: line 1", "unknown_column", f"'{name}' is not a column") for name in unknown]
            + [FieldProblem(f"{path.name}: line 1", "missing_column", f"'{name}' is missing") for name in missing],
        )
    problems: list[FieldProblem] = []
    commands, lines = [], []
    for line, row in rows:
        try:
            commands.append(command_of(HazardBody.model_validate(_body(row))))
            lines.append(line)
        except ValidationError as wrong:
            problems += [
                FieldProblem(
                    f"{path.name}: line {line}", error["type"], f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
                )
                for error in wrong.errors(include_url=False, include_input=False)
            ]
    if problems:
        raise _refusal(path.name, problems)
    return HazardsFile(path.name, commands, lines)


def _body(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as the API takes it; empty cells are left out, a day ends at its end in UTC."""
    given = {name: cell.strip() for name, cell in row.items() if name is not None and cell and cell.strip()}
    expires = given.get("expires_at")
    if expires is not None and len(expires) == len("2027-05-01"):
        given["expires_at"] = f"{expires}T23:59:59Z"
    source = {"kind": given.pop("source_kind", None), "name": given.pop("source", None)}
    return {
        **{name: cell for name, cell in given.items() if name not in PLACE},
        "place": {name: given[name] for name in PLACE if name in given},
        "source": {name: cell for name, cell in source.items() if cell is not None},
    }


def _refusal(file: str, problems: list[FieldProblem]) -> Invalid:
    count = len(problems)
    return Invalid(
        f"{file} has {count} problem{'s' if count != 1 else ''}; nothing was stored.",
        fix=f"Columns: {', '.join(NEEDED)}; of a place {', '.join(PLACE)}; if wanted {', '.join(OPTIONAL)}.",
        errors=problems,
    )
