"""What sdk/python sends, and what it makes of the answers."""

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest

import loyalty_engine_client as library
from loyalty.api.common.problems import PROBLEMS
from loyalty_engine_client import Client, LoyaltyError
from tests.sdk.fake import Answer, Fake, refusal


@pytest.mark.parametrize("code", PROBLEMS)
def test_each_code_is_an_error_of_its_own(client: Client, fake: Fake, code: str) -> None:
    fake.will(refusal(code, PROBLEMS[code].status))
    with pytest.raises(LoyaltyError) as caught:
        client.customers.retrieve("ada")
    assert type(caught.value) is library.PROBLEMS[code]
    assert caught.value.code == code == library.PROBLEMS[code].default_code
    assert caught.value.status == PROBLEMS[code].status


def test_an_error_carries_all_that_the_engine_says(client: Client, fake: Fake) -> None:
    fake.will(refusal("insufficient_balance", 409, balance=10, required=200))
    with pytest.raises(library.InsufficientBalanceError) as caught:
        client.points.redeem(customer_id="ada", reward_id="rwd_1")
    error = pickle.loads(pickle.dumps(caught.value))  # as a job queue would
    assert (error.code, error.status, error.detail) == ("insufficient_balance", 409, "A sentence.")
    assert error.data == {"balance": 10, "required": 200}
    assert error.request_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert str(error) == "insufficient_balance: A sentence. | request 4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_faulty_field_is_named(client: Client, fake: Fake) -> None:
    field = {"field": "points", "code": "min_value", "detail": "At least 1."}
    fake.will(refusal("invalid_request", 400, errors=[field]))
    with pytest.raises(library.InvalidRequestError, match=r"points: At least 1\.") as caught:
        client.points.award(customer_id="ada", points=0)
    assert caught.value.errors == [field]


def test_a_field_that_the_sentence_names_is_not_said_again(client: Client, fake: Fake) -> None:
    field = {"field": "points", "code": "min_value", "detail": "At least 1."}
    other = {"field": "reason", "code": "required", "detail": "Say why."}
    fake.will(
        refusal("invalid_request", 400, detail="points: At least 1.", errors=[field, other], request_id=None)
    )
    with pytest.raises(library.InvalidRequestError) as caught:
        client.points.award(customer_id="ada", points=0)
    assert str(caught.value).startswith("invalid_request: points: At least 1. | reason: Say why.")
    assert str(caught.value).count("points: At least 1.") == 1
    assert caught.value.errors == [field, other]


def test_a_star_import_takes_what_is_meant_for_use_alone() -> None:
    assert {"Client", "Page", "PROBLEMS", "LoyaltyError", "InsufficientBalanceError"} <= set(library.__all__)
    assert all(hasattr(library, name) for name in library.__all__)
    modules = {name for name in library.__all__ if isinstance(getattr(library, name), ModuleType)}
    assert modules == {"shapes", "webhooks"}


def test_a_code_that_is_newer_than_the_library_is_a_plain_error(client: Client, fake: Fake) -> None:
    fake.will(refusal("moon_in_the_wrong_phase", 409, phase="full"))
    with pytest.raises(LoyaltyError) as caught:
        client.customers.retrieve("ada")
    assert type(caught.value) is LoyaltyError
    assert (caught.value.code, caught.value.data) == ("moon_in_the_wrong_phase", {"phase": "full"})


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html>Welcome</html>"),
        Answer(200, b""),
        Answer(200, b"null"),
        Answer(201, [1]),
        Answer(404, b"<html>No such page</html>"),
        Answer(301, b"", {"Location": "https://elsewhere.example/"}),
        Answer(500, [1]),
    ],
)
def test_what_is_not_the_engine_is_said_so_and_a_redirect_is_not_followed(
    client: Client, fake: Fake, answer: Answer
) -> None:
    fake.will(answer)
    with pytest.raises(library.UnexpectedAnswerError) as caught:
        client.points.award(customer_id="ada", points=1)
    assert (caught.value.status, len(fake.asked)) == (answer.status, 1)


