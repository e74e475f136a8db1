"""Rewards as people read them: a sentence, each part of it, and the card that members see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count
from uuid import UUID

from django.utils import timezone

from programs.admin.tables import Row
from programs.awards.words import noun_of
from programs.code_patterns import fill, pattern_fault
from programs.conditions import ConditionError, describe
from programs.conditions.values import plain
from programs.conditions.words import money
from programs.models import Challenge, Environment, Metric, Reward, StampProgram, Tier

Titles = Mapping[str, str]
"""The titles of a program's tiers by their codes."""

_ICONS = {
    "discount": "sell",
    "free_product": "redeem",
    "content_access": "lock_open",
    "early_access": "schedule",
    "tier_upgrade": "stairs",
    "cashback": "payments",
    "metric": "token",
    "inventory_item": "inventory_2",
    "custom": "star",
}


@dataclass(frozen=True, slots=True)
class Stock:
    """How many are `left` of `stock` (None: no limit), and how many are `taken`."""

    left: int | None = None
    stock: int | None = None
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """A reward as members see it."""

    name: str
    description: str
    icon: str
    picture: str | None
    value: str
    cost: str
    conditions: list[str] = field(default_factory=list)
    tiers: list[tuple[str, str]] = field(default_factory=list)


def sentence_of(reward: Reward, titles: Titles, stock: Stock | None = None) -> str:
    """ "200 points, 150 for Gold, buy £10 off; once a month; 37 of 100 left."; instants in the current zone."""
    parts = [
        _deed(reward, titles),
        limit_words(reward),
        eligibility_words(reward),
        window_words(reward),
        code_words(reward),
        "handed out by your staff" if reward.fulfilment == Reward.Fulfilment.MANUAL else "",
        stock_words(stock),
    ]
    said = "; ".join(filter(None, parts))
    return f"{said[:1].upper()}{said[1:]}."


def card_of(reward: Reward, titles: Titles, stock: Stock | None, picture: str | None) -> Card:
    """What a member without a tier sees, with what members of tiers pay instead."""
    conditions = [limit_words(reward), window_words(reward), stock_words(stock)]
    return Card(
        name=reward.name or "The name",
        description=reward.description,
        icon=icon_of(reward),
        picture=picture,
        value=value_words(reward),
        cost=_base_cost(reward),
        conditions=[_capital(words) for words in conditions if words],
        tiers=[(title, points_words(points, reward.metric)) for title, points in _by_tier(reward, titles)],
    )


def rows_of_reward(reward: Reward, titles: Titles, stock: Stock) -> list[Row]:
    """The reward part by part, for who may only read it."""
    rows = {
        "Name": reward.name,
        "Description": reward.description,
        "Program": reward.program.name,
        "Kind": kind_words(reward),
        "Cost": cost_words(reward, titles),
        "Who may have it": eligibility_words(reward) or "everybody",
        "How often": limit_words(reward) or "as often as they like",
        "When": window_words(reward) or "always",
        "Code": code_words(reward) or "none",
        "Handed out": reward.get_fulfilment_display().lower(),
        "Stock": stock_words(stock) or "no limit",
    }
    return [Row(name, value or "–") for name, value in rows.items()]


def obstacles(reward: Reward, stock: Stock, has_codes: bool, now: datetime) -> list[str]:
    """Why no member can have it now, apart from its status; each a sentence."""
    program = reward.program
    found: list[str] = []
    if reward.status == Reward.Status.ARCHIVED:
        return found
    if program.status != "active":
        found.append(
            f"Its program {program} is {program.get_status_display().lower()}: nobody can redeem it."
        )
    if reward.starts_at and now < reward.starts_at:
        found.append(f"It can be redeemed {_from(reward.starts_at)}.")
    if reward.ends_at and now >= reward.ends_at:
        found.append(f"It ended on {_moment(reward.ends_at)}: give it a later end to offer it again.")
    if stock.left == 0:
        found.append("All of them are taken: raise the stock to offer more.")
    if reward.code_source == Reward.CodeSource.POOL and not has_codes:
        found.append("No code is left: members are told that it is out of stock until you upload codes.")
    return found


