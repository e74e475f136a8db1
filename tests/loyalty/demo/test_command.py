"""`manage.py demo` up to the server: two starts, and what is printed."""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from loyalty.api.common.authentication import forget_keys
from loyalty.demo import serve, shop
from loyalty.demo.challenges import SHARED, VIEWED
from loyalty.demo.guide import Access, calls, guide
from loyalty.demo.orders import read_history
from loyalty.demo.replay import schedule_of
from loyalty.demo.rewards import REDEMPTIONS, Bought
from loyalty.demo.visits import PRESENT, visits_of
from loyalty.management.commands.demo import Command
from loyalty.management.commands.replay_orders import sandbox
from loyalty.models import (
    Achievement,
    Event,
    LedgerEntry,
    Member,
    MemberItem,
    MilestoneChange,
    MissionProgress,
    Redemption,
    RewardCode,
    Stamp,
    StampCollection,
    StampReward,
)
from programs.models import (
    ApiKey,
    Challenge,
    Coupon,
    Environment,
    InventoryItem,
    MemberApp,
    Metric,
    Milestone,
    Mission,
    Organization,
    Picture,
    Reward,
    StampProgram,
    TokenKey,
)
from tests import factories
from tests.conftest import Api

CARDS: tuple[Any, ...] = (StampProgram, StampCollection, Stamp, StampReward)
CHALLENGES: tuple[Any, ...] = (Challenge, Mission, Achievement, MissionProgress, MilestoneChange, MemberItem)
SET_UP: tuple[Any, ...] = (Metric, Milestone, InventoryItem, Picture, Coupon, MemberApp, TokenKey)
COUNTED: tuple[Any, ...] = (
    *(Event, LedgerEntry, User, Member, Reward, Redemption, RewardCode),
    *(*CARDS, *CHALLENGES, *SET_UP),
)
ROOT = "http://127.0.0.1:8000"
SPENT = 400  # on three rewards, by 17850
NOW = datetime(2026, 7, 15, 10, tzinfo=UTC)
ACCESS = Access(
    ROOT,
    "/console/",
    "demo",
    "secret-password",
    "sk_sandbox_abcdefghijkl",
    "pk_sandbox_abcdef",
    "eyJ.e30.c2ln",
)


def start(root: Path) -> tuple[Access, str]:
    out = StringIO()
    access = Command(stdout=out).set_up(root, ROOT)
    return access, out.getvalue()


@pytest.mark.django_db
def test_two_starts(tmp_path: Path) -> None:
    with time_machine.travel(NOW):
        _two_starts(tmp_path)


def _two_starts(tmp_path: Path) -> None:
    first, told = start(tmp_path)
    assert "410 of 410 events" in told
    assert "410 events of 303 members gave 151439 points" in told
    assert Api(first.key).get("/v1/members/17850/balances").json()["data"][0]["balance"] == 5429 - SPENT
    log_in = {"username": first.username, "password": first.password}
    assert Client().post(f"{first.console_path}login/", log_in).status_code == 302
    assert "388 stamp cards handed out" in told
    _every_visit_was_made()
    assert "4 paid" in told
    assert StampReward.objects.filter(stamp_program__public_id="lp_demo_days").count() == 9
    for name in ("Regular of the week", "Light up the winter", "Look around"):
        assert f'challenge "{name}" set up' in told
    assert Achievement.objects.filter(kind="challenge", revoked_at=None).count() == 35 + 8
    assert told.count("member app: called by http://127.0.0.1:8000") == 1
    before = [table.objects.count() for table in COUNTED]

    second, told = start(tmp_path)
    assert "replayed by an earlier start" in told
    assert "gave 151439 points" in told
    assert [table.objects.count() for table in COUNTED] == before
    assert second.password == first.password
    forget_keys()  # a process knows a key for five seconds
    statuses = [Api(access.key).get("/v1/members/17850/balances").status_code for access in (first, second)]
    assert statuses == [401, 200]
    assert "member app" not in told
    for name in (shop.KEY_NAME, shop.APP_KEY_NAME):
        assert ApiKey.objects.filter(name=name, revoked_at=None).count() == 1
    _try_the_app(second)


