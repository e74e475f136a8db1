"""Under any interleaving: a challenge is completed once, its rewards are given once, and what is told is told once.
After each of these `check_ledger` finds nothing (conftest)."""

from collections import Counter
from hashlib import sha256

from loyalty.actions.events import record_event
from loyalty.actions.notifications import fetch_notifications
from loyalty.errors import Replay
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Achievement
from loyalty.queries.events import RecordedEvent
from tests.factories import reload
from tests.loyalty.challenges.camp import Camp
from tests.loyalty.challenges.telling import done, rewards
from tests.loyalty.ledger.till import day
from tests.loyalty.redemptions.racing import Together, flat, outcomes

DONE = [("mission", "Come twice"), ("challenge", "Regular")]


def report(camp: Camp, event_id: str, key: str | None = None, member: str = "ada") -> RecordedEvent | None:
    """None: it was answered as before, by its Idempotency-Key."""
    fingerprint = sha256(event_id.encode()).digest()
    idempotency = Idempotency("tests", key, fingerprint, lambda _: (201, "")) if key else None
    try:
        return camp.do(
            record_event, event_id=event_id, type="visit", member=member, data={}, idempotency=idempotency
        )
    except Replay:
        return None


def test_sixteen_threads_report_the_last_missing_action(open_field: Camp, together: Together) -> None:
    camp = open_field
    camp.challenge(rewards=[camp.points(50), camp.prize()], notification_display="popup")
    report(camp, "first")
    results = together(lambda number: report(camp, f"last-{number}", f"k{number}"))
    assert outcomes(results) == {"done": 16}
    assert Counter(len(done(each)) for each in results) == {0: 15, 2: 1}
    (winner,) = (each for each in results if done(each))
    assert (done(winner), rewards(winner)[0]) == (DONE, ("points", 50, 50))
    assert (camp.total(), camp.items_of(), camp.progress_of()) == (
        50, {"Badge": 1}, {("Come twice", "ever"): 17},
    )  # fmt: skip
    assert (camp.live(), len(camp.achievements())) == (["Come twice", "Regular"], 2)
    again = together(lambda number: report(camp, f"last-{number}", f"k{number}"))
    assert again == [None] * 16
    assert (camp.total(), camp.items_of(), len(camp.achievements())) == (50, {"Badge": 1}, 2)
    assert camp.audited()["challenge.completed"] == camp.audited()["mission.completed"] == 1
    told = flat(together(lambda _: fetched(camp)))
    assert Counter(told) == {"missionCompleted": 1, "challengeCompleted": 1}


def fetched(camp: Camp) -> list[str]:
    """The types of what one device is told."""
    told = fetch_notifications(environment=reload(camp.environment), member="ada", now=day(camp.today))
    return [each.line.type for each in told]


def test_one_action_by_eight_threads_counts_once_also_for_somebody_new(
    open_field: Camp, together: Together
) -> None:
    camp = open_field
    camp.challenge(
        missions=[{"title": "Come", "event_type": "visit", "target": 1}], rewards=[camp.points(50)]
    )
    results = together(lambda number: report(camp, "one", f"key-{number % 2}", "eve"), 8)
    assert outcomes(results) == {"done": 8}
    assert Counter(each.duplicate for each in results if each) == {False: 1, True: 1}
    assert all(len(done(each)) == 2 for each in results if each)
    assert (camp.total("eve"), camp.progress_of("eve")) == (50, {("Come", "ever"): 1})


def test_actions_and_refunds_at_once_leave_what_is_left(open_field: Camp, together: Together) -> None:
    camp = open_field
    camp.challenge(rewards=[camp.points(50), camp.prize()])
    for number in range(4):
        report(camp, f"v{number}")
    results = together(
        lambda n: camp.refund(f"v{n}", event_id=f"r{n}") if n < 4 else report(camp, f"w{n % 6}"), 8
    )
    assert outcomes(results) == {"done": 8}
    left = sum(each for each in camp.progress_of().values())
    live = Achievement.objects.filter(member=camp.key("ada"), revoked_at=None).count()
    assert (left, live, camp.total(), camp.items_of()) == (4, 2, 50, {"Badge": 1})


def test_the_last_actions_of_two_missions_at_once_complete_the_challenge(
    open_field: Camp, together: Together
) -> None:
    camp = open_field
    two = [{"title": title, "event_type": title, "target": 8} for title in ("visit", "post")]
    camp.challenge(missions=two)

    def one(number: int) -> RecordedEvent:
        kind = ("visit", "post")[number % 2]
        return camp.do(record_event, event_id=f"e{number}", type=kind, member="ada", data={})

    results = together(one)
    assert outcomes(results) == {"done": 16}
    assert Counter(kind for each in results for kind, _ in done(each)) == {"mission": 2, "challenge": 1}
    assert camp.total() == 50
