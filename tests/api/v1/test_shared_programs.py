"""Calls of one project reach another's program through a live share alone (domain.md 1.5)."""

from typing import Any

import pytest

from audit.models import AuditEvent
from loyalty.models import Event, IdempotencyRecord, LedgerEntry, Member
from programs.actions.shares import revoke_share
from programs.models import Plan, ProgramShare
from tests import factories
from tests.api.v1.neighbours import Neighbours, calls, purchase
from tests.conftest import Api

pytestmark = pytest.mark.django_db


def made(api: Api, call: tuple[str, str, Any], **headers: str) -> Any:
    return api.call(*call, **headers)


def refusal(answer: Any) -> str | None:
    """The code of a refusal, also of the one event of a batch."""
    body = answer.json()
    rows = body.get("results")
    return (rows[0]["error"] or {}).get("code") if rows else body.get("code")


@pytest.fixture
def two() -> Neighbours:
    return Neighbours()


def test_each_call_acts_in_the_owning_environment_and_says_where_it_came_from(two: Neighbours) -> None:
    two.share()
    answers = {name: made(two.guests, call) for name, call in calls(two.prg).items()}
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "event": 201,
        "batch": 200,
        "award": 201,
        "spend": 201,
        "balances": 200,
        "history": 200,
    }
    entries = LedgerEntry.objects.filter(environment_id=two.owner.pk).order_by("id")
    assert [(e.type, e.points, e.account.metric.code, e.via_environment_id) for e in entries] == [
        ("earned", 10, "miles", two.guest.pk),
        ("earned", 10, "miles", two.guest.pk),
        ("earned", 30, "miles", two.guest.pk),
        ("redeemed", -5, "miles", two.guest.pk),
    ]
    events = Event.objects.filter(environment_id=two.owner.pk).order_by("id")
    assert [(e.event_id, e.program_id, e.via_environment_id) for e in events] == [
        ("one", two.club.pk, two.guest.pk),
        ("two", two.club.pk, two.guest.pk),
    ]
    (balance,) = answers["balances"].json()["data"]
    assert (balance["metric"], balance["balance"], two.total()) == ("miles", 45, 45)
    assert [row["points"] for row in answers["history"].json()["data"]] == [-5, 30, 10, 10]
    trail = AuditEvent.objects.filter(environment_id=two.owner.pk, after__has_key="via_environment_id")
    assert sorted(trail.values_list("verb", flat=True)) == [
        *["event.recorded"] * 2,
        *["points.earned"] * 3,
        "points.redeemed",
    ]
    # Nothing of it is in the guest's own environment: no member, no entry, no event, no answer.
    for model in (Member, LedgerEntry, Event, IdempotencyRecord):
        assert not model._default_manager.filter(environment_id=two.guest.pk).exists()
    assert two.guests.get("/v1/members/ada/balances").status_code == 404
    assert two.guests.get("/v1/events/one").status_code == 404


@pytest.mark.parametrize("name", list(calls("prg_x")))
def test_without_a_live_share_of_its_own_kind_a_call_finds_no_program_and_changes_nothing(
    two: Neighbours, name: str
) -> None:
    call, stranger = calls(two.prg)[name], factories.make_environment("live")
    two.own.post("/v1/points/award", {"customer_id": "ada", "points": 50, "program": "club"})
    sandbox = factories.make_environment("sandbox", project=two.guest.project)
    third = factories.make_environment("live", project=two.project("Kiosk"))
    before = LedgerEntry.objects.count()

    def asked(environment: Any) -> tuple[str | None, Any]:
        answer = made(Api(factories.make_key(environment)), call)
        return refusal(answer), {k: v for k, v in answer.json().items() if k != "request_id"}

    nowhere = asked(two.guest)
    share = two.share()
    others = [asked(environment) for environment in (sandbox, third, stranger)]
    revoke_share(environment=two.owner, share=share, actor=factories.make_actor())
    answers = [nowhere, *others, asked(two.guest)]
    assert [code for code, _ in answers] == ["program_not_found"] * 5
    assert all(body == answers[0][1] for _, body in answers)  # nobody can tell why
    assert (LedgerEntry.objects.count(), two.total()) == (before, 50)
    noted = AuditEvent.objects.filter(verb="program.call_refused", environment_id=two.owner.pk).order_by("id")
    assert [(e.after or {})["environment_id"] for e in noted] == [
        str(asking.pk) for asking in (two.guest, third, two.guest)
    ]  # not the stranger's nor the sandbox's: another organization and another kind are not spoken of
    for event in noted:
        assert (event.actor_kind, event.object_id) == ("api_key", str(two.club.pk))
        assert "'ada'" not in str(event.after)
    assert (
        AuditEvent.objects.filter(verb="program.call_refused").exclude(environment_id=two.owner.pk).count()
        == 0
    )


