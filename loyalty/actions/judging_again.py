"""A purchase minus its refunds is judged again, by the revisions and facts of then (domain.md 3.5)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty.actions.purchases import Purchase
from loyalty.actions.sitting import Sitting
from loyalty.models import Event
from loyalty.queries.rules import revisions_of
from loyalty.rules import refunds as rules
from loyalty.rules.earning import Evaluation, evaluate
from loyalty.rules.kept import from_json
from loyalty.rules.refunds import Net, Refund
from programs.awards import PerAmountAward
from programs.conditions import Facts

_NOTHING = Evaluation((), (), ())


def net_of(sitting: Sitting, purchase: Purchase, refunds: Sequence[Refund]) -> Net:
    """The purchase minus these refunds; by money alone, where it can't be judged again."""
    bought = purchase.event
    if not can_be_judged(bought):
        known = sum((each.amount or Decimal(0) for each in refunds), Decimal(0))
        whole = bought.amount is None or known >= bought.amount
        return Net(None, bought.amount, None if bought.amount is None or whole else bought.amount - known)
    awards = [rule.award for rule in revisions_of(sitting.config, _revisions(bought))]
    fields = {award.field for award in awards if isinstance(award, PerAmountAward)}
    return rules.net_of(bought.data, bought.amount, refunds, fields - {"data.amount"})


def is_whole(net: Net) -> bool:
    """Whether nothing is left of the purchase."""
    return net.data is None and not net.amount


def can_be_judged(bought: Event) -> bool:
    """False once retention has erased its lines, or what the rules knew."""
    return bought.data is not None and bought.facts is not None


def _revisions(bought: Event) -> list[UUID]:
    """The revisions that judged it."""
    kept = (bought.facts or {}).get("revisions")
    if kept is None:  # recorded before they were kept with the facts
        kept = [verdict["revision_id"] for verdict in (bought.explanation or {}).get("verdicts", ())]
    return [UUID(key) for key in kept]


def judge_again(sitting: Sitting, purchase: Purchase, net: Net) -> Evaluation:
    """What the net purchase earns, by the revisions and facts of then."""
    bought = purchase.event
    if net.data is None:
        return _NOTHING
    return evaluate(
        facts_then(sitting, bought, net.data),
        revisions_of(sitting.config, _revisions(bought)),
        from_json(bought.facts or {}, referred=purchase.referral is not None),
    )


def facts_then(sitting: Sitting, bought: Event, data: dict[str, Any]) -> Facts:
    """What was known when the purchase was made, with these data."""
    facts = bought.facts or {}
    return Facts(
        event_type=bought.type,
        occurred_at=bought.occurred_at,
        time_zone=sitting.config.time_zone,
        data=data,
        attributes=facts.get("attributes", {}),
        age_days=facts.get("age_days"),
        event_counts=facts.get("event_counts", {}),
    )
