"""Find a member, transaction, redemption, stamp card, event, rule, challenge or coupon by its id, code or title, from
anywhere in the console."""

from typing import NamedTuple
from uuid import UUID

from django.db.models import Model, Q

from audit.ids import parse_public, public
from loyalty.models import Event, Hold, LedgerEntry, Member, Redemption, StampReward
from loyalty.queries.members import members_beginning, members_saying
from loyalty.queries.redemptions import redemptions_of
from loyalty.queries.stamps import collections_of, rewards_of, stamp_programs_of
from loyalty.queries.webhook_lists import all_endpoints_of, deliveries_of
from loyalty.queries.windows import ENTRY, EVENT, Windows, windows_of, within
from programs.models import (
    Challenge,
    Coupon,
    EarningRule,
    Environment,
    InventorySet,
    Metric,
    MilestoneSet,
    Program,
    Reward,
    StampProgram,
)

SHOWN_OF_EACH = 8
"""Rows of one kind, where the term may name several."""


class Hit(NamedTuple):
    """A row found; `noun` and `key` name its console page."""

    title: str
    description: str
    noun: str
    key: UUID
    icon: str


def find_anything(*, environment: Environment, term: str) -> list[Hit]:
    """What the term names: an exact transaction, hold, redemption, stamp, webhook or event id, a code that was
    issued, members whose id begins with it or whose e-mail address it is; whatever is configured and has it in its
    title, or for its id. Bounded in rows and statements; members and history by indexes alone."""
    if not term or len(term) > 200 or "\x00" in term:
        return []
    windows = windows_of(environment)
    return [
        *_transactions(environment, term, windows),
        *_holds(environment, term),
        *_redemptions(environment, term),
        *_stamps(environment, term),
        *_events(environment, term, windows),
        *_members(environment, term),
        *_rules(environment, term),
        *_challenges(environment, term),
        *_coupons(environment, term),
        *_named(environment, term),
        *_webhooks(environment, term),
    ]


def _transactions(environment: Environment, term: str, windows: Windows | None) -> list[Hit]:
    key = parse_public("txn", term)
    rows = (
        LedgerEntry.objects.filter(pk=key, environment_id=environment.pk)
        if key
        else LedgerEntry.objects.none()
    )
    return [
        Hit(public("txn", row.pk), f"{row} · transaction", "loyalty_ledgerentry", row.pk, "receipt_long")
        for row in within(rows, windows, ENTRY)
    ]


def _holds(environment: Environment, term: str) -> list[Hit]:
    key = parse_public("hold", term)
    rows = Hold.objects.filter(pk=key, environment_id=environment.pk) if key else []
    return [Hit(public("hold", row.pk), f"{row} · hold", "loyalty_hold", row.pk, "lock") for row in rows]


def _redemptions(environment: Environment, term: str) -> list[Hit]:
    """By `red_` id, or by the code, as it may be typed."""
    key = parse_public("red", term)
    by_id = redemptions_of(environment=environment).filter(pk=key) if key else []
    by_code = redemptions_of(environment=environment, code=term)[:SHOWN_OF_EACH]
    return [_redemption(public("red", row.pk), row) for row in by_id] + [
        _redemption(str(row.issued_code), row) for row in by_code
    ]


def _redemption(title: str, row: Redemption) -> Hit:
    described = f"{row.name} of {row.member} · {row.get_status_display().lower()} redemption"
    return Hit(title, described, "loyalty_redemption", row.pk, "redeem")


def _stamps(environment: Environment, term: str) -> list[Hit]:
    """By `lp_`, `sc_` or `sr_` id, or what full cards gave by the reference of its payment; one statement."""
    if term.startswith("lp_"):
        programs = stamp_programs_of(environment).filter(public_id=term)
        return [
            Hit(term, f"{row} · stamp program", "programs_stampprogram", row.pk, "approval")
            for row in programs
        ]
    if key := parse_public("sc", term):
        cards = collections_of(environment=environment).filter(pk=key)
        named = [(row, f"{row.stamp_program} of {row.member} · stamp card") for row in cards]
        return [Hit(term, words, "loyalty_stampcollection", row.pk, "how_to_reg") for row, words in named]
    rewards = rewards_of(environment=environment)
    if key := parse_public("sr", term):
        return [_reward(term, row) for row in rewards.filter(pk=key)]
    # Not in order: a reference that is given to many is found by its index, and so many of them read.
    return [
        _reward(public("sr", row.pk), row)
        for row in rewards.filter(reference=term).order_by()[:SHOWN_OF_EACH]
    ]


