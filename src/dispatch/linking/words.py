"""Words that describe people and vehicles, and words that describe nothing."""

from collections.abc import Mapping


def _each(words: str, meaning: str | None = None) -> dict[str, str]:
    """Every word, meaning itself or all the same."""
    return {word: meaning or word for word in words.split()}


LOWER_AGE = 120  # no person is older; a larger number is something else

STOP_WORDS = frozenset(
    _each(
        """
        the and for with from that this there their they them then than has have had his her him hers she was were are
        its our you your but not can cant could would should says said say caller calling call called report reports
        reporting advises advised states stated think thinks someone somebody something going gone get got just now
        still about near here out off over into onto who what where when which some any all one two very see saw seen
        looks look like please need needs help send right down back been being does dont did way also
        """
    )
)

PEOPLE: Mapping[str, str] = {
    **_each("man male guy husband father dad son brother boyfriend gentleman grandfather", "male"),
    **_each("woman female lady wife mother mom daughter sister girlfriend grandmother", "female"),
    **_each("baby infant newborn toddler", "baby"),
    **_each("child kid", "child"),
    **_each("boy girl elderly"),
}

COLOURS: Mapping[str, str] = {
    **_each("red blue green yellow orange brown purple tan beige maroon gold black white"),
    **_each("grey gray silver", "grey"),
}

CAR_WORDS: Mapping[str, str] = {
    **_each("honda toyota ford nissan hyundai kia jeep tesla bmw subaru mazda lexus audi dodge ram gmc buick acura"),
    **_each("infiniti volvo chrysler cadillac civic corolla camry accord altima tacoma explorer prius"),
    **_each("chevy chevrolet", "chevrolet"),
    **_each("vw volkswagen", "volkswagen"),
    **_each("pickup truck", "truck"),
    **_each("motorcycle motorbike", "motorcycle"),
    **_each("suv sedan van minivan bus semi scooter bicycle"),
}