def icon_of(reward: Reward) -> str:
    """The name of the symbol that stands for its kind."""
    return _ICONS.get(reward.kind, "star")


def tier_titles(environment: Environment) -> dict[UUID, dict[str, str]]:
    """Of each program the titles of its tiers by their codes, lowest first; one statement."""
    found: dict[UUID, dict[str, str]] = {}
    for tier in Tier.objects.filter(environment=environment).select_related("ladder"):
        found.setdefault(tier.ladder.program_id, {})[tier.code] = tier.title
    return found


def points_words(points: int, metric: Metric) -> str:
    """ "1 point", "1,500 points"; "Free" of none."""
    return f"{points:,} {noun_of(points, metric.title)}" if points else "Free"


def cost_words(reward: Reward, titles: Titles) -> str:
    """ "200 points, 150 for Gold", "500 to 5,000 points in steps of 500"."""
    by_tier = [f"{points:,} for {title}" for title, points in _by_tier(reward, titles)]
    return ", ".join([_base_cost(reward), *by_tier])


def value_words(reward: Reward) -> str:
    """What it gives: "£10 off", "5% off", "£5 to £50 back", "50 XP", "the tier Gold"; else what it is called."""
    if reward.cost_kind == Reward.CostKind.VARIABLE and reward.value_per_point:
        return _variable_value(reward, reward.value_per_point)
    if reward.discount_percent is not None:
        return f"{percent_words(reward.discount_percent)} {_after_money(reward)}".strip()
    if reward.discount_amount is not None:
        return f"{money_words(reward.discount_amount, reward.currency)} {_after_money(reward)}".strip()
    if reward.gives_metric and reward.gives_points:
        return f"{reward.gives_points:,} {noun_of(reward.gives_points, reward.gives_metric.title)}"
    if reward.gives_tier:
        return f"the tier {reward.gives_tier.title}"
    return str(reward.gives_item.title if reward.gives_item else reward.name or reward.get_kind_display())


def money_words(amount: Decimal, currency: str) -> str:
    """ "£10", "£1,000.50", "NGN 500"; the number alone without a currency."""
    return money(amount, currency) if currency else plain(amount)


def percent_words(percent: Decimal) -> str:
    """ "10%", "7.5%"."""
    return f"{plain(percent)}%"


def kind_words(reward: Reward) -> str:
    """Its kind and, where that says more, what it gives: "Discount: £10 off"."""
    value = value_words(reward)
    kind = reward.get_kind_display()
    return kind if value in (reward.name, kind) else f"{kind}: {value}"


def limit_words(reward: Reward) -> str:
    """ "once a month", "3 times for each member"; empty without a limit."""
    if not reward.limit_times:
        return ""
    times = {1: "once", 2: "twice"}.get(reward.limit_times, f"{reward.limit_times:,} times")
    per = "for each member" if reward.limit_per == Reward.Per.EVER else f"a {reward.limit_per}"
    return f"{times} {per}"


def eligibility_words(reward: Reward) -> str:
    """The condition in words, or what is wrong with it; empty without one."""
    try:
        return f"only where {describe(reward.condition)}" if reward.condition else ""
    except ConditionError as error:
        return str(error)


def window_words(reward: Reward | StampProgram | Challenge) -> str:
    """ "from 1 Nov 2026 until 1 Dec 2026, 12:00"; empty without a window."""
    begin = _from(reward.starts_at) if reward.starts_at else ""
    end = f"until {_moment(reward.ends_at)}" if reward.ends_at else ""
    return " ".join(filter(None, [begin, end]))


