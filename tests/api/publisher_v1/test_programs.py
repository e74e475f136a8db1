"""loyalty-program/list and /get: what members can join."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from audit.ids import new_id
from programs.actions.configure import configure
from programs.models import Environment, Picture, Program, StampProgram
from tests import factories
from tests.api.publisher_v1.conftest import COFFEE, DOCUMENTED_AT, TEA, make_program
from tests.api.publisher_v1.reading import done, refused, walk
from tests.api.world import changed, digest
from tests.conftest import Api

LIST, GET = "/publisher.v1/loyalty-program/list", "/publisher.v1/loyalty-program/get"


def test_only_programs_that_can_be_joined_now_are_listed_oldest_first(
    api: Api, environment: Environment
) -> None:
    day, now = timedelta(days=1), timezone.now()
    make_program(environment, **TEA)
    make_program(environment, **COFFEE)
    make_program(environment, **TEA | {"public_id": "lp_draft", "status": "draft"})
    make_program(environment, **TEA | {"public_id": "lp_paused", "status": "paused"})
    make_program(environment, **TEA | {"public_id": "lp_ended", "status": "ended"})
    make_program(environment, **TEA | {"public_id": "lp_past", "ends_at": now - day})
    make_program(environment, **TEA | {"public_id": "lp_to_come", "starts_at": now + day})
    answer = done(api.post(LIST))
    assert [row["id"] for row in answer["data"]] == ["lp_tea", "lp_abc123"]
    assert answer["page"] == {"page_size": 20, "cursor": None, "more": False}


def test_a_program_that_can_not_be_joined_any_more_is_still_shown_but_no_draft(
    api: Api, environment: Environment
) -> None:
    for status in ("paused", "ended", "draft"):
        make_program(environment, **TEA | {"public_id": f"lp_{status}", "status": status})
    assert done(api.post(GET, {"id": "lp_paused"}))["id"] == "lp_paused"
    assert done(api.post(GET, {"id": "lp_ended"}))["id"] == "lp_ended"
    message = refused(api.post(GET, {"id": "lp_draft"}), 404, "not_found")
    assert message == refused(api.post(GET, {"id": "lp_nosuch"}), 404, "not_found").replace("nosuch", "draft")


def test_programs_of_a_program_that_is_paused_are_not_offered(api: Api, environment: Environment) -> None:
    make_program(environment, **TEA)
    owner = Program.objects.get(environment=environment, code="default")
    configure(
        environment=environment,
        instance=owner,
        actor=factories.make_actor(),
        changes={"status": "paused"},
    )
    assert done(api.post(LIST))["data"] == []
    assert done(api.post(GET, {"id": "lp_tea"}))["name"] == "Tea Rewards"


def test_uploaded_pictures_are_shown_by_their_whole_address(api: Api, environment: Environment) -> None:
    image, logo = (
        Picture.objects.create(id=new_id(), environment=environment, content=b"webp", width=1, height=1)
        for _ in range(2)
    )
    made = make_program(environment, **COFFEE, picture=image, logo=logo)
    shown = done(api.post(GET, {"id": made.public_id}))["display_content"]
    assert shown["image"] == f"http://testserver/pictures/{UUID(str(image.pk))}.webp"
    assert shown["logo"] == f"http://testserver/pictures/{UUID(str(logo.pk))}.webp"


def test_instants_have_no_fraction(api: Api, environment: Environment) -> None:
    make_program(environment, **TEA)
    StampProgram.objects.filter(environment=environment).update(
        created_at=DOCUMENTED_AT + timedelta(microseconds=999_999)
    )
    assert done(api.post(GET, {"id": "lp_tea"}))["created_at"] == "2024-01-15T10:30:00Z"


def test_another_tenants_program_does_not_exist(api: Api, environment: Environment) -> None:
    stranger = Api(factories.make_key(factories.make_environment()))
    make_program(environment, **COFFEE)
    refused(stranger.post(GET, {"id": "lp_abc123"}), 404, "not_found")
    assert done(stranger.post(LIST))["data"] == []


def test_the_cursor_walks_250_programs_without_a_gap_or_a_double_while_more_are_added(
    api: Api, environment: Environment
) -> None:
    pattern = make_program(environment, **TEA)

    def add(*names: str) -> None:
        StampProgram.objects.bulk_create(
            [_like(pattern, public_id=f"lp_{name}", name=name) for name in names]
        )

    add(*(f"n{number:03}" for number in range(249)))
    pages = walk(api, LIST, {}, limit=40, between=lambda number: add(f"late{number}"))
    found = [row["id"] for page in pages for row in page["data"]]
    assert found == ["lp_tea", *(f"lp_n{n:03}" for n in range(249)), *(f"lp_late{n}" for n in range(1, 7))]
    assert [len(page["data"]) for page in pages] == [40] * 6 + [16]
    assert [page["page"]["page_size"] for page in pages] == [40] * 7
    assert [page["page"]["more"] for page in pages] == [True] * 6 + [False]


def _like(pattern: StampProgram, **changes: object) -> StampProgram:
    fields = {field.attname: getattr(pattern, field.attname) for field in pattern._meta.concrete_fields}
    return StampProgram(**fields | {"id": new_id()} | changes)


@pytest.mark.parametrize("pagination", [{}, {"cursor": None}, {"limit": 20}, None])
def test_pagination_may_be_left_out_in_all_ways(
    api: Api, environment: Environment, pagination: dict[str, object] | None
) -> None:
    make_program(environment, **TEA)
    assert done(api.post(LIST, {"pagination": pagination})) == done(api.post(LIST, {}))


@pytest.mark.parametrize(
    ("pagination", "field"),
    [
        ({"limit": 0}, "pagination.limit"),
        ({"limit": 101}, "pagination.limit"),
        ({"limit": "20"}, "pagination.limit"),
        ({"limit": None}, "pagination.limit"),
        ({"cursor": ""}, "pagination.cursor"),
        ({"cursor": "nonsense"}, "pagination.cursor"),
        ({"cursor": 1}, "pagination.cursor"),
        ({"offset": 1}, "pagination.offset"),
        ([], "pagination"),
        ("", "pagination"),
    ],
)
def test_a_faulty_page_is_refused_by_the_name_of_its_field(api: Api, pagination: object, field: str) -> None:
    before = digest()
    message = refused(api.post(LIST, {"pagination": pagination}), 400, "invalid_request")
    assert message.startswith(f"{field}: ")
    assert changed(before, digest()) == {}


def test_the_cursor_of_another_list_is_refused(api: Api, environment: Environment) -> None:
    for program in (TEA, COFFEE):
        factories.make_card(environment, make_program(environment, **program))
    path = "/publisher.v1/wallet.stamp-collection/list"
    cursor = done(api.post(path, {"member_id": "ada", "pagination": {"limit": 1}}))["page"]["cursor"]
    refused(api.post(LIST, {"pagination": {"cursor": cursor}}), 400, "invalid_request")
    assert (
        done(api.post(path, {"member_id": "ada", "pagination": {"cursor": cursor}}))["page"]["more"] is False
    )


def test_a_page_of_many_takes_as_many_statements_as_a_page_of_one(
    api: Api, environment: Environment, warm_key: None, django_assert_num_queries: Any
) -> None:
    pattern = make_program(environment, **TEA)
    done(api.post(LIST))
    with django_assert_num_queries(2):
        done(api.post(LIST))
    StampProgram.objects.bulk_create([_like(pattern, public_id=f"lp_{number}") for number in range(19)])
    with django_assert_num_queries(2):
        assert len(done(api.post(LIST))["data"]) == 20
