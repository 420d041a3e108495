"""A roster file becomes records, or a list of everything that is wrong in it, each with its place."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.api.roster import NewAgency, NewProgram, NewResponder, NewUnit
from dispatch.db.active_policy import ActivePolicies
from dispatch.db.models import Agency, Jurisdiction, Program, Responder, Unit
from dispatch.domain.errors import FieldProblem, Invalid, NotFound
from dispatch.domain.geo import LatLon
from dispatch.operations.known_words import known_responder_types
from dispatch.operations.setup import AgencyRecord, ProgramRecord, ResponderRecord, SetUp, ShiftRecord, UnitRecord

Row = TypeVar("Row", bound=BaseModel)
LISTS = ("agencies", "programs", "units", "responders", "shifts")


class JurisdictionRow(BaseModel):
    """Who the roster belongs to."""

    model_config = ConfigDict(extra="forbid")
    id: str
    name: str
    time_zone: str


class ShiftRow(BaseModel):
    """Who (employee numbers) is on which unit (call sign) from when until when."""

    model_config = ConfigDict(extra="forbid")
    unit: str
    crew: list[str] = []
    starts_at: AwareDatetime
    ends_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class RosterFile:
    """What a file says, each row checked by itself. about None: the jurisdiction is there already."""

    file: str
    jurisdiction: str
    about: JurisdictionRow | None
    agencies: list[NewAgency]
    programs: list[NewProgram]
    units: list[NewUnit]
    responders: list[NewResponder]
    shifts: list[ShiftRow]


def read_roster(path: Path, jurisdiction: str | None) -> RosterFile:
    """The file's rows. Raises NotFound, or Invalid with every bad row."""
    if not path.is_file():
        raise NotFound(f"There is no file {path}.", fix="Check the path.")
    try:
        text = path.read_text("utf-8-sig")
        content = _csv(text) if path.suffix == ".csv" else YAML(typ="safe", pure=True).load(text)
    except UnicodeDecodeError as damaged:
        raise Invalid(f"{path} is not UTF-8.", fix="Save it as UTF-8.") from damaged
    except MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise Invalid(
            f"{where} is not YAML: {broken.problem or broken.context}.", fix="Mend the line named."
        ) from broken
    except YAMLError as broken:
        raise Invalid(f"{path} is not YAML: {str(broken).splitlines()[0]}.", fix="Remove what is named.") from broken
    if not isinstance(content, dict):
        raise Invalid(f"{path} holds no roster.", fix=f"Write a mapping with {', '.join(LISTS)}.")
    problems = [
        FieldProblem(f"{path.name}: {key}", "unknown_key", f"'{key}' is not one of jurisdiction, {', '.join(LISTS)}")
        for key in content
        if key not in (*LISTS, "jurisdiction")
    ]
    described = [content["jurisdiction"]] if "jurisdiction" in content else []
    about = _rows(path, {"jurisdiction": described}, "jurisdiction", JurisdictionRow, problems)
    read = RosterFile(
        path.name,
        jurisdiction or (about[0].id if about else ""),
        about[0] if about else None,
        _rows(path, content, "agencies", NewAgency, problems),
        _rows(path, content, "programs", NewProgram, problems),
        _rows(path, content, "units", NewUnit, problems),
        _rows(path, content, "responders", NewResponder, problems),
        _rows(path, content, "shifts", ShiftRow, problems),
    )
    if not read.jurisdiction and not problems:
        raise Invalid(
            f"{path} names no jurisdiction.", fix="Add `jurisdiction: {id, name, time_zone}`, or --jurisdiction."
        )
    _raise(path, problems)
    return read


def _csv(text: str) -> dict[str, Any]:
    """Units, one a row; capabilities separated by `;`, empty cells left out."""
    rows = []
    for row in csv.DictReader(io.StringIO(text)):
        unit: dict[str, Any] = {name: cell for name, cell in row.items() if name and cell not in (None, "")}
        unit["capabilities"] = [one.strip() for one in unit.get("capabilities", "").split(";") if one.strip()]
        for name, kind in (("home_lat", float), ("home_lon", float), ("min_crew", int), ("capacity", int)):
            unit |= {name: _number(unit[name], kind)} if name in unit else {}
        if "mobile" in unit:
            unit["mobile"] = {"yes": True, "true": True, "no": False, "false": False}.get(unit["mobile"].lower(), "?")
        rows.append(unit)
    return {"units": rows}


def _number(cell: str, kind: type[float] | type[int]) -> float | int | str:
    try:
        return kind(cell)
    except ValueError:
        return cell


