"""The form of a stamp program, and cards with stamps, for the console's tests."""

from typing import Any

from django.utils import timezone

from loyalty.actions.events import record_event
from loyalty.models import Event, StampReward
from programs.models import Environment, Program, StampProgram
from tests import factories

PAGE = "/console/programs/stampprogram"


def stamp_form(environment: Environment, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Coffee Rewards",
        "program": str(Program.objects.get(environment=environment).pk),
        "threshold": "5",
        "stamps_per": "purchase",
        "condition": "{}",
        "item_where": "{}",
        "currency": "gbp",
        "reward_kind": "refund",
        "title": "Buy 5, Get 1 Free",
    } | changes


def stored_form(stamp_program: StampProgram, **changes: Any) -> dict[str, Any]:
    """The form of a stored one as the browser sends it back: program and currency are fixed."""
    sent = stamp_form(stamp_program.environment, threshold=str(stamp_program.threshold))
    return {name: value for name, value in sent.items() if name not in ("program", "currency")} | changes


def change_url(stamp_program: StampProgram) -> str:
    return f"{PAGE}/{stamp_program.pk}/change/"


def purchase(environment: Environment, event_id: str, member: str = "ada", amount: str = "3.20") -> Event:
    return _record(environment, event_id, "purchase", member, {"amount": amount})


def refund(environment: Environment, purchase_id: str, member: str = "ada", amount: str = "3.20") -> Event:
    data = {"purchase": purchase_id, "amount": amount}
    return _record(environment, f"refund-{purchase_id}", "refund", member, data)


def _record(environment: Environment, event_id: str, kind: str, member: str, data: dict[str, Any]) -> Event:
    return record_event(
        environment=factories.reload(environment),
        event_id=event_id,
        type=kind,
        member=member,
        data=data,
        actor=factories.make_actor(),
        now=timezone.now(),
    ).event


def full_card(environment: Environment, member: str = "ada", **changes: Any) -> StampReward:
    """What a card of two stamps gave, of a program of its own unless `stamp_program` names one; read anew."""
    program = changes.pop("stamp_program", None) or factories.make_stamp_program(
        factories.reload(environment), threshold=2, **changes
    )
    factories.make_card(environment, program, member)
    for number in (1, 2):
        purchase(environment, f"{member}-{program.public_id[-6:]}-{number}", member)
    rows = StampReward.objects.select_related("member", "stamp_program", "collection")
    return rows.get(stamp_program=program, member__external_id=member)
