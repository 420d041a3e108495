import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.access import ROLE_PERMISSIONS, Permission, Principal, Role
from dispatch.domain.errors import Refused

scopes = st.none() | st.frozensets(st.sampled_from([permission.value for permission in Permission]))


def a_principal(role: Role = Role.DISPATCHER, **changes: object) -> Principal:
    return Principal("alder-bay", "tok_1", role, **changes)  # type: ignore[arg-type]


@given(st.sampled_from(list(Role)), st.sampled_from(list(Permission)), scopes)
def test_scopes_narrow_a_role_and_never_widen_it(role: Role, permission: Permission, some: frozenset[str]) -> None:
    whole, narrowed = a_principal(role), a_principal(role, scopes=some)

    assert not narrowed.may(permission) or whole.may(permission)
    assert whole.may(permission) == (permission in ROLE_PERMISSIONS[role])


def test_every_role_has_permissions_and_every_permission_a_role() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert all(ROLE_PERMISSIONS.values())
    assert frozenset().union(*ROLE_PERMISSIONS.values()) == set(Permission)


def test_a_refusal_names_the_permission_and_the_role() -> None:
    with pytest.raises(Refused) as refusal:
        a_principal(Role.AUDITOR).require(Permission.ASSIGNMENT_WRITE)

    assert refusal.value.facts == {"permission": "assignment.write", "role": "auditor"}
    assert "auditor" in refusal.value.message


def test_whoever_writes_a_policy_does_not_publish_it() -> None:
    both = {Permission.POLICY_WRITE, Permission.POLICY_PUBLISH}

    assert not [role for role, permissions in ROLE_PERMISSIONS.items() if both <= permissions]


def test_looking_roles_change_nothing() -> None:
    changing = {permission for permission in Permission if permission.value.endswith((".write", ".change", ".publish"))}

    assert not ROLE_PERMISSIONS[Role.AUDITOR] & changing


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (Role.CALL_TAKER, True),
        (Role.DISPATCHER, True),
        (Role.SUPERVISOR, True),
        (Role.ANALYST, False),
        (Role.AUDITOR, False),
        (Role.ADMINISTRATOR, False),
        (Role.RESPONDER, False),
        (Role.INTEGRATION, False),
    ],
)
def test_only_the_dispatch_floor_sees_who_called(role: Role, sees: bool) -> None:
    assert a_principal(role).sees_caller is sees


def test_a_token_bound_to_a_source_posts_calls_of_that_source_only() -> None:
    token = a_principal(Role.INTEGRATION, source="cad-east")

    token.require_source("cad-east")
    with pytest.raises(Refused, match="cad-east"):
        token.require_source("cad-west")


def test_an_integration_without_source_or_agency_speaks_for_nobody() -> None:
    token = a_principal(Role.INTEGRATION)

    with pytest.raises(Refused):
        token.require_source("cad-east")
    with pytest.raises(Refused):
        token.require_agency("police")
    a_principal(Role.INTEGRATION, agencies=frozenset({"police"})).require_agency("police")


def test_a_responder_speaks_for_the_own_unit_only() -> None:
    mine = a_principal(Role.RESPONDER, unit="unt_1")

    mine.require_unit("unt_1")
    for token in (mine, a_principal(Role.RESPONDER)):
        with pytest.raises(Refused):
            token.require_unit("unt_2")


def test_a_token_kept_to_agencies_acts_for_no_other() -> None:
    token = a_principal(agencies=frozenset({"fire"}))

    token.require_agency("fire")
    assert not token.sees_agency("police")
    with pytest.raises(Refused, match="police"):
        token.require_agency("police")


def test_a_dispatcher_of_the_whole_city_is_kept_to_nothing() -> None:
    token = a_principal()

    token.require_agency("police")
    token.require_source("anything")
    token.require_unit("unt_9")
    assert token.hidden_responder_types() == frozenset()


def test_police_agencies_never_see_violence_interrupters() -> None:
    token = a_principal(Role.SUPERVISOR, agencies=frozenset({"pd"}), disciplines=frozenset({"police"}))

    assert not token.sees_responder_type("cvi")
    assert token.sees_responder_type("community_responder")


@pytest.mark.parametrize(
    ("disciplines", "sees"),
    [
        ({"police"}, False),
        ({"co_responder", "community_responder"}, False),
        ({"police", "cvi"}, False),
        ({"deputy"}, False),  # a city's own word: nobody knows that it is no police
        ({"ems", "deputy"}, False),
        ({"report_taker"}, False),
        (set(), False),
        ({"community_responder", "ems"}, True),
        ({"cvi"}, True),
        ({"cvi", "navigator"}, True),
    ],
)
def test_whoever_may_be_police_never_sees_violence_intervention(disciplines: set[str], sees: bool) -> None:
    kept = a_principal(agencies=frozenset({"one"}), disciplines=frozenset(disciplines))

    assert kept.sees_responder_type("cvi") is sees