def test_a_list_goes_on_lazily_through_its_pages(client: Client, fake: Fake) -> None:
    fake.will(
        Answer(200, {"data": [{"id": "a"}, {"id": "b"}], "has_more": True, "next_cursor": "c+/="}),
        Answer(200, {"data": [{"id": "c"}], "has_more": True, "next_cursor": "d"}),
        Answer(200, {"data": [], "has_more": False, "next_cursor": None}),
    )
    page = client.points.list(customer_id="a&b", limit=2, order="asc", type="earned")
    assert (len(page.data), page.has_more, page.next_cursor) == (2, True, "c+/=")
    rows = iter(page)
    assert [next(rows)["id"], next(rows)["id"]] == ["a", "b"]
    assert len(fake.asked) == 1
    assert [row["id"] for row in rows] == ["c"]
    query = {"customer_id": "a&b", "limit": "2", "order": "asc", "type": "earned"}
    assert [dict(parse_qsl(urlsplit(asked.path).query)) for asked in fake.asked] == [
        query,
        query | {"cursor": "c+/="},
        query | {"cursor": "d"},
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": [], "has_more": True},
        {"data": None, "has_more": False, "next_cursor": None},
        {"data": {"0": 1}, "has_more": False, "next_cursor": None},
        {"data": [], "has_more": True, "next_cursor": 7},
    ],
)
def test_what_is_no_page_is_said_so_and_nothing_is_asked_again(
    client: Client, fake: Fake, waits: list[float], body: object
) -> None:
    fake.will(Answer(200, body))
    with pytest.raises(library.UnexpectedAnswerError, match="not a page"):
        client.points.list(customer_id="ada")
    assert (len(fake.asked), waits) == (1, [])


def test_a_reward_is_asked_for_as_a_customer_has_it_by_either_name(client: Client, fake: Fake) -> None:
    fake.will(Answer(200, {"data": [], "has_more": False, "next_cursor": None}))
    client.rewards.list(customer_id="ada", kind="other")
    client.rewards.list(member_id="ada")
    client.rewards.retrieve("rwd_1", member_id="ada")
    assert [asked.path for asked in fake.asked] == [
        "/v1/rewards?customer_id=ada&kind=other",
        "/v1/rewards?member_id=ada",
        "/v1/rewards/rwd_1?member_id=ada",
    ]


def test_an_id_is_quoted_whatever_it_holds(client: Client, fake: Fake) -> None:
    client.customers.retrieve("a/../b?c=d#é %")
    client.offers.redeem_for("a/b", "rwd_1")
    assert [asked.path for asked in fake.asked] == [
        "/v1/customers/a%2F..%2Fb%3Fc%3Dd%23%C3%A9%20%25",
        "/v1/user/a%2Fb/offer/rwd_1/redeem",
    ]


@pytest.mark.parametrize("identity", ["", ".", ".."])
def test_an_id_that_would_lead_elsewhere_is_not_sent(client: Client, fake: Fake, identity: str) -> None:
    with pytest.raises(ValueError, match="is no id"):
        client.customers.delete(identity)
    assert fake.asked == []


def test_decimals_instants_and_uuids_are_written_exactly(client: Client, fake: Fake) -> None:
    client.events.send(
        event_id="order-1",
        type="purchase",
        member_id="ada",
        occurred_at=datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=1))),
        data={"amount": Decimal("59.90"), "tiny": Decimal("1E-7"), "basket": UUID(int=1), "note": None},
    )
    assert json.loads(fake.asked[0].body) == {
        "event_id": "order-1",
        "type": "purchase",
        "member_id": "ada",
        "occurred_at": "2026-01-31T12:00:00+01:00",
        "data": {
            "amount": "59.90",
            "tiny": "0.0000001",
            "basket": "00000000-0000-0000-0000-000000000001",
            "note": None,
        },
    }
    client.customers.balances("ada", as_of=datetime(2026, 1, 31, tzinfo=UTC), lots=True)
    assert (
        fake.asked[1].path == "/v1/customers/ada/balances?as_of=2026-01-31T00%3A00%3A00%2B00%3A00&lots=true"
    )


@pytest.mark.parametrize(
    "value",
    [datetime(2026, 1, 31), float("nan"), Decimal("Infinity"), object()],  # noqa: DTZ001 - the point
)
def test_what_has_no_exact_json_is_not_sent(client: Client, fake: Fake, value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        client.points.award(customer_id="ada", points=1, metadata={"value": value})
    assert fake.asked == []


def test_decimals_are_read_exactly(client: Client, fake: Fake) -> None:
    fake.will(Answer(200, b'{"discount_amount": 10.10, "points": 200}'))
    redemption = client.redemptions.retrieve("red_1")
    assert redemption["discount_amount"] == Decimal("10.10")
    assert str(redemption["discount_amount"]) == "10.10"
    assert type(redemption["points"]) is int


def test_the_key_is_the_one_given_whatever_netrc_says(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Client("sk_test", base_url=f"{fake.url}/") as client:
        client.customers.retrieve("ada")
    assert fake.asked[0].headers["authorization"] == "Bearer sk_test"
    assert fake.asked[0].path == "/v1/customers/ada"


@pytest.mark.parametrize(
    ("api_key", "base_url"),
    [
        ("", "https://x.example"),
        ("sk_…", "https://x.example"),
        ("sk\n", "https://x.example"),
        ("sk", "x.example"),
        ("sk", "https://"),
        ("sk", ""),
    ],
)
def test_a_client_without_key_or_address_is_refused(api_key: str, base_url: str) -> None:
    with pytest.raises(ValueError, match=r"api_key|base_url"):
        Client(api_key, base_url=base_url)