def code_words(reward: Reward) -> str:
    """ "with a code such as REDEEM-7KQ2M9XF, valid for 30 days"; empty of none."""
    if reward.code_source == Reward.CodeSource.NONE:
        return ""
    example = example_code(reward.code_pattern)
    code = "one of your codes" if reward.code_source == Reward.CodeSource.POOL else "a code"
    such = f" such as {example}" if example and reward.code_source == Reward.CodeSource.GENERATED else ""
    days = reward.code_valid_days
    valid = f", valid for {days:,} day{'' if days == 1 else 's'}" if days else ""
    return f"with {code}{such}{valid}"


def example_code(pattern: str) -> str:
    """A code of the pattern, always the same one; empty where the pattern is faulty."""
    turns = count(5)
    return "" if pattern_fault(pattern) else fill(pattern, lambda most: next(turns) * 11 % most)


def stock_words(stock: Stock | None) -> str:
    """ "37 of 100 left", "none of 100 left"; empty without a limit."""
    if stock is None or stock.stock is None or stock.left is None:
        return ""
    return f"{f'{stock.left:,}' if stock.left else 'none'} of {stock.stock:,} left"


def _deed(reward: Reward, titles: Titles) -> str:
    value = value_words(reward)
    cost = cost_words(reward, titles)
    if cost == "Free":
        return f"{value} for nothing"
    is_one = cost.startswith("1 ") and "," not in cost
    rate = ""
    if reward.cost_kind == Reward.CostKind.VARIABLE and reward.value_per_point:
        rate = f", {_rate(reward, reward.value_per_point)} for each"
    comma = "," if "," in cost.removeprefix(_base_cost(reward)) else ""
    return f"{cost}{comma} {'buys' if is_one else 'buy'} {value}{rate}"


def _base_cost(reward: Reward) -> str:
    if reward.cost_kind == Reward.CostKind.VARIABLE:
        low, high, step = reward.min_points or 0, reward.max_points or 0, reward.step_points or 1
        steps = f" in steps of {step:,}" if step > 1 else ""
        return f"{low:,} to {points_words(high, reward.metric)}{steps}"
    if reward.points is None:  # not filled in yet
        return f"… {noun_of(2, reward.metric.title)}"
    return points_words(reward.points, reward.metric)


def _by_tier(reward: Reward, titles: Titles) -> list[tuple[str, int]]:
    """In the order of the tiers; one that the ladder has no more comes last, by its code."""
    costs = reward.tier_points or {}
    codes = [*(code for code in titles if code in costs), *(code for code in costs if code not in titles)]
    return [(titles.get(code, code), costs[code]) for code in codes if isinstance(costs[code], int)]


def _variable_value(reward: Reward, rate: Decimal) -> str:
    low, high = (Decimal(points or 0) * rate for points in (reward.min_points, reward.max_points))
    if reward.kind == Reward.Kind.METRIC and reward.gives_metric:
        return f"{int(low):,} to {int(high):,} {noun_of(int(high), reward.gives_metric.title)}"
    return f"{money_words(low, reward.currency)} to {money_words(high, reward.currency)} {_after_money(reward)}".strip()


def _rate(reward: Reward, rate: Decimal) -> str:
    if reward.kind == Reward.Kind.METRIC and reward.gives_metric:
        return f"{plain(rate)} {noun_of(rate, reward.gives_metric.title)}"
    return money_words(rate, reward.currency)


def _after_money(reward: Reward) -> str:
    return {Reward.Kind.DISCOUNT: "off", Reward.Kind.CASHBACK: "back"}.get(Reward.Kind(reward.kind), "")


def _from(at: datetime) -> str:
    return f"from {_moment(at)}"


def _moment(at: datetime) -> str:
    """A minute, or a day where it is midnight."""
    local = timezone.localtime(at)
    day = f"{local.day} {local:%b %Y}"
    return day if (local.hour, local.minute) == (0, 0) else f"{day}, {local:%H:%M}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
