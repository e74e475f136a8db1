"""One person with a row of every kind that can be theirs, made by the product's own actions.

Every text that a caller can write about them holds the mark, and so do their ids.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import simplejson
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Model, Q
from django.utils import timezone

from audit.models import AuditEvent, WebhookDelivery, WebhookEndpoint, WebhookSequence
from loyalty.actions.approvals import (
    approve_adjustment,
    reject_adjustment,
    request_adjustment,
    withdraw_adjustment,
)
from loyalty.actions.members import update_member
from loyalty.actions.referrals import refer, referral_code_of
from loyalty.actions.stamps import enrol, pay_stamp_reward
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Export, ExportPiece, ItemChange, Member, Referral, StampReward
from loyalty.queries.exports import export_member
from loyalty.queries.families import family_of
from loyalty.queries.members import find_member
from programs.actions.milestones import save_milestone_set
from programs.models import Environment, Metric, MilestoneSet
from tests.conftest import Api
from tests.factories import (
    make_actor,
    make_challenge,
    make_coupon,
    make_key,
    make_ladder,
    make_metric,
    make_stamp_program,
    reload,
    staff_actor,
)
from tests.loyalty.analytics.rolled import roll
from tests.loyalty.ledger.till import day
from tests.loyalty.members.shop import Shop
from tests.loyalty.uploads import look

# Whatever can hold a text: bytes too, and what has no name of its own, as arrays and documents.
_COLUMNS = """
SELECT table_name, column_name, data_type FROM information_schema.columns
JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""


