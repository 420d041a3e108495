"""The remedy for a word that is not known."""

from dispatch.domain.nearest import nearest


def test_every_parameter_of_a_route_is_named_when_none_is_near() -> None:
    """The history knows thirteen; a list cut at twelve hid `unit`."""
    parameters = [f"parameter_{number}" for number in range(13)]

    assert all(name in nearest("xyz", parameters) for name in parameters)


def test_a_long_list_is_cut_and_says_so() -> None:
    said = nearest("xyz", [f"word_{number:03}" for number in range(500)])

    assert len(said) < 250
    assert said.endswith(", and others.")
