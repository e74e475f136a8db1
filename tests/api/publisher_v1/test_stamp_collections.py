"""wallet.stamp-collection/*: members join, and see their stamps."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.ids import new_id, public
from loyalty.actions.erasing import erase_member
from loyalty.actions.merging import merge_members
from loyalty.models import Member, StampCollection
from programs.models import Environment, StampProgram
from tests import factories
from tests.api.publisher_v1.conftest import COFFEE, TEA, make_program
from tests.api.publisher_v1.reading import done, refused, walk
from tests.api.world import changed, digest
from tests.conftest import Api

CREATE, GET, LIST = (f"/publisher.v1/wallet.stamp-collection/{name}" for name in ("create", "get", "list"))
JOIN = {"loyalty_program_id": "lp_abc123", "member_id": "m_x1y2z3"}


def test_a_second_enrolment_is_refused_and_changes_nothing(api: Api, environment: Environment) -> None:
    make_program(environment, **COFFEE)
    made = done(api.post(CREATE, JOIN))
    before = digest()
    refused(api.post(CREATE, JOIN), 409, "already_enrolled")
    assert changed(before, digest()) == {}
    assert StampCollection.objects.filter(environment_id=environment.id).count() == 1
    assert done(api.post(GET, {"id": made["id"]})) == made


def test_a_member_is_made_by_the_enrolment(api: Api, environment: Environment) -> None:
    make_program(environment, **COFFEE)
    done(api.post(CREATE, JOIN))
    assert Member.objects.get(environment=environment).external_id == "m_x1y2z3"


def test_an_enrolment_is_done_once_for_its_idempotency_key(api: Api, environment: Environment) -> None:
    make_program(environment, **COFFEE)
    first = api.post(CREATE, JOIN, Idempotency_Key="k")
    again = api.post(CREATE, JOIN, Idempotency_Key="k")
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = api.post(CREATE, JOIN | {"member_id": "bob"}, Idempotency_Key="k")
    refused(other, 422, "idempotency_key_reused")
    assert StampCollection.objects.filter(environment_id=environment.id).count() == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"status": "draft"}, 404, "not_found"),
        ({"status": "paused"}, 409, "stamp_program_not_available"),
        ({"status": "ended"}, 409, "stamp_program_not_available"),
        ({"starts_at": timezone.now() + timedelta(days=1)}, 409, "stamp_program_not_available"),
    ],
)
def test_nobody_joins_what_is_not_offered(
    api: Api, environment: Environment, change: dict[str, object], status: int, code: str
) -> None:
    make_program(environment, **COFFEE | change)
    before = digest()
    refused(api.post(CREATE, JOIN), status, code)
    assert changed(before, digest()) == {}


def test_a_frozen_member_does_not_join(api: Api, environment: Environment) -> None:
    make_program(environment, **COFFEE)
    factories.make_member(environment, "m_x1y2z3", status="frozen")
    before = digest()
    refused(api.post(CREATE, JOIN), 409, "member_frozen")
    assert changed(before, digest()) == {}


def test_a_member_who_is_not_known_has_no_collections(api: Api) -> None:
    before = digest()
    assert done(api.post(LIST, {"member_id": "nobody"})) == {
        "data": [],
        "page": {"page_size": 20, "cursor": None, "more": False},
    }
    assert changed(before, digest()) == {}


def test_only_the_members_own_collections_are_listed(api: Api, environment: Environment) -> None:
    coffee, tea = make_program(environment, **COFFEE), make_program(environment, **TEA)
    for program, member in ((tea, "ada"), (coffee, "bob"), (coffee, "ada")):
        factories.make_card(environment, program, member)
    listed = done(api.post(LIST, {"member_id": "ada"}))["data"]
    assert [row["loyalty_program_id"] for row in listed] == ["lp_tea", "lp_abc123"]


def test_after_a_merge_both_cards_ids_show_the_card_that_goes_on(api: Api, environment: Environment) -> None:
    program = make_program(environment, **COFFEE)
    kept, gone = (factories.make_card(environment, program, name) for name in ("ada", "eve"))
    for number, name in enumerate(("ada", "eve", "eve")):
        factories.report(environment, f"order-{number}", member=name)
    merge_members(
        environment=factories.reload(environment),
        member="eve",
        into="ada",
        reason=None,
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    shown = done(api.post(GET, {"id": public("sc", kept.id)}))
    assert (shown["id"], shown["unredeemed_purchases"]) == (public("sc", kept.id), 3)
    assert done(api.post(GET, {"id": public("sc", gone.id)})) == shown
    for name in ("ada", "eve"):
        assert done(api.post(LIST, {"member_id": name}))["data"] == [shown], name


def test_an_erased_members_card_does_not_exist(api: Api, environment: Environment) -> None:
    card = factories.make_card(environment, make_program(environment, **COFFEE))
    erase_member(
        environment=factories.reload(environment),
        member="ada",
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    refused(api.post(GET, {"id": public("sc", card.id)}), 404, "not_found")
    assert done(api.post(LIST, {"member_id": "ada"}))["data"] == []


def test_a_card_that_owes_a_stamp_shows_none(api: Api, environment: Environment) -> None:
    card = factories.make_card(environment, make_program(environment, **COFFEE))
    StampCollection.objects.filter(pk=card.pk).update(counter=-1)
    assert done(api.post(GET, {"id": public("sc", card.id)}))["unredeemed_purchases"] == 0


@pytest.mark.parametrize(
    "name", ["sc_xyz789", "", "lp_abc123", "sc_" + "0" * 32, "sc_" + "F" * 32, "x" * 101]
)
def test_an_id_of_no_card_finds_none(api: Api, name: str) -> None:
    answer = api.post(GET, {"id": name})
    known = answer.status_code == 400 and (not name or len(name) > 100)
    refused(answer, 400 if known else 404, "invalid_request" if known else "not_found")


def test_another_tenants_cards_and_programs_do_not_exist(api: Api, environment: Environment) -> None:
    card = factories.make_card(environment, make_program(environment, **COFFEE), "m_x1y2z3")
    stranger = Api(factories.make_key(factories.make_environment()))
    before = digest()
    refused(stranger.post(GET, {"id": public("sc", card.id)}), 404, "not_found")
    refused(stranger.post(CREATE, JOIN), 404, "not_found")
    assert done(stranger.post(LIST, {"member_id": "m_x1y2z3"}))["data"] == []
    assert changed(before, digest()) == {}


def test_the_cursor_walks_250_collections_without_a_gap_or_a_double_while_more_are_added(
    api: Api, environment: Environment
) -> None:
    pattern = make_program(environment, **TEA)
    card = factories.make_card(environment, pattern, "m_x1y2z3")

    def add(*names: str) -> None:
        programs = [_copy(pattern, public_id=f"lp_{name}", name=name) for name in names]
        StampProgram.objects.bulk_create(programs)
        StampCollection.objects.bulk_create([_copy(card, stamp_program_id=one.id) for one in programs])

    add(*(f"n{number:03}" for number in range(249)))
    pages = walk(api, LIST, {"member_id": "m_x1y2z3"}, limit=40, between=lambda number: add(f"late{number}"))
    found = [row["loyalty_program_id"] for page in pages for row in page["data"]]
    assert found == ["lp_tea", *(f"lp_n{n:03}" for n in range(249)), *(f"lp_late{n}" for n in range(1, 7))]
    assert len({row["id"] for page in pages for row in page["data"]}) == 256
    assert [page["page"]["more"] for page in pages] == [True] * 6 + [False]


def _copy(pattern: Any, **changes: object) -> Any:
    """A row like it, with another key."""
    fields = {field.attname: getattr(pattern, field.attname) for field in pattern._meta.concrete_fields}
    return type(pattern)(**fields | {"id": new_id()} | changes)
