"""Where the call of one row was: position, address and kind of place, as far as the row can be believed."""

from collections.abc import Sequence
from typing import Any

from dispatch.ingest.columns import Columns
from dispatch.ingest.mapping import Mapping
from dispatch.ingest.places import UNREADABLE, believe, join_address, read_point, read_position
from dispatch.triage.facts import VOCABULARY


class PlaceReader:
    """Reads the `location` of a call body out of the cells of a row."""

    def __init__(self, mapping: Mapping, columns: Columns) -> None:
        where = mapping.location
        self._where, self._cell = where, columns.cell
        self._lat, self._lon, self._point = columns.find(where.lat), columns.find(where.lon), columns.find(where.point)
        self._uncertainty, self._place = columns.find(where.uncertainty_column), columns.find(where.place)
        self._parts = [columns.find_all(part) for part in where.address.parts] if where.address else []
        self._withheld = columns.condition(where.withheld) if where.withheld else None
        self._box = where.box()

    def read(self, cells: Sequence[str], warnings: list[str]) -> dict[str, Any]:
        """What is known of the place; what is odd or absent is added to the warnings."""
        found = self._position(cells, warnings)
        is_withheld = self._withheld is not None and self._withheld.holds(cells)
        if address := self._address(cells):
            found["address"] = address
        if is_withheld and not found:
            warnings.append("location_withheld")
        elif not found:
            warnings.append("location_missing")
        if place := self._kind_of_place(cells, warnings):
            found["place"] = place
        return found

    def _position(self, cells: Sequence[str], warnings: list[str]) -> dict[str, Any]:
        position, problem = read_position(self._cell(cells, self._lat), self._cell(cells, self._lon), self._box)
        if position is None and problem is None and (point := self._cell(cells, self._point)):
            pair = read_point(point)
            position, problem = believe(*pair, self._box) if pair else (None, UNREADABLE)
        if problem:
            warnings.append(problem)
        if position is None:
            return {}
        found = {"lat": position.lat, "lon": position.lon}
        uncertainty = self._uncertainty_m(cells, warnings)
        return found if uncertainty is None else found | {"uncertainty_m": uncertainty}

    def _uncertainty_m(self, cells: Sequence[str], warnings: list[str]) -> float | None:
        if said := self._cell(cells, self._uncertainty):
            try:
                return max(0.0, float(said))
            except ValueError:
                warnings.append("uncertainty_unreadable")
        return self._where.uncertainty_m

    def _address(self, cells: Sequence[str]) -> str | None:
        form = self._where.address
        if form is None:
            return None
        parts = [[self._cell(cells, place) for place in part] for part in self._parts]
        for old, new in form.replace.items():
            parts = [[word.replace(old, new).strip() for word in part] for part in parts]
        return join_address(parts, drop=form.drop, between=form.between, city=form.city)

    def _kind_of_place(self, cells: Sequence[str], warnings: list[str]) -> str:
        value = self._cell(cells, self._place).lower()
        if value and value != "unknown" and value not in VOCABULARY["place"].values:
            warnings.append("answer_not_understood:place")
            return ""
        return value
