"""A mapping: the small YAML file that says how one sender's table becomes calls. Checked whole before a row is read."""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from dispatch.domain.call import Channel
from dispatch.domain.errors import FieldProblem, Invalid, NotFound
from dispatch.ingest.history_call import STEPS
from dispatch.ingest.places import EARTH, Box
from dispatch.ingest.times import ClockReading, TimeReading

SHIPPED = (
    *("generic", "sf-police", "sf-fire", "san-diego", "seattle-fire", "burlington", "montgomery-pa"),
    *("houston", "houston-feed"),
)


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


# One column, or several names for it: the first that the file has is read.
Column = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
Condition = dict[str, tuple[str, ...]]  # column -> values; all columns must match


class Part(BaseModel):
    """Unknown keys are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KeyColumns(Part):
    """Which cells name a call, and what a repeated name means.

    merge: rows of one call. number: another call; its reference gets #2, #3, ... reject: a mistake.
    pass: not looked at (constant memory; the service answers a repeat as a repeat).
    digest: the reference is a hash of the cells, for files whose only key is most of the row.
    or_row_number: a file without such a column is read all the same, with `row-7` as reference.
    """

    columns: tuple[Column, ...]
    repeated: Literal["merge", "number", "reject", "pass"] = "pass"
    digest: bool = False
    or_row_number: bool = False


class TypeColumns(Part):
    """The sender's call type. missing_text: what to say when the cell is empty, so that the call is not lost."""

    code: Column = ()
    text: Column = ()
    missing_text: str | None = None


class JoinedText(Part):
    """Free text out of one or several columns."""

    columns: tuple[Column, ...]
    join: str = "; "


class AddressColumns(Part):
    """An address out of parts; see places.join_address."""

    parts: tuple[tuple[Column, ...], ...]
    between: str = " & "
    drop: tuple[str, ...] = ()
    replace: dict[str, str] = Field(default_factory=dict)
    city: str | None = None


class Bounds(Part):
    """Where positions of this file are believed, in degrees."""

    south: float = Field(ge=-90, le=90)
    west: float = Field(ge=-180, le=180)
    north: float = Field(ge=-90, le=90)
    east: float = Field(ge=-180, le=180)


class LocationColumns(Part):
    """Where a call was. withheld: rows whose position the publisher removed on purpose."""

    lat: Column = ()
    lon: Column = ()
    point: Column = ()
    bounds: Bounds | None = None
    uncertainty_m: float | None = Field(None, ge=0)
    uncertainty_column: Column = ()
    place: Column = ()
    address: AddressColumns | None = None
    withheld: Condition | None = None

    def box(self) -> Box:
        """The bounds as a box; the whole earth when none are given."""
        return Box(**self.bounds.model_dump()) if self.bounds else EARTH


class ChannelRule(Part):
    """The channel of rows that match."""

    when: Condition
    channel: Channel


class ChannelColumns(Part):
    """How the contact arrived: first rule that matches, then the column's value, then the default."""

    rules: tuple[ChannelRule, ...] = ()
    column: Column = ()
    values: dict[str, Channel] = Field(default_factory=dict)
    default: Channel | None = None


class NotACall(Part):
    """Rows that are no request for help. keep: they stay, with the rule's id. skip: left out and counted."""

    id: str
    when: Condition
    action: Literal["keep", "skip"] = "keep"
    because: str


class UnitColumns(Part):
    """Which units went. separator: of several units in a cell. types_by_prefix: letters of a unit's name -> type."""

    column: Column
    separator: str | None = None
    type_column: Column = ()
    types_by_prefix: dict[str, str] = Field(default_factory=dict)
    responder_types: dict[str, str] = Field(default_factory=dict)
    default_responder_type: str
    times: dict[Literal[STEPS], Column] = Field(default_factory=dict)  # type: ignore[valid-type]


class CallerColumns(Part):
    """What the file says of the caller."""

    name: Column = ()
    phone: Column = ()
    language: Column = ()
    relation: Column = ()
    wants: Column = ()


class Snapshots(Part):
    """A feed that lists all active calls again and again: each line of the file is one list, at the moment of `at`.

    close_after_lists: how many whole lists in a row must lack a call before its incident is closed; never without it.
    """

    at: Column
    close_after_lists: int | None = Field(None, ge=2)


