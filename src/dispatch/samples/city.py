"""The street grid: positions to addresses and districts, and random places to be."""

from dataclasses import dataclass
from random import Random

from dispatch.domain.geo import LatLon
from dispatch.samples.draws import pick
from dispatch.samples.roster import District, Place, Roster, Street

_TRIES = 400


@dataclass(frozen=True, slots=True)
class Spot:
    """Somewhere in the city. place: a value of the fact `place`. cross_street: the nearest street that crosses."""

    position: LatLon
    address: str
    place: str
    cross_street: str
    district: str


class City:
    """Answers where things are in one sample city."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._streets = [street for street in roster.streets if street.is_west_east]
        self._avenues = [street for street in roster.streets if not street.is_west_east]
        self.populations = {district.id: float(district.population) for district in roster.districts}

    def district_at(self, position: LatLon) -> str | None:
        """The district of a position; None outside the city."""
        return next((each.id for each in self._roster.districts if _is_inside(position, each)), None)

    def places(self, *kinds: str) -> list[Place]:
        """Common places of these kinds, in the order of the file."""
        return [place for place in self._roster.places if place.kind in kinds]

    def spot_of(self, place: Place) -> Spot:
        """A common place as a spot."""
        cross = _nearest(self._avenues, place.position.lon)
        return Spot(place.position, place.address, place.place, cross.name, place.district)

    def random_address(self, rng: Random, district_id: str, place: str) -> Spot:
        """A house number on a street of the district."""
        position, is_on_street = self._random_grid_point(rng, district_id)
        street, avenue = _nearest(self._streets, position.lat), _nearest(self._avenues, position.lon)
        along, cross = (street, avenue) if is_on_street else (avenue, street)
        return Spot(position, f"{self._number(along, position, rng)} {along.name}", place, cross.name, district_id)

    def random_corner(self, rng: Random, district_id: str, place: str) -> Spot:
        """A crossing of a street and an avenue in or next to the district."""
        near, _ = self._random_grid_point(rng, district_id)
        street, avenue = _nearest(self._streets, near.lat), _nearest(self._avenues, near.lon)
        corner = LatLon(street.at, avenue.at)
        if self.district_at(corner) != district_id:
            return self.random_address(rng, district_id, place)
        return Spot(corner, f"{street.name} / {avenue.name}", place, avenue.name, district_id)

    def _random_grid_point(self, rng: Random, district_id: str) -> tuple[LatLon, bool]:
        district = next(each for each in self._roster.districts if each.id == district_id)
        lats, lons = [corner.lat for corner in district.ring], [corner.lon for corner in district.ring]
        for _ in range(_TRIES):
            lat = min(lats) + rng.random() * (max(lats) - min(lats))
            lon = min(lons) + rng.random() * (max(lons) - min(lons))
            is_on_street = rng.random() < 0.5
            if is_on_street:
                lat = _nearest(self._streets, lat).at
            else:
                lon = _nearest(self._avenues, lon).at
            point = LatLon(round(lat, 5), round(lon, 5))
            if self.district_at(point) == district_id:
                return point, is_on_street
        raise ValueError(f"no street of streets.csv runs through the district '{district_id}'")

    def _number(self, along: Street, position: LatLon, rng: Random) -> int:
        origin, grid = self._roster.jurisdiction.number_origin, self._roster.jurisdiction
        blocks = (
            (position.lon - origin.lon) / grid.block_lon
            if along.is_west_east
            else (position.lat - origin.lat) / grid.block_lat
        )
        return 2 * int(blocks * 50) + pick(rng, (0, 1))


def _nearest(streets: list[Street], at: float) -> Street:
    return min(streets, key=lambda street: abs(street.at - at))


def _is_inside(position: LatLon, district: District) -> bool:
    """Ray casting: an odd number of crossed edges to the east means inside."""
    is_inside = False
    for start, end in zip(district.ring, district.ring[1:], strict=False):
        if (start.lat > position.lat) != (end.lat > position.lat):
            crossing = start.lon + (end.lon - start.lon) * (position.lat - start.lat) / (end.lat - start.lat)
            if position.lon < crossing:
                is_inside = not is_inside
    return is_inside