def _reward(title: str, row: StampReward) -> Hit:
    paid = f" · paid as {row.reference}" if row.reference else ""
    described = f"{row} for {row.member} · stamp reward{paid}"
    return Hit(title, described, "loyalty_stampreward", row.pk, "workspace_premium")


def _events(environment: Environment, term: str, windows: Windows | None) -> list[Hit]:
    rows = Event.objects.filter(environment_id=environment.pk, event_id=term).defer("data", "explanation")
    rows = within(rows, windows, EVENT)
    return [Hit(row.event_id, f"{row.type} · event", "loyalty_event", row.pk, "bolt") for row in rows]


def _members(environment: Environment, term: str) -> list[Hit]:
    """By an attribute such as an e-mail address, and by the beginning of their id."""
    told = members_saying(environment, term, SHOWN_OF_EACH)
    rows = members_beginning(Member.objects.filter(environment=environment), term)[:SHOWN_OF_EACH]
    keys = {row.pk for row in told}
    found = [*told, *(row for row in rows if row.pk not in keys)]
    return [Hit(str(row), f"{_state(row)} member", "loyalty_member", row.pk, "person") for row in found]


def _state(member: Member) -> str:
    return "Merged" if member.redirect_to_id else member.get_status_display()


def _rules(environment: Environment, term: str) -> list[Hit]:
    rows = EarningRule.objects.filter(environment=environment, name__icontains=term)
    return [
        Hit(row.name, f"{row.get_status_display()} earning rule", "programs_earningrule", row.pk, "rule")
        for row in rows[:SHOWN_OF_EACH]
    ]


def _challenges(environment: Environment, term: str) -> list[Hit]:
    rows = Challenge.objects.filter(environment=environment)
    try:
        rows = rows.filter(public_id=UUID(term))
    except ValueError:
        rows = rows.filter(title__icontains=term)
    return [
        Hit(row.title, f"{row.get_status_display()} challenge", "programs_challenge", row.pk, "flag")
        for row in rows[:SHOWN_OF_EACH]
    ]


def _coupons(environment: Environment, term: str) -> list[Hit]:
    named = Q(item__public_id=term) | Q(item__title__icontains=term)
    rows = Coupon.objects.filter(named, environment=environment).select_related("item")
    return [
        Hit(row.item.title, f"{row.item.public_id} · coupon", "programs_coupon", row.pk, "sell")
        for row in rows[:SHOWN_OF_EACH]
    ]


# What else the tenant has named: its title's column, whether it has an id that calls use, and its icon.
_NAMED: tuple[tuple[type[Model], str, bool, str], ...] = (
    (Program, "name", True, "loyalty"),
    (Metric, "title", False, "token"),
    (Reward, "name", True, "redeem"),
    (StampProgram, "name", False, "approval"),
    (MilestoneSet, "title", False, "landscape"),
    (InventorySet, "title", False, "inventory_2"),
)


def _named(environment: Environment, term: str) -> list[Hit]:
    """Configuration whose title has the term, or whose id it is; a statement for each kind."""
    found = []
    for model, column, has_id, icon in _NAMED:
        named = Q(**{f"{column}__icontains": term})
        if has_id:
            named |= Q(public_id=term)
        noun = f"{model._meta.app_label}_{model._meta.model_name}"
        rows = model._default_manager.filter(named, environment=environment)[:SHOWN_OF_EACH]
        found += [Hit(str(row), str(model._meta.verbose_name), noun, row.pk, icon) for row in rows]
    return found


def _webhooks(environment: Environment, term: str) -> list[Hit]:
    """By `whe_` or `whd_` id; no statement for any other term."""
    if key := parse_public("whe", term):
        endpoints = all_endpoints_of(environment).filter(pk=key)
        return [
            Hit(term, f"{row} · webhook endpoint", "audit_webhookendpoint", row.pk, "webhook")
            for row in endpoints
        ]
    key = parse_public("whd", term)
    deliveries = deliveries_of(environment).filter(pk=key) if key else []
    return [
        Hit(term, f"{row.type} · webhook delivery", "audit_webhookdelivery", row.pk, "outgoing_mail")
        for row in deliveries
    ]
