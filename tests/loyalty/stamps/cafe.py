"""A café whose purchases stamp cards, and what is stored of that."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import F

from audit.models import AuditEvent
from loyalty.actions.events import Result, record_batch
from loyalty.actions.lowered_thresholds import settle_cards
from loyalty.actions.stamps import enrol, pay_stamp_reward
from loyalty.ledger.checks import violations
from loyalty.models import Member, Stamp, StampCollection, StampReward
from loyalty.queries.events import RecordedEvent, ReportedEvent
from loyalty.queries.stamps import shown_counter
from programs.actions.stamp_programs import save_stamp_program
from programs.models import StampProgram
from tests.factories import PER_POUND, make_actor, make_stamp_program, reload
from tests.loyalty.earning.desk import Desk
from tests.loyalty.ledger.till import day

FIXED: dict[str, Any] = {"reward_kind": "fixed-reward", "reward_amount": 500}


class Standing(NamedTuple):
    """`live`: stamps that are not returned; `rewards`: status and amount, oldest first; `owed` by all of them."""

    live: int
    rewards: list[tuple[str, int]]
    owed: int
    counter: int
    shown: int
    points: int


class Cafe(Desk):
    """One point a pound. Cards take five purchases in GBP and pay back the lowest price, unless told otherwise."""

    def open(self) -> None:
        self.rule("1 point per £1", award=PER_POUND)

    def program(self, **changes: Any) -> StampProgram:
        return make_stamp_program(self.environment, **changes)

    def card(self, *members: str, **changes: Any) -> StampProgram:
        """A stamp program that these members (ada, if none is named) have a card of."""
        made = self.program(**changes)
        for member in members or ("ada",):
            self.join(made, member)
        return made

    def join(self, program: StampProgram, member: str = "ada", **options: Any) -> StampCollection:
        return self.do(enrol, stamp_program=program.public_id, member=member, **options)

    def save(self, program: StampProgram, **changes: Any) -> StampProgram:
        stored = StampProgram.objects.get(pk=program.pk)
        return save_stamp_program(
            environment=reload(self.environment),
            stamp_program=stored,
            actor=make_actor(),
            now=day(self.today),
            changes=changes,
        )

    def pay(self, reward: StampReward, reference: str | None = None, **options: Any) -> StampReward:
        return self.do(pay_stamp_reward, reward=reward.pk, reference=reference, **options)

    def settle(self, limit: int = 200) -> int:
        return self.do(settle_cards, limit=limit)

    def send(self, events: Sequence[ReportedEvent]) -> list[Result]:
        return self.do(record_batch, events=events)

    def buy_many(self, number: int, amount: str = "3.00", first: int = 1, **data: Any) -> list[RecordedEvent]:
        """Purchases `p1`, `p2`, …, one by one."""
        return [self.buy(f"p{place}", amount, **data) for place in range(first, first + number)]

    # -- what is stored

    def collection(self, program: StampProgram, member: str = "ada") -> StampCollection:
        rows = StampCollection.objects.select_related("stamp_program")
        return rows.get(stamp_program=program, member=self.key(member))

    def stamps(self, program: StampProgram, member: str = "ada") -> list[Stamp]:
        """All, the oldest first."""
        return list(Stamp.objects.filter(collection=self.collection(program, member)).order_by("id"))

    def pieces(self, program: StampProgram, member: str = "ada") -> list[tuple[int | None, str]]:
        """Line and price of each stamp that is not returned."""
        stamps = self.stamps(program, member)
        return [(stamp.line, str(stamp.unit_price)) for stamp in stamps if not stamp.returned_at]

    def rewards(self, program: StampProgram, member: str = "ada") -> list[StampReward]:
        """All, the oldest first."""
        rows = StampReward.objects.filter(stamp_program=program, member=self.key(member))
        return list(rows.order_by("id"))

    def standing(self, program: StampProgram, member: str = "ada") -> Standing:
        card, rewards = self.collection(program, member), self.rewards(program, member)
        return Standing(
            live=sum(stamp.returned_at is None for stamp in self.stamps(program, member)),
            rewards=[(str(reward.status), reward.amount) for reward in rewards],
            owed=sum(reward.owed for reward in rewards),
            counter=card.counter,
            shown=shown_counter(card),
            points=self.total(member),
        )

    def audited(self) -> Counter[str]:
        """How often each thing of stamps was audited."""
        rows = AuditEvent.objects.filter(environment_id=self.environment.id, verb__startswith="stamp")
        return Counter(rows.values_list("verb", flat=True))

    def everything(self) -> list[Any]:
        here = self.environment.id
        cards = [
            list(table.objects.filter(environment_id=here).order_by("pk").values())
            for table in (StampCollection, StampReward, Stamp)
        ]
        audited = AuditEvent.objects.filter(environment_id=here).count()
        return [*super().everything(), *cards, audited]

    def check(self) -> None:
        """What holds of every card at any time (domain.md 7)."""
        for card in StampCollection.objects.filter(environment_id=self.environment.id):
            check_card(card)
        assert not (
            Stamp.objects.filter(environment_id=self.environment.id, reward__isnull=False)
            .exclude(reward__collection=F("collection"))
            .exists()
        )


def assert_sound(cafe: Cafe) -> None:
    """What `check_ledger` finds in the whole environment: nothing."""
    assert [str(found) for found in violations(environment=cafe.environment)] == []


def check_card(card: StampCollection) -> None:
    """The counter is the open stamps less the owed ones, and a reward holds its size of live stamps less those
    that it is owed; a revoked one holds none."""
    live = list(Stamp.objects.filter(collection=card, returned_at__isnull=True))
    rewards = list(StampReward.objects.filter(collection=card))
    held = Counter(stamp.reward_id for stamp in live)
    assert card.counter == held[None] - sum(reward.owed for reward in rewards)
    assert not (held[None] and any(reward.owed for reward in rewards))
    for reward in rewards:
        lost = reward.size if reward.status == StampReward.Status.REVOKED else reward.owed
        assert held[reward.pk] == reward.size - lost, reward
    assert len(live) == held[None] + sum(held[reward.pk] for reward in rewards)
    assert Member.objects.filter(pk=card.member_id).exists()


def told(event: RecordedEvent) -> list[dict[str, Any]]:
    """What became of cards, as the event's figures say it."""
    return list((event.event.figures or {}).get("stamps", ()))


def verdicts(event: RecordedEvent) -> list[tuple[str, str, int]]:
    """Outcome, sentence and stamps of each card, as the event's explanation says it."""
    found = (event.event.explanation or {}).get("stamps", ())
    return [(each["outcome"], each["reason"], each["stamps"]) for each in found]