def _every_visit_was_made() -> None:
    """Each redemption that is planned, and nothing besides; what was given has expired or will."""
    visits = visits_of(read_history(), schedule_of(sandbox(), read_history(), NOW))
    made = Redemption.objects.values_list("member__external_id", "reward__public_id")
    assert {(one.customer, one.reward) for one in REDEMPTIONS} <= set(made)
    acts = [visit.act for visit in visits if isinstance(visit.act, partial)]
    bought = [(act.args[0].customer, act.args[0].reward) for act in acts if isinstance(act.args[0], Bought)]
    given = [act.args[0] for act in acts if isinstance(act.args[0], str)]
    assert sorted(made) == sorted(bought)
    assert len(bought) > 100
    presents = LedgerEntry.objects.filter(type="bonus", reason=PRESENT)
    assert Counter(presents.values_list("member__external_id", flat=True)) == Counter(given)
    assert len(given) > 50
    expired = LedgerEntry.objects.filter(type="expired", account__metric__code="points")
    assert 0 < expired.count() < len(given) - expired.count()
    for date in ("recorded_at", "occurred_at"):
        assert not LedgerEntry.objects.filter(**{f"{date}__gt": timezone.now()}).exists()


def _try_the_app(access: Access) -> None:
    """What the guide says of its last three calls, with what it printed before any was made."""
    app, public = Api(access.token), Api(access.app_key)
    shown = [each["title"] for each in public.get("/api/loyalty/config").json()["data"]["challenges"]]
    assert shown == ["Regular of the week", "Light up the winter", "Look around"]
    action, _, _ = calls(access)[4:]
    body = json.loads(re.search(r"-d '(.*)'$", action)[1])  # type: ignore[index]
    for name in (VIEWED, VIEWED, VIEWED, SHARED):
        assert app.post("/api/loyalty/action", {**body, "action": name}).status_code == 200
    told = [each["title"] for each in app.get("/api/loyalty/notifications").json()["data"]]
    assert told[-1] == "Tea for two"
    assert told.count("You are a regular") == 8, "of each week with two orders and £300"
    assert app.get("/api/loyalty/notifications").json()["data"] == []
    profile = app.get("/api/loyalty/profile").json()["data"]
    assert profile["metrics"] == {"points": 5429 - SPENT, "xp": 34 * 10 + 8 * 100 + 20}
    assert profile["inventory"]["coupons"] == ["tea-for-two"]


def test_the_guide_names_everything_and_seven_calls() -> None:
    text = guide(ACCESS)
    for part in (
        f"{ROOT}/console/",
        f"{ROOT}/docs/",
        "user demo",
        ACCESS.password,
        ACCESS.key,
        ACCESS.app_key,
        "docs/webhooks.md",
        "docs/imports.md",
        "docs/approvals.md",
        "docs/jobs.md",
    ):
        assert part in text
    found = [match[1] for line in text.splitlines() if (match := re.match(r"[^c]*(curl .*)$", line))]
    assert found == list(calls(ACCESS))
    assert text.count("curl ") == 7


def test_the_idempotency_key_differs_with_the_api_key() -> None:
    first, second = (calls(ACCESS._replace(key=key))[0] for key in ("sk_sandbox_aaaaaa", "sk_sandbox_bbbbbb"))
    keys = [re.search(r'"Idempotency-Key: ([^"]+)"', call)[1] for call in (first, second)]  # type: ignore[index]
    assert keys == ["welcome-aaaaaa", "welcome-bbbbbb"]


@pytest.mark.django_db
def test_the_printed_award_is_a_valid_request(api: Api) -> None:
    match = re.search(r"-d '(.*)'$", calls(ACCESS)[0])
    assert match is not None
    answers = [api.post("/v1/points/award", json.loads(match[1]), Idempotency_Key="demo") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1]["Idempotent-Replayed"] == "true"


@pytest.mark.django_db
def test_the_printed_question_for_stamp_cards_is_answered(api: Api, environment: Environment) -> None:
    factories.make_stamp_program(environment, public_id="lp_demo_days")
    path, body = re.search(rf"POST {ROOT}(\S+) .*-d '(.*)'$", calls(ACCESS)[3]).groups()  # type: ignore[union-attr]
    answer = api.post(path, json.loads(body))
    assert answer.status_code == 200
    assert [row["id"] for row in answer.json()["data"]] == ["lp_demo_days"]


@pytest.mark.django_db
def test_a_taken_port_ends_it_before_any_work(monkeypatch: pytest.MonkeyPatch, settings) -> None:
    def refuse(root: Path, port: int) -> None:
        raise serve.Taken(f"Port {port} is taken")

    settings.DEBUG = True
    monkeypatch.setattr(serve, "refuse_if_taken", refuse)
    with pytest.raises(SystemExit, match="Port 8123 is taken"):
        call_command("demo", "--port", "8123")
    assert not Organization.objects.filter(name=shop.ORGANIZATION).exists()


def test_without_debug_it_is_refused(settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG=on"):
        call_command("demo", "--port", "8123")


@pytest.mark.parametrize("port", ["", "0", "65536", "8000x", "-1"])
def test_a_port_is_a_number(port: str) -> None:
    with pytest.raises(CommandError, match="PORT is a number from 1 to 65535"):
        call_command("demo", f"--port={port}")
