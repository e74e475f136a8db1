"""Awards and whole rules in words, for the console (console.md).

"Purchases of £50 or more on weekends earn 2 points per £1, at most 500 a day."
"""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from programs.conditions import Condition, describe, parse
from programs.conditions.compiling import group
from programs.conditions.fields import Root
from programs.conditions.nodes import Group, Leaf, Node
from programs.conditions.values import number, plain
from programs.conditions.words import is_money, label, listed, money, sentence
from programs.limits import cap_in_words, days_in_words, parse_caps, parse_schedule, schedule_in_words

from .kinds import FixedAward, MultiplierAward, PerAmountAward, PerItemAward, ReferralAward
from .parsing import parse_award


def describe_award(raw: object, metric_title: str, currency: str | None = None) -> str:
    """The award in words: "100 points", "2 points per 1", with a currency "2 points per £1",
    and of another field than money "3 points per 5 of distance". Raises AwardError."""
    award = parse_award(raw)
    match award:
        case FixedAward():
            return _counted(Decimal(award.points), metric_title)
        case PerAmountAward():
            return _per_amount(award, metric_title, currency)
        case PerItemAward():
            return _per_item(award, metric_title, currency)
        case MultiplierAward():
            return f"{_noun(metric_title)} times {plain(award.factor)}"
        case ReferralAward():
            return listed(_sides(award, metric_title), "and")


def describe_rule(
    event_type: str,
    condition: object,
    award: object,
    metric_title: str,
    currency: str | None = None,
    *,
    caps: object = None,
    schedule: object = None,
    budget: int | None = None,
    exclusive_group: str = "",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    zone: tzinfo | None = None,
) -> str:
    """A whole rule as a sentence: "Purchases of 50 or more on weekends earn 2 points per 1, at most 500
    a day." Instants show in `zone`, else as they come. Raises FaultyConfigurationError, whatever is bad."""
    where = _which(parse(condition), currency)
    when = schedule_in_words(parse_schedule(schedule))
    window = _window(starts_at, ends_at, zone)
    caps_ = [cap_in_words(cap, _unit(award)) for cap in parse_caps(caps)]
    subject = " ".join(filter(None, [_events(event_type), where, when, window]))
    limits = [*caps_, f"until {budget} are given to all members together"] if budget else caps_
    said = ", ".join([f"{subject} {_deed(award, metric_title, currency)}", *limits])
    best = f"; of the group {exclusive_group} the best alone is applied" if exclusive_group else ""
    return f"{said}{best}."