def test_a_key_counts_once_for_the_caller_at_home_and_through_a_share(two: Neighbours) -> None:
    share = two.share()
    there, home = calls(two.prg)["award"], ("POST", "/v1/points/award", {"customer_id": "ada", "points": 3})
    batch = calls(two.prg)["batch"]
    first = made(two.guests, there, Idempotency_Key="there")
    assert refusal(made(two.guests, home, Idempotency_Key="there")) == "idempotency_key_reused"
    assert made(two.guests, batch, Idempotency_Key="there").json()["code"] == "idempotency_key_reused"
    assert made(two.guests, home, Idempotency_Key="home").status_code == 201
    assert refusal(made(two.guests, there, Idempotency_Key="home")) == "idempotency_key_reused"
    assert made(two.guests, batch, Idempotency_Key="batch").status_code == 200
    assert refusal(made(two.guests, there, Idempotency_Key="batch")) == "idempotency_key_reused"
    assert made(two.guests, there, Idempotency_Key="there").content == first.content
    assert two.total() == 30 + 10
    # What is recorded at home says that the key was used, and nothing of what was answered.
    at_home = IdempotencyRecord.objects.get(environment_id=two.guest.pk, key="there")
    assert (at_home.status, at_home.answer, at_home.member_id) == (0, "", None)
    revoke_share(environment=two.owner, share=share, actor=factories.make_actor())
    assert refusal(made(two.guests, there, Idempotency_Key="there")) == "program_not_found"


def test_refused_calls_that_go_on_fill_nobodys_trail(two: Neighbours) -> None:
    names = [factories.make_program(two.owner, f"p{number}").public_id for number in range(12)]
    noted = AuditEvent.objects.filter(environment_id=two.owner.pk, verb="program.call_refused")
    award = calls(names[0])["award"]
    for _ in range(3):
        assert refusal(made(two.guests, award)) == "program_not_found"
    assert noted.count() == 1
    assert made(two.guests, calls(names[0])["balances"]).status_code == 404
    assert made(Api(factories.make_key(two.guest)), award).status_code == 404
    assert noted.count() == 3, "another call, and another key"
    batch = {"events": [purchase(f"x{number}", name) for number, name in enumerate(names)]}
    two.guests.post("/v1/events/batch", batch)
    assert noted.count() == 3 + 10
    factories.give(two.guest, 5, "mallory")
    token = Api(factories.make_token(factories.make_token_key(two.guest), "mallory"))
    assert token.get(f"/v1/points?program={two.prg}").status_code == 404
    assert noted.count() == 3 + 10, "whoever has a token may be anybody"


def test_a_plan_without_the_feature_shares_nothing_and_lets_nothing_through(two: Neighbours) -> None:
    two.share()
    plan = Plan.objects.create(code=f"small-{two.club.pk.hex[:8]}", name="Small", features=[])
    type(two.owner.project.organization).objects.filter(name=two.organization).update(plan=plan)
    codes = [refusal(made(two.guests, call)) for call in calls(two.prg).values()]
    assert codes == ["feature_not_in_plan"] * 6
    body = {"program": "club", "project": "Café", "reason": "Again"}
    assert refusal(two.own.post("/v1/program-shares", body)) == "feature_not_in_plan"
    assert LedgerEntry.objects.filter(environment_id=two.owner.pk).count() == 0


