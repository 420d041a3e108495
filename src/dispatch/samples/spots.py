"""Where a call of a scenario comes from."""

from random import Random

from dispatch.samples.city import City, Spot
from dispatch.samples.draws import pick_weighted
from dispatch.samples.scenarios import Scenario

_SHOPS = ("shopping", "nightlife", "hotel", "industrial")
_OPEN_AIR = ("park", "marina")
_AT_A_NAMED_PLACE = 0.45


def spot_for(rng: Random, scenario: Scenario, city: City) -> Spot:
    """A spot of the kind that the scenario asks for, in a district as likely as its people and the scenario say."""
    weights = {name: people * scenario.districts.get(name, 1.0) for name, people in city.populations.items()}
    where = scenario.where
    if where == "any":
        where = pick_weighted(rng, {"home": 5.0, "commercial": 3.0, "street": 2.0})
    if where == "rough":
        where = pick_weighted(rng, {"outdoor": 4.0, "street": 3.0, "transit": 2.0, "home": 1.0})
    named = _named_kinds(where)
    if named and (where == "transit" or rng.random() < _AT_A_NAMED_PLACE):
        near = {place: weights[place.district] for place in city.places(*named)}
        return city.spot_of(pick_weighted(rng, near))
    district = pick_weighted(rng, weights)
    if where in ("street", "outdoor"):
        is_corner = rng.random() < 0.5
        draw = city.random_corner if is_corner else city.random_address
        return draw(rng, district, "public_outdoor")
    if where == "commercial":
        return city.random_address(rng, district, "commercial")
    return city.random_address(rng, district, "private_residence")


def _named_kinds(where: str) -> tuple[str, ...]:
    kinds = {
        "commercial": _SHOPS,
        "outdoor": _OPEN_AIR,
        "transit": ("transit_station",),
        "carehome": ("care_home",),
    }
    return kinds.get(where, ())