def describe_definition(
    definition: Mapping[str, Any],
    metric_title: str,
    currency: str | None = None,
    *,
    zone: tzinfo | None = None,
) -> str:
    """The sentence of a revision's definition, of an old one too. Raises FaultyConfigurationError."""
    return describe_rule(
        definition["event_type"],
        definition["condition"],
        definition["award"],
        metric_title,
        currency,
        caps=definition.get("caps"),
        schedule=definition.get("schedule"),
        budget=definition.get("budget"),
        exclusive_group=definition.get("exclusive_group") or "",
        starts_at=_instant(definition.get("starts_at")),
        ends_at=_instant(definition.get("ends_at")),
        zone=zone,
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


# -- what the rule gives


def _deed(raw: object, title: str, currency: str | None) -> str:
    """What the events do: "earn 100 points each"."""
    award = parse_award(raw)
    if isinstance(award, MultiplierAward):
        return f"multiply the {_noun(title)} earned by {plain(award.factor)}"
    if isinstance(award, ReferralAward):
        return f"give {listed(_sides(award, title), 'and')}, once"
    each = " each" if isinstance(award, FixedAward) else ""
    return f"earn {describe_award(raw, title, currency)}{each}"


def _unit(raw: object) -> str:
    """What a cap in points counts, beside the award that it follows."""
    return "extra" if isinstance(parse_award(raw), MultiplierAward) else ""


def _per_amount(award: PerAmountAward, title: str, currency: str | None) -> str:
    points = _counted(award.rate, title)
    if not is_money(award.keys):
        return f"{points} per {plain(award.step)} of {label(award.keys)}"
    step = money(award.step, currency) if currency else plain(award.step)
    return f"{points} per {step}" + ("" if award.keys == ("amount",) else f" of {label(award.keys)}")


def _per_item(award: PerItemAward, title: str, currency: str | None) -> str:
    step = money(award.step, currency) if currency else plain(award.step)
    each = {"quantity": "piece", "line": "line", "amount": f"{step} of the lines"}[award.each]
    where = award.where.to_json()
    which = f" where {describe(where, currency=currency, scope='item')}" if where else ""
    return f"{_counted(award.points, title)} per {each}{which}"


def _sides(award: ReferralAward, title: str) -> list[str]:
    sides = (("a referred member", award.member), ("the referrer", award.referrer))
    return [f"{who} {_counted(Decimal(points), title)}" for who, points in sides if points]


def _counted(amount: Decimal, title: str) -> str:
    """ "1 point", "2 points", "5 XP"."""
    return f"{plain(amount)} {noun_of(amount, title)}".strip()


def noun_of(amount: Decimal | int, title: str) -> str:
    """What so many of a metric are called: "point", "points", "XP"."""
    noun = _noun(title)
    is_plural = noun.endswith("s") and not noun.endswith(("ss", "us", "is"))
    return noun[:-1] if amount == 1 and is_plural else noun


def _noun(title: str) -> str:
    """A title of small letters but its first is a common noun."""
    return title[:1].lower() + title[1:] if title[1:].islower() else title


# -- which events


def which(condition: object, currency: str | None = None) -> str:
    """A condition after the noun that it is about: "of £50 or more on weekends where channel is app"; empty for
    none. Raises ConditionError."""
    return _which(parse(condition), currency)


def _which(condition: Condition, currency: str | None) -> str:
    """The condition after the noun: "of £50 or more on weekends where channel is app"."""
    root = condition.root
    if root is None:
        return ""
    nodes = root.children if isinstance(root, Group) and root.quantifier == "all" else (root,)
    short = {_short(node, currency): node for node in nodes if _short(node, currency)}
    rest = tuple(node for node in nodes if node not in short.values())
    left = rest[0] if len(rest) == 1 else group("", "all", rest)
    where = f"where {sentence(left, currency)}" if rest else ""
    return " ".join(filter(None, [*sorted(short, key=lambda words: words.startswith("on")), where]))


def _short(node: Node, currency: str | None) -> str:
    """The commonest comparisons without "where"; empty for all others."""
    if not isinstance(node, Leaf):
        return ""
    if node.field.root is Root.WEEKDAY and node.op == "in" and isinstance(node.value, list):
        return days_in_words(sorted({day for day in node.value if isinstance(day, int)}))
    least = number(node.value) if node.field.name == "data.amount" and node.op == "gte" else None
    if least is None:
        return ""
    return f"of {money(least, currency) if currency else plain(least)} or more"


def _window(starts_at: datetime | None, ends_at: datetime | None, zone: tzinfo | None) -> str:
    begin = f"from {_moment(starts_at, zone)}" if starts_at else ""
    end = f"before {_moment(ends_at, zone)}" if ends_at else ""
    return " and ".join(filter(None, [begin, end]))


def _moment(at: datetime, zone: tzinfo | None) -> str:
    """A minute, or a day where it is midnight: "2024-12-01", "2024-12-01 09:30"."""
    local = at.astimezone(zone) if zone else at
    return f"{local:%Y-%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%Y-%m-%d %H:%M}"


def _events(event_type: str) -> str:
    """Event types in the plural: "Purchases", "Lesson completed events"."""
    words = event_type.replace("_", " ").replace(".", " ").strip()
    title = words[:1].upper() + words[1:]
    if not words.isalpha() or words.endswith(("ed", "ing", "s")):
        return f"{title} events"
    if words.endswith("y") and words[-2:-1] not in tuple("aeiou"):
        return f"{title[:-1]}ies"
    return f"{title}es" if words.endswith(("x", "ch", "sh")) else f"{title}s"
