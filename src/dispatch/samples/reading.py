"""Package files of a sample city, read strictly: every problem is collected with its file and field."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, ClassVar, TypeVar

import yaml

from dispatch.domain.errors import FieldProblem, Invalid, NotFound
from dispatch.domain.geo import LatLon

T = TypeVar("T")


def sample_folder(name: str) -> Traversable:
    """The folder of a shipped sample city. Raises NotFound with the names that exist."""
    root = files("dispatch.samples")
    folder = root / name
    if not name.isidentifier() or not (folder / "jurisdiction.yaml").is_file():
        known = sorted(entry.name for entry in root.iterdir() if (entry / "jurisdiction.yaml").is_file())
        raise NotFound(f"There is no sample city named '{name}'.", fix=f"Use one of: {', '.join(known)}.")
    return folder


class Problems:
    """Collects what is wrong in the files, so that a reader is told everything at once."""

    def __init__(self) -> None:
        self._found: list[FieldProblem] = []

    def add(self, file: str, field: str, detail: str) -> None:
        self._found.append(FieldProblem(pointer=f"{file}:{field}", code="sample_invalid", detail=detail))

    def raise_if_any(self) -> None:
        """Raises Invalid that names the first problem and carries all of them."""
        if self._found:
            first = self._found[0]
            raise Invalid(
                f"{len(self._found)} problem(s) in the sample city; the first: {first.pointer}: {first.detail}",
                fix="Correct the named fields of the named files.",
                errors=self._found,
            )


class Row:
    """One mapping of a file; reads typed fields and reports what is missing, unknown or of the wrong kind."""

    def __init__(self, file: str, where: str, values: object, problems: Problems) -> None:
        self._file, self._where, self._problems = file, where, problems
        self._values: Mapping[str, Any] = values if isinstance(values, Mapping) else {}
        if not isinstance(values, Mapping):
            problems.add(file, where, f"must be a mapping, not {values!r}")

    def wrong(self, field: str, detail: str) -> None:
        self._problems.add(self._file, f"{self._where}.{field}", detail)

    def allow(self, *fields: str) -> None:
        """Every key that is not named here is a problem."""
        for key in self._values:
            if key not in fields:
                self.wrong(str(key), f"is not a known field; known: {', '.join(fields)}")

    def _get(self, field: str, kind: type[T], otherwise: T) -> T:
        value = self._values.get(field)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.wrong(field, f"must be {kind.__name__}, not {value!r}")
            return otherwise
        return value

    def text(self, field: str) -> str:
        value = self._get(field, str, "")
        if not value.strip():
            self.wrong(field, "must not be empty")
        return value

    def text_or_none(self, field: str) -> str | None:
        return None if self._values.get(field) is None else self.text(field)

    def whole(self, field: str, minimum: int) -> int:
        value = self._get(field, int, minimum)
        if value < minimum:
            self.wrong(field, f"must be {minimum} or more, not {value}")
        return value

    def number(self, field: str) -> float:
        value = self._values.get(field)
        try:
            return float(value if isinstance(value, str | int | float) else "")
        except ValueError:
            self.wrong(field, f"must be a number, not {value!r}")
            return 0.0

    def values(self) -> Mapping[str, Any]:
        """The mapping as it was read, unchecked."""
        return self._values

    def has(self, field: str) -> bool:
        return field in self._values

    def names(self) -> tuple[str, ...]:
        return tuple(str(key) for key in self._values)

    def numbers(self, field: str, count: int) -> tuple[float, ...]:
        values = self._get(field, list, [])
        if len(values) != count or not all(isinstance(value, int | float) for value in values):
            self.wrong(field, f"must be {count} numbers, not {values!r}")
            return (1.0,) * count
        return tuple(float(value) for value in values)

    def numbers_by_name(self) -> dict[str, float]:
        return {name: self.number(name) for name in self.names()}

    def texts_by_name(self) -> dict[str, str]:
        return {name: self.text(name) for name in self.names()}

    def flag(self, field: str) -> bool:
        return self._get(field, bool, False)

    def texts(self, field: str) -> tuple[str, ...]:
        values = self._get(field, list, [])
        if any(not isinstance(value, str) for value in values):
            self.wrong(field, f"must hold words only, not {values!r}")
            return ()
        return tuple(values)

    def rows(self, field: str) -> list["Row"]:
        values = self._get(field, list, [])
        return [Row(self._file, f"{self._where}.{field}[{k}]", v, self._problems) for k, v in enumerate(values)]

    def row(self, field: str) -> "Row":
        return Row(self._file, f"{self._where}.{field}", self._values.get(field), self._problems)

    def ring(self, field: str) -> tuple[LatLon, ...]:
        """The outline of a GeoJSON polygon (longitude first there, latitude first here)."""
        try:
            outline = tuple(LatLon(lat, lon) for lon, lat in self._get(field, list, [])[0])
        except (TypeError, ValueError, IndexError) as error:
            self.wrong(field, f"must be the rings of a polygon: {error}")
            return ()
        if len(outline) < 4 or outline[0] != outline[-1]:
            self.wrong(field, "must end where it began")
        return outline

    def one_of(self, field: str, known: Iterable[str]) -> str:
        value = self.text(field)
        if value not in known:
            self.wrong(field, f"'{value}' is not one of: {', '.join(sorted(known))}")
        return value

    def parsed(self, field: str, parse: Callable[[str], T], otherwise: T) -> T:
        """The text of a field read by `parse`; a ValueError becomes a problem."""
        try:
            return parse(self._get(field, str, ""))
        except ValueError as error:
            self.wrong(field, str(error))
            return otherwise


class _Loader(yaml.CSafeLoader):  # type: ignore[misc]  # the library has no types
    """libyaml with the plain values of YAML 1.2: `22:30`, `yes` and `012` are words. A key given twice is an error."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = next((key for key, _ in node.value if keys.count(key.value) > 1), None)
        if twice is not None:
            raise yaml.MarkedYAMLError(problem=f"the key {twice.value!r} is there twice", problem_mark=twice.start_mark)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


for _tag, _written, _first in (
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?$", "-+0123456789"),
    ("null", r"(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}$", "0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_written), list(_first))


def read_yaml(folder: Traversable, file: str, problems: Problems) -> Any:
    """The document of a YAML file; what is no YAML, or has a key twice, is a problem and reads as nothing."""
    try:
        return yaml.load((folder / file).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506, it is a safe one
    except (OSError, yaml.YAMLError) as error:
        problems.add(file, "$", f"cannot be read: {error}")
        return {}


def read_yaml_rows(folder: Traversable, file: str, key: str, problems: Problems) -> list[Row]:
    """The rows under the one key of a YAML file."""
    return Row(file, "$", read_yaml(folder, file, problems), problems).rows(key)


def read_csv_rows(folder: Traversable, file: str, columns: Sequence[str], problems: Problems) -> list[Row]:
    """The lines of a CSV file that has exactly these columns."""
    reader = csv.DictReader((folder / file).read_text(encoding="utf-8").splitlines())
    if list(reader.fieldnames or ()) != list(columns):
        problems.add(file, "line 1", f"must have the columns {', '.join(columns)}")
        return []
    return [Row(file, f"line {reader.line_num}", dict(line), problems) for line in reader]


def read_features(folder: Traversable, file: str, problems: Problems) -> list[Row]:
    """The features of a GeoJSON file."""
    try:
        document = json.loads((folder / file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problems.add(file, "$", f"cannot be read: {error}")
        return []
    return Row(file, "$", document, problems).rows("features")
