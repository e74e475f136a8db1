"""/v1/customers and /v1/members: one resource by two names."""

from typing import Any
from urllib.parse import quote

import pytest

from loyalty.api.v1 import rendering
from loyalty.models import Member
from programs.models import Environment
from tests.conftest import Api
from tests.factories import give, make_environment, make_key, make_member


@pytest.mark.parametrize(
    "name", ["auth0|5f7c8", "urn:user:1", "a/b", "ünï çødé", "50%", "a?b#c", "..x", "🙂"]
)
def test_a_tenants_own_id_reaches_every_call_whatever_it_looks_like(api: Api, name: str) -> None:
    assert api.post("/v1/points/award", {"customer_id": name, "points": 5}).status_code == 201
    path = quote(name, safe="")
    for resource in ("members", "customers"):
        assert api.get(f"/v1/{resource}/{path}").json()["id"] == name
        assert api.get(f"/v1/{resource}/{path}/balances").json()["member_id"] == name
    assert api.get(f"/v1/points?customer_id={path}").json()["data"][0]["customer_id"] == name


@pytest.mark.parametrize(
    "name", ["", " ada", "ada ", "a\nb", "a\tb", "\u200b", "x" * 201, 17850, None, ["ada"]]
)
def test_an_id_that_nobody_could_tell_from_another_is_refused(
    environment: Environment, api: Api, name: Any
) -> None:
    answer = api.post("/v1/points/award", {"customer_id": name, "points": 5})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "customer_id")
    assert not Member.objects.filter(environment=environment).exists()


def test_customer_id_and_member_id_are_the_same_and_may_not_differ(api: Api) -> None:
    assert api.post("/v1/points/award", {"member_id": "ada", "points": 5}).json()["customer_id"] == "ada"
    both = api.post("/v1/points/award", {"member_id": "ada", "customer_id": "grace", "points": 5})
    assert both.status_code == 400
    neither = api.post("/v1/points/award", {"points": 5}).json()
    assert neither["errors"] == [{"field": "customer_id", "code": "required", "detail": "Name the customer."}]


def test_attributes_are_merged_and_null_removes_a_name(environment: Environment, api: Api) -> None:
    make_member(environment, attributes={"country": "NG", "plan": "free"})
    changed = api.patch("/v1/members/ada", {"attributes": {"plan": None, "age": 41}}).json()
    assert changed["attributes"] == {"country": "NG", "age": 41}
    assert Member.objects.get(environment=environment).attributes == {"country": "NG", "age": 41}


def test_a_member_can_not_be_changed_into_something_unknown(environment: Environment, api: Api) -> None:
    make_member(environment)
    bodies: list[dict[str, Any]] = [
        {"status": "erased"},
        {"status": "gone"},
        {"attributes": []},
        {"name": "Ada"},
    ]
    for body in bodies:
        assert api.patch("/v1/members/ada", body).status_code == 400
    too_large = {"attributes": {"note": "x" * 17_000}}
    assert api.patch("/v1/members/ada", too_large).json()["errors"][0]["field"] == "attributes"
    member = Member.objects.get(environment=environment)
    assert (member.status, member.attributes) == ("active", {})


def test_an_unknown_member_is_not_found_and_not_made(environment: Environment, api: Api) -> None:
    assert api.get("/v1/members/ada").status_code == 404
    assert api.get("/v1/members/ada/balances").status_code == 404
    assert api.get("/v1/points?customer_id=ada").status_code == 404
    assert api.patch("/v1/members/ada", {"status": "frozen"}).status_code == 404
    assert not Member.objects.filter(environment=environment).exists()


def test_the_same_id_in_two_environments_is_two_members(environment: Environment, api: Api) -> None:
    live = make_environment("live", project=environment.project)
    give(environment, 5)
    give(live, 7)
    assert api.get("/v1/members/ada").json()["points_balance"] == 5
    assert Api(make_key(live)).get("/v1/members/ada").json()["points_balance"] == 7


def test_a_list_of_members_is_narrowed_by_status(environment: Environment, api: Api) -> None:
    make_member(environment, "ada")
    make_member(environment, "grace", status="frozen")
    gone = make_member(environment, "gone")
    Member.objects.filter(pk=gone.pk).update(status="erased", external_id=None)
    assert [row["id"] for row in api.get("/v1/members").json()["data"]] == ["grace", "ada"]
    assert [row["id"] for row in api.get("/v1/members?status=frozen").json()["data"]] == ["grace"]
    assert api.get("/v1/members?status=lost").json()["errors"][0]["field"] == "status"


@pytest.mark.parametrize("offset", ["Z", "+00:00", "+23:59", "-23:59", "+16:00"])
def test_any_offset_names_the_same_instant(api: Api, offset: str) -> None:
    body = {"customer_id": "ada", "points": 5, "expires_at": f"2099-12-31T12:00:00{offset}"}
    assert api.post("/v1/points/award", body).status_code == 201


@pytest.mark.parametrize(
    "text",
    [
        "2026-W01-1T00:00:00Z",
        "20260101T000000Z",
        "\uff12026-01-01T00:00:00Z",
        "2026-01-01T00:00:00+00:00:30",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00Z",
        "2026-01-01T00:00:00",
        "2026-02-30T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
)
def test_what_is_no_rfc_3339_instant_is_refused(api: Api, text: str) -> None:
    answer = api.post("/v1/points/award", {"customer_id": "ada", "points": 5, "expires_at": text})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "expires_at")


def test_the_first_answer_to_a_key_is_the_one_that_is_repeated(
    api: Api, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changes between the commit and the answer does not show in either."""
    make_member(environment)
    renders = []
    customer = rendering.customer

    def counting(*given: Any) -> Any:
        renders.append(given)
        return customer(*given)

    monkeypatch.setattr(rendering, "customer", counting)
    api.patch("/v1/members/ada", {"status": "frozen"}, Idempotency_Key="k")
    assert len(renders) == 1
