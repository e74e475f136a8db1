"""/v1/stamp-programs: set up, refused, changed, and as a customer sees them (domain.md 7)."""

from typing import Any

import pytest

from programs.models import Environment, Picture, StampProgram
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.cafe import CARD, DISPLAY, card, join
from tests.api.v1.days import done, go_to
from tests.api.v1.test_reward_pictures import picture
from tests.api.world import changed, digest
from tests.conftest import Api

PLAIN: dict[str, Any] = {
    "program": "default",
    "starts_at": None,
    "ends_at": None,
    "condition": {},
    "items": {},
    "stamps_per": "purchase",
}
SOHO = {"all": [{"field": "data.store", "op": "eq", "value": "Soho"}]}
COFFEE = {"all": [{"field": "item.category", "op": "eq", "value": "coffee"}]}


def test_a_stamp_program_is_made_read_changed_and_listed(api: Api) -> None:
    made = card(api)
    shown = dict(made)
    assert shown.pop("created_at") == shown.pop("updated_at")
    assert shown == CARD | PLAIN
    assert done(api.get("/v1/stamp-programs/lp_coffee")) == made
    assert done(api.get("/v1/stamp-programs"))["data"] == [made]
    change = {
        "name": "Espresso",
        "status": "paused",
        "starts_at": "2030-01-01T00:00:00Z",
        "ends_at": "2031-01-01T00:00:00Z",
        "threshold": 10,
        "condition": SOHO,
        "items": COFFEE,
        "stamps_per": "quantity",
        "reward": {"type": "fixed-reward", "amount": 500},
        "display": DISPLAY | {"title": "Ten", "image": None, "logo": "https://cdn.example.com/l.png"},
    }
    after = done(api.patch("/v1/stamp-programs/lp_coffee", change))
    assert after["updated_at"] > made["updated_at"]
    assert after == made | change | {"updated_at": after["updated_at"]}
    assert done(api.get("/v1/stamp-programs/lp_coffee")) == after
    cleared = dict.fromkeys(("starts_at", "ends_at")) | {
        "condition": {},
        "items": {},
        "reward": {"type": "fixed-reward", "amount": 700},
    }
    again = done(api.patch("/v1/stamp-programs/lp_coffee", cleared))
    assert again == after | cleared | {"updated_at": again["updated_at"]}


def test_what_a_display_leaves_out_is_taken_away(api: Api) -> None:
    card(api)
    shown = done(api.patch("/v1/stamp-programs/lp_coffee", {"display": {"title": "Free coffee"}}))["display"]
    texts = dict.fromkeys(("summary", "description", "terms", "reward"), "")
    assert shown == {"title": "Free coffee", "image": None, "logo": None, **texts}


def test_an_id_may_be_left_to_the_engine_and_a_change_of_nothing_is_none(api: Api) -> None:
    made = done(
        api.post("/v1/stamp-programs", {name: CARD[name] for name in CARD if name not in ("id", "status")})
    )
    assert made["id"].startswith("lp_")
    assert made["status"] == "draft"
    assert done(api.patch(f"/v1/stamp-programs/{made['id']}", {"threshold": 3, "currency": "GBP"})) == made


FAULTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"id": "coffee"}, ["id"]),
    ({"name": ""}, ["name"]),
    ({"name": None}, ["name"]),
    ({"status": "archived"}, ["status"]),
    ({"colour": "red"}, ["colour"]),
    ({"starts_at": "soon"}, ["starts_at"]),
    ({"starts_at": "2030-01-02T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"}, ["ends_at"]),
    ({"threshold": 0}, ["threshold"]),
    ({"threshold": 1001}, ["threshold"]),
    ({"threshold": "5"}, ["threshold"]),
    ({"threshold": 2.5}, ["threshold"]),
    ({"condition": []}, ["condition"]),
    ({"condition": {"all": [{"field": "nonsense", "op": "eq", "value": 1}]}}, ["condition.all[0].field"]),
    (
        {"condition": {"all": [{"field": "data.amount", "op": "gte", "value": "x"}]}},
        ["condition.all[0].value"],
    ),
    ({"items": {"all": [{"field": "data.amount", "op": "gte", "value": 1}]}}, ["items.all[0].field"]),
    (
        {"items": {"any": [COFFEE["all"][0], {"field": "item.sku", "op": "in", "value": "x"}]}},
        ["items.any[1].value"],
    ),
    ({"stamps_per": "week"}, ["stamps_per"]),
    ({"currency": "pounds"}, ["currency"]),
    ({"currency": "gbp"}, ["currency"]),
    ({"reward": None}, ["reward"]),
    ({"reward": {}}, ["reward.type"]),
    ({"reward": {"type": "free"}}, ["reward.type"]),
    ({"reward": {"type": "refund", "amount": 500}}, ["reward.amount"]),
    ({"reward": {"type": "fixed-reward"}}, ["reward.amount"]),
    ({"reward": {"type": "fixed-reward", "amount": 0}}, ["reward.amount"]),
    ({"reward": {"type": "fixed-reward", "amount": 5.5}}, ["reward.amount"]),
    ({"reward": {"type": "fixed-reward", "amount": 10**12 + 1}}, ["reward.amount"]),
    ({"reward": {"type": "refund", "currency": "GBP"}}, ["reward.currency"]),
    ({"display": "Free coffee"}, ["display"]),
    ({"display": {"summary": "Three stamps"}}, ["display.title"]),
    ({"display": {"title": " "}}, ["display.title"]),
    ({"display": DISPLAY | {"terms": "x" * 5001}}, ["display.terms"]),
    ({"display": DISPLAY | {"reward": {"formatted": "1"}}}, ["display.reward"]),
    ({"display": DISPLAY | {"image": "http://cdn.example.com/a.png"}}, ["display.image"]),
    ({"display": DISPLAY | {"image": "javascript:alert(1)"}}, ["display.image"]),
    ({"display": DISPLAY | {"image": "https://no spaces.example/a.png"}}, ["display.image"]),
    ({"display": DISPLAY | {"image": "https://-/a.png"}}, ["display.image"]),
    ({"display": DISPLAY | {"logo": "https://a.example/" + "x" * 500}}, ["display.logo"]),
    ({"display": DISPLAY | {"logo": "data:image/png;base64,AAAA"}}, ["display.logo"]),
    ({"display": DISPLAY | {"logo": 7}}, ["display.logo"]),
    (
        {"threshold": -1, "reward": {"type": "free"}, "display": {}},
        ["display.title", "reward.type", "threshold"],
    ),
]


def test_each_faulty_field_is_named_by_its_path_and_nothing_changes(api: Api) -> None:
    card(api)
    before = digest()
    for change, fields in FAULTS:
        made = assert_problem(
            api.post("/v1/stamp-programs", CARD | {"id": "lp_tea"} | change), "invalid_request"
        )
        assert sorted(error["field"] for error in made["errors"]) == fields, change
        assert all(len(error["detail"]) > 10 for error in made["errors"]), change
        if "id" not in change:
            patched = assert_problem(api.patch("/v1/stamp-programs/lp_coffee", change), "invalid_request")
            assert sorted(error["field"] for error in patched["errors"]) == fields, change
    assert changed(before, digest()) == {}


def test_what_every_stamp_program_needs_is_asked_for(api: Api) -> None:
    problem = assert_problem(api.post("/v1/stamp-programs", {}), "invalid_request")
    needed = {"name", "threshold", "currency", "reward", "display"}
    assert {(error["field"], error["code"]) for error in problem["errors"]} == {
        (name, "required") for name in needed
    }
    twice = assert_problem(api.post("/v1/stamp-programs", card(api) and CARD), "invalid_request")
    assert [error["field"] for error in twice["errors"]] == ["id"]


@pytest.mark.parametrize(
    ("now", "change", "fault"),
    [
        ("active", {"currency": "USD"}, ("currency", "fixed")),
        ("active", {"program": "default"}, ("program", "unknown_field")),
        ("active", {"id": "lp_tea"}, ("id", "unknown_field")),
        ("active", {"status": "draft"}, ("status", "invalid_choice")),
        ("paused", {"status": "draft"}, ("status", "invalid_choice")),
        ("ended", {"status": "active"}, ("status", "fixed")),
    ],
)
def test_some_things_stay_as_they_were_made(
    api: Api, now: str, change: dict[str, str], fault: tuple[str, str]
) -> None:
    card(api, status=now)
    before = digest()
    problem = assert_problem(api.patch("/v1/stamp-programs/lp_coffee", change), "invalid_request")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [fault]
    assert changed(before, digest()) == {}


