"""What a member token may do: its own member's, on the operations that say so, and nothing else."""

from typing import Any

import pytest
from django.urls import resolve
from django.utils import timezone

from audit.models import AuditEvent
from audit.record import Actor
from loyalty.actions.points import adjust
from loyalty.actions.referrals import referral_code_of
from loyalty.api.v1.points import AwardView
from loyalty.models import IdempotencyRecord, LedgerEntry, ReferralCode, member_key
from programs.actions.token_keys import NewTokenKey
from programs.models import Environment
from tests import factories
from tests.api.operations import DONE, Operation, operations
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.shop import buy, offer, step
from tests.api.world import Owner, changed, digest
from tests.conftest import Api

AWARD = {"customer_id": "ada", "points": 5}


def takes_tokens(operation: Operation) -> bool:
    return {"memberToken": []} in operation.spec["security"]


THEIRS = [one for one in operations() if takes_tokens(one)]
OURS = [one for one in operations() if not takes_tokens(one)]


@pytest.fixture
def made(environment: Environment) -> NewTokenKey:
    return factories.make_token_key(environment)


def token_of(environment: Environment, member: str) -> str:
    return factories.make_token(factories.make_token_key(environment), member)


def call(token: str, operation: Operation, owner: Owner, method: str | None = None) -> Any:
    ids = owner.ids
    return Api(token).call(method or operation.method.upper(), operation.url(ids), operation.body(ids))


def test_the_document_names_those_operations_that_take_a_token() -> None:
    ids = dict.fromkeys(_parameters(), "x")
    for operation in operations():
        view = resolve(operation.url(ids).partition("?")[0]).func.cls  # type: ignore[attr-defined]
        assert (operation.method.upper() in view.members_may) is takes_tokens(operation), operation


def _parameters() -> set[str]:
    named = {p["name"] for one in operations() for p in one.spec.get("parameters", [])}
    return named | {name.strip("{}") for one in operations() for name in one.path.split("/") if "{" in name}


def test_a_member_reads_and_writes_nothing_but_redemptions_and_their_own_cards() -> None:
    assert {str(one) for one in operations() if takes_tokens(one) and one.method != "get"} <= {
        "POST /v1/offer/redeem",
        "POST /v1/user/{user_id}/offer/{offer_id}/redeem",
        "POST /v1/stamp-collections",
    }


def test_whatever_does_not_take_a_token_refuses_it_and_changes_nothing(owner: Owner) -> None:
    token = token_of(owner.environment, "owner-ada")
    before = digest()
    assert len(OURS) >= 60
    for operation in OURS:
        answer = call(token, operation, owner)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied"), operation
        if operation.method == "get":
            assert call(token, operation, owner, "HEAD").status_code == 403, operation
    assert changed(before, digest()) == {}


def test_a_member_gets_what_is_their_own(owner: Owner) -> None:
    token = token_of(owner.environment, "owner-ada")
    assert len(THEIRS) >= 9
    for operation in THEIRS:
        answer = call(token, operation, owner)
        assert answer.status_code in DONE, (operation, answer.content)
        assert "owner-bob" not in answer.content.decode(), operation
        if operation.method == "get":
            head = call(token, operation, owner, "HEAD")
            assert (head.status_code, head.content) == (200, b""), operation


def test_to_another_member_it_is_refused_and_nothing_changes(owner: Owner) -> None:
    token = token_of(owner.environment, "owner-bob")
    before = digest()
    for operation in THEIRS:
        answer = call(token, operation, owner)
        assert answer.status_code in (403, 404), (operation, answer.content)
        assert answer.json()["code"] in ("permission_denied", "not_found"), operation
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("named", ["bob", "Ada", "ada%20", "adá", "ada/", "%61da%2e"])
@pytest.mark.parametrize("what", ["", "/balances", "/tier", "/referral", "/stamp-collections"])
def test_a_path_that_names_somebody_else_is_refused(
    environment: Environment, made: NewTokenKey, named: str, what: str
) -> None:
    for member in ("ada", "bob", "Ada"):
        factories.give(environment, 5, member)
    token = factories.make_token(made, "ada")
    before = digest()
    for resource in ("members", "customers"):
        assert_problem(Api(token).get(f"/v1/{resource}/{named}{what}"), "permission_denied")
    assert changed(before, digest()) == {}