class Person:
    """`ada` is the person, by an id that holds the mark; `zoe` somebody with rows of her own."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.mark = f"mark{uuid4().hex}"
        self.ada = f"ada-{self.mark}"
        self.desk = Shop(environment)
        self.desk.today = (timezone.now() - day(0)) / timedelta(days=1)
        self._configure()
        self._live()
        self.code = str(self.do(referral_code_of, member=self.ada).code)
        roll()

    def do(self, action: Any, **arguments: Any) -> Any:
        return self.desk.do(action, **arguments)

    def key(self, member: str) -> UUID:
        return find_member(environment=self.environment, member=member).pk

    def _configure(self) -> None:
        make_metric(self.environment, "miles")
        make_ladder(self.environment, ("silver", "40", "1"), ("gold", "100000", "1"))
        common = {"caps": [{"per": "day", "points": 500}], "budget": 100_000}
        note = {"field": "member.attributes.note", "op": "exists", "value": True}
        self.desk.rule("pounds", **common)
        self.desk.rule("noted", award={"kind": "fixed", "points": 1}, condition=note)
        other = {"field": "member.attributes.note", "op": "eq", "value": "other"}  # why not: says what it is
        self.desk.rule("other", award={"kind": "fixed", "points": 1}, condition=other)
        self.desk.rule(
            "friends", award={"kind": "referral", "member": 10, "referrer": 20}, caps=common["caps"]
        )
        self.cards = [
            make_stamp_program(self.environment, name=name, threshold=threshold)
            for name, threshold in (("coffee", 2), ("tea", 3))
        ]
        self._challenge()

    def _challenge(self) -> None:
        """One that is complete after a few purchases, and one that one more completes; milestones all along the way."""
        here, points = self.environment, Metric.objects.get(environment=self.environment, code="points")
        coupons = [
            make_coupon(here, id=name, title=name, code_pattern=f"{name.upper()}-########")
            for name in ("scone", "cake")
        ]
        for title, coupon, targets in (("Welcome", coupons[0], [20]), ("Spender", coupons[1], [60, 120])):
            spent = {"event_type": "purchase", "measure": "sum", "field": "data.amount"}
            make_challenge(
                here,
                title=title,
                notification_title=f"{title} is done",
                missions=[{"title": f"Spend {target}", "target": target, **spent} for target in targets],
                rewards=[
                    {"kind": "metric", "metric": points, "quantity": 5},
                    {"kind": "coupon", "item": coupon.item},
                ],
            )
        save_milestone_set(
            environment=here,
            milestone_set=MilestoneSet(environment=here),
            actor=make_actor(),
            changes={"metric": points, "title": "Ladder"},
            milestones=[{"title": str(place), "threshold": place * 50} for place in range(1, 30)],
        )

    def _live(self) -> None:
        desk, mark = self.desk, self.mark
        self.do(referral_code_of, member="eve")
        self._came(self.ada, "eve")
        desk.buy("twins", "9.00", f"twin-{mark}", note=mark)
        desk.do(referral_code_of, member=f"twin-{mark}")
        self._collect()
        desk.merge(f"twin-{mark}", self.ada)
        self.do(update_member, member=self.ada, attributes={"note": f"{mark} attribute"})
        desk.buy("first", "60.00", self.ada, note=f"{mark} data", items=[{"sku": mark}])
        desk.refund("first", "5.00", self.ada, why=f"{mark} refund")
        self._move_points()
        self._ask()
        self._buy_rewards()
        self._told()
        self._listed()
        desk.today += 1
        # Who came through ada: one waits, one is awarded; their own rows name her.
        self._came("cid", self.ada)
        self._came("dan", self.ada)
        desk.buy("dans", "30.00", "dan")
        desk.buy("zoes", "30.00", "zoe")
        desk.redeem("badge", "zoe")

    def _collect(self) -> None:
        """Cards of the person, of who is merged into them, and of whom they are merged into later. One of the
        rewards is paid, one revoked, one is to be paid; the next purchase fills a card."""
        coffee, tea = (program.public_id for program in self.cards)
        for program, member in (
            (coffee, self.ada),
            (tea, self.ada),
            (coffee, f"twin-{self.mark}"),
            (tea, "zoe"),
        ):
            self.do(enrol, stamp_program=program, member=member)
        for number in range(1, 5):
            self.desk.buy(f"cup-{number}", "3.00", self.ada)
        paid = StampReward.objects.filter(member=self.key(self.ada)).order_by("id")[0]
        self.do(pay_stamp_reward, reward=paid.pk, reference=f"{self.mark} voucher")
        self.desk.refund("cup-4", member=self.ada)

    def _came(self, member: str, through: str) -> Referral:
        code = self.do(referral_code_of, member=through).code

        def answer(referral: Referral) -> tuple[int, str]:
            return 201, simplejson.dumps({"referrer": through} if member == "cid" else {"code": code})

        sent = Idempotency("", uuid4().hex, b"f" * 32, answer)
        made: Referral = self.do(refer, member=member, code=code, idempotency=sent)
        return made

    def _move_points(self) -> None:
        mark, ada = self.mark, self.ada
        self.api = Api(make_key(self.environment))
        told = {"reason": f"{mark} reason", "metadata": {"note": f"{mark} metadata"}}
        self.call("points/award", customer_id=ada, points=40, **told)
        spent = self.call("points/redeem", customer_id=ada, points=10, **told)
        self.call(f"transactions/{spent['id']}/reverse", points=4, reason=f"{mark} reversal")
        self.call("points/adjust", customer_id=ada, points=3, reason="goodwill", note=f"{mark} note")
        self.call("holds", customer_id=ada, points=5, **told)
        held = self.call("holds", customer_id=ada, points=6, **told)
        self.call(f"holds/{held['id']}/capture", points=2)
        self.call("points/award", customer_id="bob", points=50)
        for sender, receiver in ((ada, "bob"), ("bob", ada)):
            both = {"from_customer_id": sender, "to_customer_id": receiver}
            self.call("points/transfer", **both, points=7, reason=f"{mark} gift")
        owed = self.call("points/award", customer_id=ada, points=8, metric="miles")
        self.call("points/redeem", customer_id=ada, points=8, metric="miles", reason=f"{mark} miles")
        self.call(f"transactions/{owed['id']}/reverse", reason=f"{mark} owed")

    def _ask(self) -> None:
        """Of a second person: one is approved, one rejected, one withdrawn, one waits."""
        olga, sven = staff_actor("olga"), staff_actor("sven")
        asked = [
            self.do(
                request_adjustment,
                member=self.ada,
                points=points,
                reason="goodwill",
                note=f"{self.mark} asked",
                actor=olga,
            ).pk
            for points in (5, 6, 7, 8)
        ]
        self.do(approve_adjustment, request=asked[0], note=f"{self.mark} granted", actor=sven)
        self.do(reject_adjustment, request=asked[1], note=f"{self.mark} denied", actor=sven)
        self.do(withdraw_adjustment, request=asked[2], note=f"{self.mark} regretted", actor=olga)

    def _told(self) -> None:
        """A webhook of theirs was answered with their name, and will be sent again."""
        project, now = self.environment.project, timezone.now()
        endpoint = WebhookEndpoint.objects.create(
            organization_id=project.organization_id,
            project_id=project.pk,
            environment_id=self.environment.pk,
            url="https://hooks.example/",
            event_types=["*"],
            secret="unread",
            created_at=now,
        )
        event = AuditEvent.objects.filter(member_id=self.key(self.ada)).latest("id")
        same = {"environment_id": self.environment.pk, "member_id": event.member_id}
        WebhookSequence.objects.create(**same, last=1)
        error = f"{self.mark} error"
        WebhookDelivery.objects.create(
            **same,
            endpoint=endpoint,
            event_id=event.pk,
            type=event.verb,
            sequence=1,
            next_attempt_at=now + timedelta(hours=1),
            response=f"{self.mark} answer",
            error=error,
            history=[{"at": "2026-01-01T00:00:00Z", "status": None, "latency_ms": 1, "error": error}],
            created_at=now,
        )

    def _listed(self) -> None:
        """Among others: in a batch and its answer, in a file of codes, in a list that became a file."""
        events = [
            {"event_id": f"batch-{number}", "type": "visit", "member_id": member, "data": {}}
            for number, member in enumerate((self.ada, "zoe"))
        ]
        self.call("events/batch", events=events)
        mug = self.desk.reward("mug")
        look(self.environment, mug, f"code\n{self.made}\n{self.uploaded}\nNEW-CODE-1\n")
        started = Export.objects.create(
            environment=self.environment,
            kind="members",
            query=f"q={self.ada}",
            actor_kind="staff",
            actor_id="olga",
            trace_id="t",
            created_at=timezone.now(),
        )
        ExportPiece.objects.create(export=started, number=0, content=f"member_id\n{self.ada}\n".encode())

    def _buy_rewards(self) -> None:
        """A mug handed out, its code used; one that waits; a voucher that can be used; an item."""
        self.desk.give(400, self.ada)
        used, _, voucher, _ = (self._redeem(name) for name in ("mug", "mug", "voucher", "badge"))
        self.uploaded, self.made = str(used["code"]), str(voucher["code"])
        self.call("redemptions/use", code=used["code"], place=f"{self.mark} place")
        coffee = self._redeem("coffee")
        self.call(f"redemptions/{coffee['id']}/fulfil", note=f"{self.mark} told")
        self.call(f"redemptions/{coffee['id']}/cancel", reason=f"{self.mark} cold")

    def _redeem(self, name: str) -> Any:
        told = {"reason": f"{self.mark} sold", "metadata": {"note": f"{self.mark} mug"}}
        reward = self.desk.reward(name).public_id
        return self.call("points/redeem", customer_id=self.ada, reward_id=reward, **told)

    def call(self, path: str, **body: Any) -> Any:
        answer = self.api.post(f"/v1/{path}", body, Idempotency_Key=uuid4().hex)
        assert answer.status_code in (200, 201), (path, answer.content)
        return answer.json()

    # -- what is stored

    def coupon_codes(self) -> list[str]:
        """Those that came with the person's coupons."""
        rows = ItemChange.objects.filter(member__in=self.family(self.ada), code__isnull=False)
        return [str(row.code) for row in rows]

    def family(self, member: str) -> list[UUID]:
        return list(family_of(self.key(member)).values_list("pk", flat=True))

    def export(self) -> dict[str, Any]:
        return export_member(environment=reload(self.environment), member=self.ada)


def rows_of(model: type[Model], keys: Iterable[UUID]) -> list[Any]:
    """The rows of a model that are about these members, by key."""
    wanted = list(keys)
    if model is Member:
        return list(Member.objects.filter(pk__in=wanted).order_by("pk"))
    sides = Q(member_id__in=wanted)
    if model is Referral:
        sides |= Q(referrer_id__in=wanted)
    return list(model._default_manager.filter(sides).order_by("pk"))


def places_of(text: str) -> list[str]:
    """Each table and column of the database that holds the text anywhere, with how many rows do; also as bytes, and
    packed into a session."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        for table, column, kind in cursor.fetchall():
            holds, sought = f'"{column}"::text LIKE %s', [f"%{text}%"]
            if kind == "bytea":
                holds, sought = f'position(%s::bytea IN "{column}") > 0', [text.encode()]  # type: ignore[list-item]
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {holds}', sought)
            (rows,) = cursor.fetchone()
            if rows:
                found.append(f"{table}.{column}: {rows}")
    sessions = sum(text in str(session.get_decoded()) for session in Session.objects.all())
    return sorted([*found, *([f"django_session: {sessions}"] if sessions else [])])