def test_a_repeated_request_makes_one_and_gets_the_same_bytes(api: Api, environment: Environment) -> None:
    body = CARD | {"display": DISPLAY | {"image": picture()}}
    first, again = (api.post("/v1/stamp-programs", body, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert StampProgram.objects.filter(environment=environment).count() == 1
    assert Picture.objects.filter(environment=environment).count() == 1
    change = {"threshold": 4}
    first, again = (api.patch("/v1/stamp-programs/lp_coffee", change, Idempotency_Key="c") for _ in range(2))
    assert (first.status_code, again.content) == (200, first.content)


# -- pictures


def test_a_picture_is_uploaded_served_and_kept_when_its_address_is_sent_back(
    api: Api, environment: Environment
) -> None:
    made = card(api, display=DISPLAY | {"image": picture(), "logo": picture("blue")})["display"]
    for name in ("image", "logo"):
        assert made[name].startswith("http://testserver/pictures/")
        served = api.client.get(made[name].removeprefix("http://testserver"))
        assert (served.status_code, served.headers["Content-Type"]) == (200, "image/webp")
    swapped = made | {"image": made["logo"], "logo": made["image"]}
    assert done(api.patch("/v1/stamp-programs/lp_coffee", {"display": swapped}))["display"] == swapped
    stored = StampProgram.objects.get(environment=environment)
    assert (stored.image_url, stored.logo_url) == ("", "")
    assert made["image"].endswith(f"{stored.logo_id}.webp")
    second = card(api, id="lp_tea", display=swapped)["display"]
    assert second == swapped
    assert Picture.objects.filter(environment=environment).count() == 2


def test_what_is_no_picture_of_ones_own_is_only_an_address(api: Api, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.ALLOWED_HOSTS = ["loyalty.example.com"]
    theirs, ours = Api(factories.make_key(factories.make_environment())), Api(api.key)
    for each in (theirs, ours):
        each.client.defaults |= {"HTTP_HOST": "loyalty.example.com", "HTTP_X_FORWARDED_PROTO": "https"}
    address = card(theirs, display=DISPLAY | {"image": picture()})["display"]["image"]
    mine = card(ours, id="lp_mine", display=DISPLAY | {"image": picture()})["display"]["image"]
    assert mine.startswith("https://loyalty.example.com/pictures/")
    addresses = [address, mine.replace("loyalty", "cdn"), mine.replace("pictures", "photos")]
    for number, other in enumerate(addresses):
        made = card(ours, id=f"lp_{number}", display=DISPLAY | {"image": other})
        assert made["display"]["image"] == other
        stored = StampProgram.objects.get(public_id=f"lp_{number}")
        assert (stored.image_url, stored.picture_id) == (other, None)
    assert Picture.objects.count() == 2


# -- who sees what


@pytest.fixture
def shelf(api: Api) -> Api:
    """One of each state; ada has joined those that can be joined, and one of those has ended since."""
    go_to(api, 0)
    for status in ("draft", "active", "paused", "ended"):
        card(api, id=f"lp_{status}", status=status)
    card(api, id="lp_later", starts_at="2030-02-01T00:00:00Z")
    card(api, id="lp_over", ends_at="2030-01-01T12:00:00Z")
    card(api, id="lp_closing")
    done(api.post("/v1/programs", {"code": "old", "name": "Old"}))
    card(api, id="lp_old", program="old")
    for name in ("lp_active", "lp_closing"):
        join(api, stamp_program=name)
    done(api.patch("/v1/stamp-programs/lp_closing", {"status": "ended"}))
    done(api.patch("/v1/programs/old", {"status": "paused"}))
    return api


def ids(api: Api, query: str = "") -> list[str]:
    rows = done(api.get(f"/v1/stamp-programs?order=asc{query}"))["data"]
    return [row["id"].removeprefix("lp_") for row in rows]


def test_a_customer_sees_what_can_be_joined_and_what_they_have_a_card_of(shelf: Api) -> None:
    assert ids(shelf) == ["draft", "active", "paused", "ended", "later", "over", "closing", "old"]
    assert ids(shelf, "&customer_id=ada") == ["active", "closing"]
    assert ids(shelf, "&member_id=somebody-new") == ["active"]
    assert ids(shelf, "&customer_id=ada&status=ended") == ["closing"]
    assert ids(shelf, "&program=old") == ["old"]
    assert shelf.get("/v1/stamp-programs/lp_paused?customer_id=ada").status_code == 404
    assert shelf.get("/v1/stamp-programs/lp_closing?customer_id=ada").status_code == 200


def test_a_member_token_sees_the_same_without_what_counts(shelf: Api, environment: Environment) -> None:
    done(shelf.patch("/v1/stamp-programs/lp_active", {"condition": SOHO, "items": COFFEE}))
    ada = Api(factories.make_token(factories.make_token_key(environment), "ada"))
    assert ids(ada) == ["active", "closing"]
    mine, set_up = (done(each.get("/v1/stamp-programs/lp_active")) for each in (ada, shelf))
    assert set_up["condition"] == SOHO
    assert mine == set_up | {"condition": None, "items": None}
    for hidden in ("draft", "paused", "ended", "later", "over", "old", "nowhere"):
        assert_problem(ada.get(f"/v1/stamp-programs/lp_{hidden}"), "not_found")
    assert_problem(ada.get("/v1/stamp-programs?customer_id=bob"), "permission_denied")
    assert_problem(ada.post("/v1/stamp-programs", CARD), "permission_denied")


def test_a_page_takes_two_statements_however_long_it_is(api: Api, warm_key: None) -> None:
    for number in range(6):
        card(api, id=f"lp_{number}")
    api.get("/v1/stamp-programs")
    for limit in (1, 6):
        assert len(statements(lambda: api.get(f"/v1/stamp-programs?limit={limit}"))) == 2  # noqa: B023