def test_a_member_may_leave_out_who_they_are_and_a_server_may_not(
    environment: Environment, made: NewTokenKey, api: Api
) -> None:
    factories.give(environment, 5, "ada")
    factories.give(environment, 7, "bob")
    ada = Api(factories.make_token(made, "ada"))
    assert [row["points"] for row in ada.get("/v1/points").json()["data"]] == [5]
    assert ada.get("/v1/points?member_id=ada").status_code == 200
    assert_problem(ada.get("/v1/points?customer_id=bob"), "permission_denied")
    refused = assert_problem(api.get("/v1/points"), "invalid_request")
    assert [error["field"] for error in refused["errors"]] == ["customer_id"]


@pytest.fixture
def seen(environment: Environment, api: Api) -> dict[str, str]:
    """What ada has of staff and of others, in every place that her token reads; by how it is told apart."""
    staff = Actor("staff", "kim-of-support", "trace-of-kim")
    now = {"environment": environment, "now": timezone.now(), "actor": staff}
    factories.give(environment, 500, "ada", actor=staff)
    adjust(member="ada", points=5, reason="goodwill", note="she shouted", **now)
    sent = {"from_customer_id": "ada", "to_customer_id": "bob", "points": 7}
    assert api.post("/v1/points/transfer", sent).status_code == 201
    code = referral_code_of(member="bob", **now).code
    assert api.post("/v1/members/ada/referral", {"code": code}).status_code == 200
    offer(api, fulfilment="manual")
    bought = buy(api)
    assert step(api, bought, "fulfil", note="left at the porch").status_code == 200
    return {"redemption": bought["id"]}


def test_a_member_sees_neither_who_acted_nor_who_else_was_there(
    environment: Environment, made: NewTokenKey, api: Api, seen: dict[str, str]
) -> None:
    ada = Api(factories.make_token(made, "ada"))
    hidden = ("kim-of-support", "trace-of-kim", "she shouted", '"bob"', "left at the porch", '"api_key"')
    paths = ["/v1/members/ada" + part for part in ("", "/balances", "/tier", "/referral")]
    paths += ["/v1/points", "/v1/redemptions", f"/v1/redemptions/{seen['redemption']}", "/v1/rewards"]
    told = {path: ada.get(path).content.decode() for path in paths}
    assert [(path, word) for path, text in told.items() for word in hidden if word in text] == []
    known = [api.get(path) for path in ("/v1/points?customer_id=ada", *paths[3:4], *paths[5:7])]
    assert all(any(word in answer.content.decode() for answer in known) for word in hidden), "a server does"


def test_a_member_sees_all_else_of_a_transaction_as_a_server_does(
    environment: Environment, made: NewTokenKey, api: Api, seen: dict[str, str]
) -> None:
    mine = Api(factories.make_token(made, "ada")).get("/v1/points").json()["data"]
    theirs = api.get("/v1/points?customer_id=ada").json()["data"]
    for own, row in zip(mine, theirs, strict=True):
        unlike = {name for name in row if own[name] != row[name]}
        assert own.keys() == row.keys()
        assert unlike == {"actor", "trace_id"} | {
            "adjusted": {"metadata"},
            "transferred": {"counterpart"},
        }.get(row["type"], set())
        assert (own["actor"], own["trace_id"]) == (None, None)
    assert {row["type"] for row in mine} == {"earned", "adjusted", "transferred", "redeemed"}
    sent = next(row for row in mine if row["type"] == "transferred")
    assert sent["counterpart"].keys() == {"transaction_id", "customer_id"}
    assert sent["counterpart"]["customer_id"] is None


def test_a_members_own_redemption_takes_no_statement_more_than_a_servers(
    environment: Environment, made: NewTokenKey, api: Api, seen: dict[str, str], warm_key: None
) -> None:
    path = f"/v1/redemptions/{seen['redemption']}"
    ada = Api(factories.make_token(made, "ada"))
    ada.get(path), api.get(path)
    by_token, by_key = statements(lambda: ada.get(path)), statements(lambda: api.get(path))
    assert len(by_token) == len(by_key) + 1, "who they are"


def test_no_answer_is_kept_by_what_stands_between(environment: Environment, api: Api) -> None:
    answers = [api.get("/v1/redemptions"), api.get("/v1/nothing"), api.post("/v1/points/award", {})]
    assert [answer.status_code for answer in answers] == [200, 404, 400]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}


def test_a_members_id_is_theirs_whatever_stands_in_it(environment: Environment, made: NewTokenKey) -> None:
    name = "Zoë / 猫 ?#%"
    factories.give(environment, 5, name)
    answer = Api(factories.make_token(made, name)).get("/v1/members/Zo%C3%AB%20%2F%20%E7%8C%AB%20%3F%23%25")
    assert answer.json()["member_id"] == name


def test_a_member_who_is_not_there_yet_is_not_found_and_not_made(
    environment: Environment, made: NewTokenKey
) -> None:
    token = factories.make_token(made, "nobody")
    before = digest()
    assert_problem(Api(token).get("/v1/members/nobody"), "not_found")
    assert changed(before, digest()) == {}