def test_a_repeated_key_answers_alike_and_counts_apart_from_the_owners_own(two: Neighbours) -> None:
    share = two.share()
    shared = calls(two.prg)["award"]
    first, again = (made(two.guests, shared, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    changed = (*shared[:2], shared[2] | {"points": 31})
    assert refusal(made(two.guests, changed, Idempotency_Key="k")) == "idempotency_key_reused"
    # The owner's own key of that name is another.
    assert (
        made(two.own, (*shared[:2], shared[2] | {"program": "club"}), Idempotency_Key="k").status_code == 201
    )
    scopes = IdempotencyRecord.objects.filter(environment_id=two.owner.pk).values_list("scope", flat=True)
    assert sorted(scopes) == ["", f"via:{two.guest.pk.hex}"]
    assert two.total() == 60
    assert made(two.guests, shared, Idempotency_Key="last").status_code == 201
    revoke_share(environment=two.owner, share=share, actor=factories.make_actor())
    assert refusal(made(two.guests, shared, Idempotency_Key="last")) == "program_not_found"
    assert two.total() == 90


def test_the_owners_members_hold_and_the_guest_refunds_its_own_purchases_alone(two: Neighbours) -> None:
    two.share()
    assert made(two.own, ("POST", "/v1/events", purchase("owned", "club"))).status_code == 201
    assert made(two.guests, ("POST", "/v1/events", purchase("one", two.prg))).status_code == 201

    def refund(event_id: str, bought: str) -> Any:
        body = purchase(event_id, two.prg, type="refund", data={"purchase": bought})
        return made(two.guests, ("POST", "/v1/events", body))

    assert refusal(refund("back-1", "owned")) == "purchase_not_found"
    assert refund("back-2", "one").json()["effects"][0]["transaction"]["points"] == -10
    taken = LedgerEntry.objects.get(environment_id=two.owner.pk, type="reversed")
    assert (taken.via_environment_id, two.total()) == (two.guest.pk, 10)
    # The owner's event of that id is not shown, nor said to be a repetition.
    reused = made(two.guests, ("POST", "/v1/events", purchase("owned", two.prg)))
    assert (refusal(reused), "event" in reused.json()) == ("event_id_reused", False)
    # Nor is a metric of another of the owner's programs, nor who wrote what the guest did not.
    assert (
        refusal(two.guests.get(f"/v1/points?customer_id=ada&metric=points&program={two.prg}")) == "not_found"
    )
    rows = two.guests.get(f"/v1/points?customer_id=ada&program={two.prg}&order=asc").json()["data"]
    assert [(row["points"], row["actor"] is None) for row in rows] == [(10, True), (10, False), (-10, False)]
    assert two.own.patch("/v1/members/ada", {"status": "frozen"}).status_code == 200
    assert refusal(made(two.guests, calls(two.prg)["award"])) == "member_frozen"
    assert AuditEvent.objects.filter(verb="program.call_refused").count() == 0


def test_a_batch_of_own_and_shared_programs_is_recorded_where_each_belongs(two: Neighbours) -> None:
    share = two.share()
    second = factories.make_program(factories.reload(two.owner), "second")
    factories.make_share(second, two.guest)
    hidden = factories.make_program(factories.reload(two.owner), "hidden")
    factories.make_rule(two.guest)
    events = [
        purchase("a", two.prg),
        purchase("a", None),
        purchase("b", hidden.public_id),
        "nonsense",
        purchase("c", second.public_id),
        purchase("d", two.prg, "7"),
        purchase("a", two.prg),
    ]
    call = ("POST", "/v1/events/batch", {"events": events})
    first = made(two.guests, call, Idempotency_Key="k")
    rows = first.json()["results"]
    assert [(row["outcome"], (row["error"] or {}).get("code"), len(row["effects"])) for row in rows] == [
        ("applied", None, 1),
        ("applied", None, 1),
        ("refused", "program_not_found", 0),
        ("refused", "invalid_request", 0),
        ("applied", None, 0),
        ("applied", None, 1),
        ("duplicate", None, 1),
    ]
    assert made(two.guests, call, Idempotency_Key="k").content == first.content
    assert two.total() == 17
    assert Event.objects.filter(environment_id=two.guest.pk).count() == 1
    assert Event.objects.filter(environment_id=two.owner.pk).count() == 3
    noted = AuditEvent.objects.filter(verb="program.call_refused", environment_id=two.owner.pk)
    assert {event.object_id for event in noted} == {str(hidden.pk)}
    # Where a share ended since, the rest is still answered as it was.
    revoke_share(environment=two.owner, share=share, actor=factories.make_actor())
    later = made(two.guests, call, Idempotency_Key="k").json()["results"]
    assert [row["outcome"] for row in later] == [
        "refused", "applied", "refused", "refused", "applied", "refused", "refused"
    ]  # fmt: skip
    assert later[1] == rows[1]
    assert two.total() == 17


def test_shares_are_made_shown_to_both_sides_and_revoked_by_the_owner(two: Neighbours) -> None:
    body = {"program": "club", "project": "Café", "reason": "One card for both"}
    made_one = two.own.post("/v1/program-shares", body)
    assert (made_one.status_code, made_one.json()["direction"]) == (201, "given")
    share = made_one.json()["id"]
    assert two.own.post("/v1/program-shares", body).json()["id"] == share  # once is enough
    (seen,) = two.guests.get("/v1/program-shares").json()["data"]
    assert seen == made_one.json() | {"direction": "received", "project": "Shop"}
    assert two.guests.call("DELETE", f"/v1/program-shares/{share}").status_code == 404
    assert (
        Api(factories.make_key(factories.make_environment())).get(f"/v1/program-shares/{share}").status_code
        == 404
    )
    faults = {
        ("project", "invalid"): [body | {"project": name} for name in ("Shop", "Nowhere")],
        ("program", "ambiguous"): [],
        ("reason", "blank"): [body | {"reason": " "}],
    }
    for (field, code), bodies in faults.items():
        for each in bodies:
            (error,) = two.own.post("/v1/program-shares", each).json()["errors"]
            assert (error["field"], error["code"]) == (field, code)
    factories.make_plan(two.owner, without=["cross_project"])
    assert two.own.get(f"/v1/program-shares/{share}").json()["code"] == "feature_not_in_plan"
    assert two.own.call("DELETE", f"/v1/program-shares/{share}").json()["revoked_at"]  # on any plan
    assert ProgramShare.objects.filter(environment=two.owner, revoked_at__isnull=True).count() == 0
    for side in (two.owner, two.guest):
        trail = AuditEvent.objects.filter(environment_id=side.pk, verb__startswith="program.share")
        assert sorted(trail.values_list("verb", flat=True)) == ["program.share_revoked", "program.shared"]


def test_a_guest_that_has_a_program_of_that_id_is_refused(two: Neighbours) -> None:
    factories.make_program(factories.reload(two.guest), "mine", public_id=two.prg)
    body = {"program": "club", "project": "Café", "reason": "One card"}
    (error,) = two.own.post("/v1/program-shares", body).json()["errors"]
    assert (error["field"], error["code"], ProgramShare.objects.filter(guest=two.guest).count()) == (
        "program",
        "ambiguous",
        0,
    )