class Mapping(Part):
    """One sender's table, described. Names of columns are matched as the file writes them, then without case."""

    mapping: str = Field(min_length=1, max_length=100)
    title: str
    source: str | None = None
    source_column: Column = ()
    zone: str | None = None
    clock: ClockReading = ClockReading.AS_WRITTEN
    time_formats: tuple[str, ...] = ("iso",)
    empty: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ("utf-8", "cp1252")
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    records_at: str | None = None
    key: KeyColumns
    type: TypeColumns
    priority: Column = ()
    narrative: JoinedText | None = None
    answers: dict[str, Column] = Field(default_factory=dict)
    received_at: Column
    updated_at: Column = ()
    occurred: dict[str, Column] = Field(default_factory=dict)
    recorded: dict[str, Column] = Field(default_factory=dict)
    location: LocationColumns = LocationColumns()
    channel: ChannelColumns = ChannelColumns()
    caller: CallerColumns = CallerColumns()
    not_calls: tuple[NotACall, ...] = ()
    units: UnitColumns | None = None
    snapshots: Snapshots | None = None

    @model_validator(mode="after")
    def _zone_exists(self) -> "Mapping":
        if self.zone is not None:
            try:
                ZoneInfo(self.zone)
            except (ZoneInfoNotFoundError, ValueError) as unknown:
                raise ValueError(f"'{self.zone}' is not a time zone; use a name such as America/Chicago") from unknown
        return self

    @model_validator(mode="after")
    def _lists_can_be_read(self) -> "Mapping":
        if self.snapshots and not self.records_at:
            raise ValueError("`snapshots` needs `records_at`: where the rows of a list are inside its line")
        if self.snapshots and (self.source_column or self.key.repeated != "pass" or self.key.or_row_number):
            raise ValueError(
                "`snapshots` needs one source and a key of its own for each call: no `source_column`, "
                "`key.repeated` or `key.or_row_number`"
            )
        return self

    @property
    def source_name(self) -> str:
        """The `source` of the calls it makes: the mapping's own name unless it says otherwise."""
        return self.source or self.mapping

    def time_reading(self) -> TimeReading:
        """How to read the times of the file."""
        return TimeReading(self.time_formats, ZoneInfo(self.zone) if self.zone else None, self.clock)

    def with_zone(self, zone: str) -> "Mapping":
        """The same mapping for a file whose wall clock is in another zone."""
        return _checked({**self.model_dump(exclude_unset=True), "zone": zone}, f"--zone {zone}")


def load_mapping(name_or_path: str) -> Mapping:
    """The shipped mapping of that name, or the one in that file. Raises NotFound, or Invalid with every problem."""
    path = Path(name_or_path)
    if name_or_path in SHIPPED:
        text = (files("dispatch.ingest") / "mappings" / f"{name_or_path}.yaml").read_text("utf-8")
        return parse_mapping(text, name_or_path)
    if path.suffix in {".yaml", ".yml"} and path.is_file():
        return parse_mapping(path.read_text("utf-8"), name_or_path)
    hint = nearest(name_or_path, SHIPPED)
    meant = f"did you mean '{hint}'? " if hint else ""
    raise NotFound(
        f"there is no mapping '{name_or_path}'",
        fix=f"{meant}Shipped: {', '.join(SHIPPED)}; or give the path of a .yaml file.",
    )


def parse_mapping(text: str, where: str) -> Mapping:
    """The mapping that the text describes. Raises Invalid naming each bad key."""
    try:
        data = YAML(typ="safe", pure=True).load(text)
    except YAMLError as broken:
        raise Invalid(f"{where} is not valid YAML: {broken}", fix="Correct the line that is named.") from broken
    if not isinstance(data, dict):
        raise Invalid(f"{where} holds no mapping", fix="Start from a shipped one: docs/mappings.md.")
    return _checked(data, where)


def _checked(data: dict[str, Any], where: str) -> Mapping:
    try:
        return Mapping.model_validate(data)
    except ValidationError as wrong:
        problems = [
            FieldProblem(f"{where}:{'.'.join(str(step) for step in error['loc'])}", error["type"], _sentence(error))
            for error in wrong.errors(include_url=False)
        ]
        raise Invalid(
            f"{where} is not a mapping that can be used", fix="Correct each key named.", errors=problems
        ) from wrong


def _sentence(error: Any) -> str:
    if error["type"] != "extra_forbidden":
        return str(error["msg"])
    key = str(error["loc"][-1])
    near = nearest(key, Mapping.model_fields) if len(error["loc"]) == 1 else None
    return f"there is no key '{key}'" + (f"; did you mean '{near}'?" if near else "")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return close[0] if close else None