def _rows(path: Path, content: Mapping[str, Any], key: str, kind: type[Row], problems: list[FieldProblem]) -> list[Row]:
    rows = content.get(key) or []
    if not isinstance(rows, list):
        problems.append(FieldProblem(f"{path.name}: {key}", "not_a_list", "must be a list"))
        return []
    read = []
    for number, row in enumerate(rows, start=1):
        try:
            read.append(kind.model_validate_json(orjson.dumps(row)))
        except ValidationError as wrong:
            problems += [
                FieldProblem(
                    f"{path.name}: {key}[{number}]" + "".join(f".{step}" for step in error["loc"]),
                    error["type"],
                    error["msg"],
                )
                for error in wrong.errors(include_url=False, include_input=False)
            ]
        except TypeError as wrong:
            problems.append(FieldProblem(f"{path.name}: {key}[{number}]", "not_plain", str(wrong)))
    return read


async def check_references(session: AsyncSession, read: RosterFile) -> tuple[SetUp, dict[str, int]]:
    """The records, and how many of each are new. Raises Invalid when a row names what is nowhere."""
    j = read.jurisdiction
    about = read.about
    if about is None:
        stored = await session.get(Jurisdiction, j)
        if stored is None:
            raise NotFound(f"There is no jurisdiction {j}.", fix="Set it up with a YAML file that describes it.")
        about = JurisdictionRow(id=j, name=stored.name, time_zone=stored.time_zone)
    known = {
        "agencies": await _known(session, Agency.id, Agency.jurisdiction_id, j),
        "programs": await _known(session, Program.id, Program.jurisdiction_id, j),
        "units": await _known(session, Unit.call_sign, Unit.jurisdiction_id, j),
        "responders": await _known(session, Responder.employee_number, Responder.jurisdiction_id, j),
    }
    named = {
        "agencies": {row.id for row in read.agencies},
        "programs": {row.id for row in read.programs},
        "units": {row.call_sign for row in read.units},
        "responders": {row.employee_number for row in read.responders},
    }
    here = {kind: known[kind] | named[kind] for kind in known}
    here["responder types"] = await known_responder_types(session, ActivePolicies(), j, datetime.now(UTC))
    here["responder types"] |= {row.responder_type for row in read.programs}
    _raise(Path(read.file), list(_dangling(read, here)))
    new = {kind: len(named[kind] - known[kind]) for kind in known} | {"shifts": len(read.shifts)}
    return _set_up(about, read), new


async def _known(session: AsyncSession, column: Any, owner: Any, j: str) -> set[str]:
    return set(await session.scalars(select(column).where(owner == j)))


def _dangling(read: RosterFile, here: Mapping[str, set[str]]) -> Iterable[FieldProblem]:
    wanted: list[tuple[str, str, str | None]] = []
    for n, program in enumerate(read.programs, 1):
        wanted.append((f"programs[{n}].agency_id", "agencies", program.agency_id))
    for n, unit in enumerate(read.units, 1):
        wanted.append((f"units[{n}].agency_id", "agencies", unit.agency_id))
        wanted.append((f"units[{n}].program_id", "programs", unit.program_id))
        wanted.append((f"units[{n}].responder_type", "responder types", unit.responder_type))
    for n, person in enumerate(read.responders, 1):
        wanted.append((f"responders[{n}].agency_id", "agencies", person.agency_id))
    for n, shift in enumerate(read.shifts, 1):
        wanted.append((f"shifts[{n}].unit", "units", shift.unit))
        wanted += [(f"shifts[{n}].crew", "responders", number) for number in shift.crew]
    for place, kind, name in wanted:
        if name is not None and name not in here[kind]:
            yield FieldProblem(f"{read.file}: {place}", "not_found", f"'{name}' is not among the {kind}")


def _set_up(about: JurisdictionRow, read: RosterFile) -> SetUp:
    return SetUp(
        read.jurisdiction,
        about.name,
        about.time_zone,
        [AgencyRecord(row.id, row.name, row.kind, row.contact) for row in read.agencies],
        [ProgramRecord(row.id, row.agency_id, row.responder_type, row.name, row.description) for row in read.programs],
        [_unit(row) for row in read.units],
        [
            ResponderRecord(
                row.employee_number,
                row.name,
                row.agency_id,
                frozenset(row.skills),
                tuple(row.languages),
                {held.name: held.expires_on for held in row.certifications},
            )
            for row in read.responders
        ],
        [ShiftRecord(row.unit, tuple(row.crew), row.starts_at, row.ends_at) for row in read.shifts],
    )


def _unit(row: NewUnit) -> UnitRecord:
    home = LatLon(row.home_lat, row.home_lon) if row.home_lat is not None and row.home_lon is not None else None
    return UnitRecord(
        row.call_sign,
        row.agency_id,
        row.program_id,
        row.responder_type,
        frozenset(row.capabilities),
        row.vehicle,
        row.mobile,
        row.min_crew,
        row.capacity,
        home,
        row.status,
    )


def _raise(path: Path, problems: list[FieldProblem]) -> None:
    if problems:
        count = len(problems)
        raise Invalid(
            f"{path.name} has {count} problem{'s' if count != 1 else ''}; nothing was stored.",
            fix="Mend each place named; the keys are those of the API's bodies.",
            errors=problems,
        )