def test_what_a_member_does_is_recorded_under_their_internal_key(
    environment: Environment, made: NewTokenKey
) -> None:
    factories.give(environment, 5, "ada")
    assert Api(factories.make_token(made, "ada")).get("/v1/members/ada/referral").status_code == 200
    key = member_key(environment.namespace, "ada")
    assert ReferralCode.objects.filter(member_id=key).count() == 1
    rows = AuditEvent.objects.filter(environment_id=environment.id, actor_kind="member")
    assert {row.actor_id for row in rows} <= {key.hex}


@pytest.mark.usefixtures("clock")
def test_requests_are_counted_for_each_member_whichever_token_they_use(
    environment: Environment, made: NewTokenKey, settings: Any
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    factories.give(environment, 5, "ada")
    factories.give(environment, 5, "bob")
    tokens = [factories.make_token(made, "ada", jti=str(n)) for n in range(2)]
    tokens.append(factories.make_token(factories.make_token_key(environment), "ada"))
    asked = [Api(token).get("/v1/members/ada").status_code for token in [*tokens, tokens[0]]]
    assert asked == [200, 200, 200, 429]
    assert Api(factories.make_token(made, "bob")).get("/v1/members/bob").status_code == 200
    assert Api(factories.make_key(environment)).get("/v1/members/ada").status_code == 200


@pytest.mark.usefixtures("clock")
def test_a_token_that_is_no_good_counts_against_the_address_and_not_the_member(
    environment: Environment, made: NewTokenKey, settings: Any
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    factories.give(environment, 5, "ada")
    good = factories.make_token(made, "ada")
    forged = f"{good[:-6]}AAAAAA"
    assert [Api(forged).get("/v1/members/ada").status_code for _ in range(3)] == [401, 401, 429]
    assert Api(good).get("/v1/members/ada").status_code == 200


@pytest.fixture
def _members_award(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that is at hand; what it does is of no matter here."""
    monkeypatch.setattr(AwardView, "members_may", frozenset({"POST"}))


@pytest.mark.usefixtures("_members_award")
def test_an_idempotency_key_counts_within_the_member(environment: Environment, made: NewTokenKey) -> None:
    callers = [
        Api(factories.make_token(made, "ada")),
        Api(factories.make_token(made, "bob")),
        Api(factories.make_key(environment)),
    ]
    first = [caller.post("/v1/points/award", AWARD, Idempotency_Key="k-1") for caller in callers]
    assert [answer.json()["balance_after"] for answer in first] == [5, 10, 15]
    callers.append(Api(factories.make_token(factories.make_token_key(environment), "ada")))
    again = [caller.post("/v1/points/award", AWARD, Idempotency_Key="k-1") for caller in callers]
    assert [answer.content for answer in again] == [answer.content for answer in [*first, first[0]]]
    assert {answer.headers["Idempotent-Replayed"] for answer in again} == {"true"}
    assert LedgerEntry.objects.filter(environment_id=environment.id).count() == 3
    scopes = IdempotencyRecord.objects.filter(environment_id=environment.id).values_list("scope", flat=True)
    keys = [member_key(environment.namespace, name).hex for name in ("ada", "bob")]
    assert sorted(scopes) == sorted(["", *keys])


@pytest.mark.usefixtures("_members_award")
def test_the_trail_names_the_member_and_never_their_id(environment: Environment, made: NewTokenKey) -> None:
    Api(factories.make_token(made, "ada")).post("/v1/points/award", AWARD)
    key = member_key(environment.namespace, "ada")
    event = AuditEvent.objects.get(environment_id=environment.id, verb="points.earned")
    assert (event.actor_kind, event.actor_id) == ("member", key.hex)
    entry = LedgerEntry.objects.get(environment_id=environment.id)
    assert (entry.actor_kind, entry.actor_id) == ("member", key.hex)


def test_a_warm_token_key_costs_no_statement(
    environment: Environment, made: NewTokenKey, warm_key: None
) -> None:
    factories.give(environment, 5, "ada")
    api, token = Api(factories.make_key(environment)), factories.make_token(made, "ada")
    cold = statements(lambda: Api(token).get("/v1/members/ada/balances"))
    assert any("programs_tokenkey" in sql for sql in cold)
    api.get("/v1/members/ada/balances")
    by_key = statements(lambda: api.get("/v1/members/ada/balances"))
    by_token = statements(
        lambda: Api(factories.make_token(made, "ada", jti="2")).get("/v1/members/ada/balances")
    )
    assert len(by_token) == len(by_key) == 3
