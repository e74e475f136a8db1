"""A member's page: challenges with progress, milestones, items and coupons, notifications."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loyalty.actions.merging import merge_members
from loyalty.admin.member_challenges import ChallengesShown, period_words
from loyalty.models import Achievement, ItemChange, Member
from programs.actions.configure import bump_version
from programs.actions.milestones import save_milestone_set
from programs.models import Environment, Metric, MilestoneSet
from tests import factories
from tests.console.challenged import active_week, happened
from tests.console.redeemed import text_of

pytestmark = pytest.mark.django_db


def _page(client: Client, name: str = "ada") -> Any:
    member = Member.objects.get(external_id=name)
    return client.get(reverse("admin:loyalty_member_change", args=[member.pk]))


def _shown(client: Client, name: str = "ada") -> ChallengesShown:
    found: ChallengesShown = _page(client, name).context["challenges"]
    return found


def _bars(shown: ChallengesShown) -> list[tuple[str, str, int, bool]]:
    return [
        (
            one.title,
            f"{one.progress.normalize():f}/{one.target.normalize():f}",
            one.share,
            bool(one.completed_at),
        )
        for row in shown.rows
        for one in row.missions
    ]


def test_progress_completions_gifts_and_notifications_are_shown(
    support: Client, login: Any, environment: Environment
) -> None:
    active_week(environment)
    happened(environment, "visit-1", "visit")
    happened(environment, "walk-1", "walk", km="12.5")
    shown = _shown(support)
    assert _bars(shown) == [("Come three times", "1/3", 33, False), ("Walk 20 km", "12.5/20", 62, False)]
    assert (shown.rows[0].done, shown.rows[0].completed_at, shown.unread) == (0, None, 0)
    assert not any(one.waits for one in shown.rows[0].missions)
    assert "<strong>12.5</strong> of 20" in text_of(_page(support))

    happened(environment, "visit-2", "visit")
    happened(environment, "visit-3", "visit")
    walked = happened(environment, "walk-2", "walk", km="9")
    shown = _shown(support)
    assert _bars(shown) == [("Come three times", "3/3", 100, True), ("Walk 20 km", "20/20", 100, True)]
    assert shown.rows[0].completed_at is not None
    assert [(one.achievement.kind, one.event and one.event.event_id) for one in shown.latest] == [
        ("challenge", "walk-2"),
        ("mission", "walk-2"),
        ("mission", "visit-3"),
    ]
    assert shown.unread == 3
    page = _page(support)
    text = text_of(page)
    assert "3 notifications not fetched yet" in text
    assert f"{reverse('admin:loyalty_event_change', args=[walked.pk])}#why" in text
    code = ItemChange.objects.get(code__isnull=False).code or ""
    assert [(str(one.item), one.quantity, one.codes) for one in page.context["owned"]] == [
        ("Crown", 1, []),
        ("Free tea", 1, [code]),
    ]
    assert code in text
    analyst = text_of(_page(login(environment, "analyst")))
    assert code not in analyst
    assert f"•••••{code[-3:]}" in analyst

    Achievement.objects.update(read_at=timezone.now())
    assert _shown(support).unread == 0
    factories.report(environment, "refund-1", type="refund", member="ada", data={"purchase": "walk-2"})
    page = _page(support)
    assert page.context["owned"] == []
    assert text_of(page).count("Taken back</span>") == 2
    assert _bars(page.context["challenges"])[1] == ("Walk 20 km", "12.5/20", 62, False)


def test_of_a_coupon_got_twice_the_code_goes_that_was_taken_back(
    support: Client, environment: Environment
) -> None:
    coupon = factories.make_coupon(environment, code_pattern="TEA-########").item
    missions = [{"title": "Come", "event_type": "visit", "target": 1}]
    rewards = [{"kind": "coupon", "item": coupon}]
    factories.make_challenge(factories.reload(environment), per="day", missions=missions, rewards=rewards)
    now = timezone.now()
    for name, at in (("yesterday", now - timedelta(days=1)), ("today", now)):
        factories.report(environment, name, type="visit", member="ada", data={}, occurred_at=at)
    codes = list(ItemChange.objects.order_by("id").values_list("code", flat=True))
    (owned,) = _page(support).context["owned"]
    assert (owned.quantity, owned.codes) == (2, codes[::-1])
    factories.report(environment, "refund-1", type="refund", member="ada", data={"purchase": "today"})
    (owned,) = _page(support).context["owned"]
    assert (owned.quantity, owned.codes) == (1, codes[:1])


def test_a_mission_of_a_sequence_waits_for_the_one_before(support: Client, environment: Environment) -> None:
    missions = [
        {"title": title, "event_type": title.lower(), "target": target}
        for title, target in (("A", 1), ("B", 2), ("C", 1))
    ]
    made = factories.make_challenge(environment, mission_order="sequence", missions=missions)
    happened(environment, "a", "a")
    (row,) = _shown(support).rows
    assert [(one.title, one.waits) for one in row.missions] == [("A", False), ("B", False), ("C", True)]
    assert (row.period, row.done) == ("", 1)
    # The next event for C counts, though no job has completed B yet.
    happened(environment, "b", "b")
    made.missions.filter(title="B").update(target=1)
    bump_version(environment)
    (row,) = _shown(support).rows
    assert [(one.title, one.waits) for one in row.missions] == [("A", False), ("B", False), ("C", False)]
    assert row.done == 1


def test_milestones_show_where_a_member_stands_and_what_is_missing(
    support: Client, environment: Environment
) -> None:
    points = Metric.objects.get(environment=environment, code="points")
    for title, thresholds in (("Collector", (100, 500)), ("Starter", (10,)), ("Far", (1000,)), ("Empty", ())):
        save_milestone_set(
            environment=factories.reload(environment),
            milestone_set=MilestoneSet(environment=environment, metric=points),
            actor=factories.make_actor(),
            changes={"title": title},
            milestones=[{"title": f"{title} {one}", "threshold": one} for one in thresholds],
        )
    factories.give(environment, 200)
    rows = {
        row.milestone_set.title: (str(row.here), str(row.following), row.share, row.missing)
        for row in _shown(support).milestones
    }
    assert rows == {
        "Collector": ("Collector 100", "Collector 500", 25, 300),
        "Far": ("None", "Far 1000", 20, 800),
        "Starter": ("Starter 10", "None", 100, 0),
    }
    text = text_of(_page(support))
    assert "300 more for Collector 500" in text
    assert "there is no higher one" in text


def test_a_survivor_shows_the_codes_of_who_was_merged_and_a_tombstone_nothing(
    support: Client, environment: Environment
) -> None:
    active_week(environment)
    for number in range(3):
        happened(environment, f"visit-{number}", "visit")
    happened(environment, "walk", "walk", km="20")
    factories.give(environment, 5, "bob")
    merge_members(
        environment=factories.reload(environment),
        member="ada",
        into="bob",
        reason="one person",
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    page = _page(support, "bob")
    owned = {str(one.item): one.codes for one in page.context["owned"]}
    assert owned == {"Crown": [], "Free tea": [ItemChange.objects.get(code__isnull=False).code]}
    assert len(page.context["challenges"].latest) == 3
    gone = _page(support, "ada")
    assert (gone.context["challenges"], gone.context["owned"]) == (None, [])


def test_the_past_shows_no_challenges_of_now(support: Client, environment: Environment) -> None:
    active_week(environment)
    happened(environment, "visit-1", "visit")
    member = Member.objects.get(external_id="ada")
    url = reverse("admin:loyalty_member_change", args=[member.pk])
    then = (timezone.now() - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S")
    assert support.get(f"{url}?as_of={then}").context["challenges"] is None


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("ever", ""),
        ("day:2026-11-21", "21 Nov 2026"),
        ("week:2026-11-16", "week of 16 Nov 2026"),
        ("month:2026-11", "November 2026"),
        ("year:x", "year:x"),
    ],
)
def test_periods_in_words(period: str, words: str) -> None:
    assert period_words(period) == words
