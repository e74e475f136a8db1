"""Lamba's Troubleshooting: "check duplicate event handling, Project scope, reversal references, and whether sandbox
events were mixed with production reporting". Each is impossible, or visible on one page (docs/troubleshooting.md)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from audit.ids import public
from audit.models import AuditEvent
from loyalty.models import Event, Hold, LedgerEntry, Redemption
from programs.models import Environment
from tests import factories
from tests.api.operations import operations
from tests.api.v1.neighbours import Neighbours, purchase
from tests.api.world import make_owner
from tests.conftest import Api
from tests.console.tenants import furnish

pytestmark = pytest.mark.django_db

# What differs between any two tenants: ids, instants, days.
_OWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|"
    r"\d{4}-\d\d-\d\d(T[0-9:.]+(Z|[+]00:00))?|sk_live_[\w-]+"
)


def staff_of(environment: Environment, role: str = "owner") -> Client:
    client = Client()
    client.force_login(factories.make_staff(environment.project, role))
    client.post("/console/environment/", {"environment": str(environment.pk)})
    return client


def test_a_duplicate_event_changes_nothing_and_is_told_with_its_first(
    environment: Environment, api: Api
) -> None:
    factories.make_rule(environment)
    first = api.post("/v1/events", purchase("order-1", None)).json()
    again = api.post("/v1/events", purchase("order-1", None))
    assert (again.status_code, again.json()) == (200, first | {"duplicate": True})
    assert LedgerEntry.objects.filter(environment_id=environment.pk).count() == 1
    # One purchase under two ids counts twice, but each page of the second one names the first.
    assert api.post("/v1/events", purchase("order-1-again", None)).json()["duplicate"] is False
    assert api.get("/v1/events/order-1/explain").json()["same_as"] == []
    assert api.get("/v1/events/order-1-again/explain").json()["same_as"] == ["order-1"]
    one, two = Event.objects.filter(environment_id=environment.pk).order_by("id")
    page = staff_of(environment).get(reverse("admin:loyalty_event_change", args=[two.pk])).content.decode()
    assert "Says the same as" in page
    assert reverse("admin:loyalty_event_change", args=[one.pk]) in page


def test_the_wrong_projects_key_finds_nothing_and_the_right_project_sees_that_it_tried() -> None:
    two = Neighbours("sandbox")
    owner = two.owner
    entry = factories.give(owner, 500, "ada")
    reward = factories.make_reward(factories.reload(owner), points=100, fulfilment="manual")
    two.own.post("/v1/points/redeem", {"customer_id": "ada", "reward_id": reward.public_id})
    two.own.post("/v1/holds", {"customer_id": "ada", "points": 10})
    redemption = public("red", Redemption.objects.get(environment_id=owner.pk).pk)
    hold = public("hold", Hold.objects.get(environment_id=owner.pk).pk)
    transaction = public("txn", entry.pk)
    wrong: list[tuple[str, str, Any]] = [
        ("POST", "/v1/points/award", {"customer_id": "ada", "points": 1, "program": two.prg}),
        ("GET", f"/v1/transactions/{transaction}", None),
        ("POST", f"/v1/transactions/{transaction}/reverse", {"reason": "mistake"}),
        ("POST", f"/v1/redemptions/{redemption}/cancel", {"reason": "mistake"}),
        ("POST", f"/v1/holds/{hold}/release", {}),
    ]
    stranger = Api(factories.make_key(factories.make_environment("sandbox")))
    before = LedgerEntry.objects.filter(environment_id=owner.pk).count()
    for call in wrong:
        assert two.guests.call(*call).status_code == stranger.call(*call).status_code == 404
    assert LedgerEntry.objects.filter(environment_id=owner.pk).count() == before
    noted = AuditEvent.objects.filter(environment_id=owner.pk, verb__endswith=".call_refused").order_by("id")
    assert [(event.verb, (event.after or {})["named"], (event.after or {})["call"]) for event in noted] == [
        ("program.call_refused", two.prg, "POST /v1/points/award"),
        ("ledgerentry.call_refused", transaction, "GET /v1/transactions/<str:transaction_id>"),
        ("ledgerentry.call_refused", transaction, "POST /v1/transactions/<str:transaction_id>/reverse"),
        ("redemption.call_refused", redemption, "POST /v1/redemptions/<str:redemption_id>/cancel"),
        ("hold.call_refused", hold, "POST /v1/holds/<str:hold_id>/release"),
    ]
    assert {(event.after or {})["project"] for event in noted} == {"Café"}  # never the stranger
    assert {event.actor_id for event in noted} == {two.guests.key[: len(noted[0].actor_id)]}
    staff = staff_of(owner)
    assert str(noted[3].pk) in staff.get(reverse("admin:audit_auditevent_changelist")).content.decode()
    page = staff.get(reverse("admin:audit_auditevent_change", args=[noted[3].pk])).content.decode()
    assert redemption in page
    assert "Café" in page


def test_a_reversal_without_a_reference_is_refused_and_one_with_it_is_explained(
    environment: Environment, api: Api
) -> None:
    factories.make_rule(environment)
    api.post("/v1/events", purchase("order-1", None))
    before = LedgerEntry.objects.filter(environment_id=environment.pk).count()

    def refund(event_id: str, **data: str) -> Any:
        return api.post("/v1/events", purchase(event_id, None, type="refund", data=data))

    nothing, unknown = refund("back-1", amount="5"), refund("back-2", purchase="order-9")
    assert (nothing.json()["code"], nothing.json()["errors"][0]["field"]) == (
        "invalid_request",
        "data.purchase",
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "purchase_not_found")
    assert LedgerEntry.objects.filter(environment_id=environment.pk).count() == before
    assert refund("back-3", purchase="order-1", amount="4").status_code == 201
    told = api.get("/v1/events/back-3/explain").json()
    (taken,) = told["transactions"]
    (earned,) = api.get("/v1/events/order-1").json()["effects"]
    assert (taken["points"], taken["reverses"]) == (-4, earned["transaction"]["id"])
    assert told["refund"] is not None


def test_no_call_of_live_reports_anything_of_the_sandbox() -> None:
    """Every GET of every surface answers as it does to a project that has no sandbox data."""
    owner = make_owner()
    live = factories.make_environment("live", project=owner.environment.project)
    full = Api(factories.make_key(live))
    other = factories.make_environment("live")
    factories.make_project("Beside", organization=other.project.organization.name)  # the world's has one too
    bare = Api(factories.make_key(other))
    asked = [one for one in operations("/") if one.method == "get"]
    assert len(asked) > 40
    for operation in asked:
        answers = [api.get(operation.url(owner.ids | {"couponId": "any"})) for api in (full, bare)]
        shown = [_OWN.sub("…", answer.content.decode()) for answer in answers]
        assert (answers[0].status_code, shown[0]) == (answers[1].status_code, shown[1]), str(operation)


def _console(patterns: Any = None, begin: str = "") -> Iterator[str]:
    """Every address of the console that names no object."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = begin + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            yield from _console(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route.startswith("console/") and not set(route) & set("<(["):
            yield f"/{route}"


def test_no_page_of_live_shows_anything_of_the_sandbox() -> None:
    tenant = furnish("sand")
    live = factories.make_environment("live", project=tenant.environment.project)
    in_live, in_sandbox = staff_of(live), staff_of(tenant.environment)
    said = re.compile(r"sand-(ada|event-1|order|wish|note)")
    pages = [page for page in _console() if not re.search(r"logout|password|jsi18n|copy", page)]
    assert len(pages) > 40
    seen = 0
    for page in pages:
        answer = in_live.get(page, follow=True)
        text = (answer.getvalue() if answer.streaming else answer.content).decode(errors="replace")
        assert said.search(text) is None, page
        if seen <= 5:
            seen += bool(said.search(in_sandbox.get(page, follow=True).getvalue().decode(errors="replace")))
    assert seen > 5  # the sandbox's own pages do show it
    for model, row in tenant.rows.items():
        if hasattr(row, "environment_id"):
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
            assert in_live.get(reverse(name, args=[row.pk])).status_code != 200, name
