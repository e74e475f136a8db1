"""Challenges as people read them: a sentence, each part of it, and what members see of them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from programs.admin.reward_words import example_code, window_words
from programs.admin.tables import Row
from programs.awards.words import noun_of, which
from programs.conditions import ConditionError
from programs.conditions.values import plain
from programs.conditions.words import label, listed
from programs.models import Challenge, ChallengeReward, Coupon, Mission

_HOW_OFTEN = {"ever": "Once", "day": "Every day", "week": "Every week", "month": "Every month"}
_ICONS = {"metric": "token", "inventory_item": "inventory_2", "coupon": "sell"}


@dataclass(frozen=True, slots=True)
class Notice:
    """What a member is told, as an app may show it. `key`: the row that it belongs to; empty: the challenge."""

    key: str
    about: str
    display: str
    title: str
    message: str
    coupon: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class MissionLine:
    """A mission on the card: `done` of `target`, in words."""

    title: str
    done: str
    target: str
    share: int


@dataclass(frozen=True, slots=True)
class ChallengeCard:
    """A challenge as an app may show it, its first mission partly done."""

    title: str
    subtitle: str
    window: str
    often: str
    missions: list[MissionLine] = field(default_factory=list)
    rewards: list[tuple[str, str]] = field(default_factory=list)


def sentence_of(challenge: Challenge, missions: Sequence[Mission], rewards: Sequence[ChallengeReward]) -> str:
    """ "Every week, in any order: 3 visit events; 50 of amount in purchase events. Gives 100 points. From 1 Nov
    2026."; instants in the current zone. What is wrong with its conditions, instead."""
    if not missions:
        return "It has no mission yet."
    is_sequence = challenge.mission_order == Challenge.Order.SEQUENCE
    order = ", one after the other" if is_sequence else ", in any order"
    try:
        parts = [mission_words(mission) for mission in missions]
    except ConditionError as error:
        return str(error)
    what = ("; then " if is_sequence else "; ").join(parts)
    head = f"{_HOW_OFTEN.get(challenge.per, '')}{order if len(missions) > 1 else ''}"
    window = window_words(challenge)
    said = [f"{head}: {what}", f"Gives {rewards_words(rewards)}", window[:1].upper() + window[1:]]
    return " ".join(f"{words}." for words in said if words)


def mission_words(mission: Mission) -> str:
    """ "3 visit events of 5 or more", "50 of amount in purchase events". Raises ConditionError."""
    about = which(mission.condition)
    kind = mission.event_type.strip() or "…"
    target = "…" if mission.target is None else figure(mission.target)
    if mission.measure == Mission.Measure.SUM:
        return " ".join(filter(None, [f"{target} of {_field(mission)} in {kind} events", about]))
    return " ".join(filter(None, [f"{target} {kind} event{'' if mission.target == 1 else 's'}", about]))


def figure(number: Decimal) -> str:
    """1500.500000 → 1,500.5."""
    return f"{Decimal(plain(number)):,f}"


def _field(mission: Mission) -> str:
    return label((mission.field or "…").removeprefix("data.").split("."))


def rewards_words(rewards: Sequence[ChallengeReward]) -> str:
    """ "100 points and the coupon Spring"; "nothing" of none."""
    return listed([reward_words(reward) for reward in rewards], "and") if rewards else "nothing"


def reward_words(reward: ChallengeReward) -> str:
    """ "100 points", "the item Golden crown"."""
    if reward.kind == ChallengeReward.Kind.METRIC:
        noun = noun_of(reward.quantity or 2, reward.metric.title) if reward.metric else "…"
        return f"{'…' if reward.quantity is None else f'{reward.quantity:,}'} {noun}"
    noun = "coupon" if reward.kind == ChallengeReward.Kind.COUPON else "item"
    return f"the {noun} {reward.item.title if reward.item else '…'}"


def card_of(
    challenge: Challenge, missions: Sequence[Mission], rewards: Sequence[ChallengeReward]
) -> ChallengeCard:
    """The card with a third of its first mission done."""
    return ChallengeCard(
        title=challenge.title or "The title",
        subtitle=challenge.subtitle,
        window=_capital(window_words(challenge)) if challenge.show_time else "",
        often=_HOW_OFTEN[challenge.per] if challenge.per in ("day", "week", "month") else "",
        missions=[_line(mission, is_first=place == 0) for place, mission in enumerate(missions)],
        rewards=[(_ICONS.get(reward.kind, "redeem"), _prize(reward)) for reward in rewards],
    )


def _line(mission: Mission, *, is_first: bool) -> MissionLine:
    target = mission.target or Decimal(1)
    done = (target / 3).to_integral_value(rounding="ROUND_UP") if is_first else Decimal(0)
    done = min(done, target)
    return MissionLine(
        title=mission.title or "A mission",
        done=figure(done),
        target=figure(target),
        share=int(100 * done / target),
    )


def _prize(reward: ChallengeReward) -> str:
    return reward.item.title if reward.item else reward_words(reward)


def notices_of(
    challenge: Challenge,
    missions: Sequence[tuple[str, Mission]],
    rewards: Sequence[ChallengeReward],
    coupons: Collection[Coupon],
) -> list[Notice]:
    """What is told when the challenge is done, then of each mission. `missions`: each with the key of its row."""
    shown = next(iter(_shown_coupons(rewards, coupons)), None)
    whole = Notice(
        key="",
        about="The challenge is complete",
        display=challenge.notification_display,
        title=challenge.notification_title,
        message=challenge.notification_message,
        coupon=shown.item.title if shown else "",
        code=(shown.code or example_code(shown.code_pattern)) if shown else "",
    )
    parts = [
        Notice(
            key=key,
            about=f"Mission {number}: {mission.title or 'no title yet'}",
            display=mission.notification_display,
            title=mission.notification_title,
            message=mission.notification_message,
        )
        for number, (key, mission) in enumerate(missions, 1)
    ]
    return [whole, *parts]


def _shown_coupons(rewards: Sequence[ChallengeReward], coupons: Collection[Coupon]) -> Iterator[Coupon]:
    given = [reward.item_id for reward in rewards if reward.kind == ChallengeReward.Kind.COUPON]
    return (coupon for coupon in coupons if coupon.item_id in given and coupon.show_on_notification)


def type_note(event_type: str) -> str:
    """Of an event type that can't reach the mission: never received, and not open to members' apps."""
    return (
        f"No event of the type “{event_type}” has come in yet, and members’ apps may not report it: nobody gets on"
        " with this mission. Check how it is spelled, send such events from your server, or add it to the actions of"
        " the member app."
    )


def obstacles(challenge: Challenge, missions: Sequence[Mission], now: datetime) -> list[str]:
    """Why nobody gets on with it now, apart from its status; each a sentence."""
    if challenge.status == Challenge.Status.ENDED:
        return []
    return list(_obstacles(challenge, missions, now))


def _obstacles(challenge: Challenge, missions: Sequence[Mission], now: datetime) -> Iterator[str]:
    program = challenge.program
    if not missions:
        yield "It has no mission yet: add one before you activate it."
    if program.status != "active":
        yield f"Its program {program} is {program.get_status_display().lower()}: nothing counts for its missions."
    if challenge.starts_at and now < challenge.starts_at:
        yield f"It begins later: {window_words(challenge)}."
    if challenge.ends_at and now >= challenge.ends_at:
        yield "Its time is over: give it a later end to go on with it."


def rows_of_challenge(
    challenge: Challenge, missions: Sequence[Mission], rewards: Sequence[ChallengeReward]
) -> list[Row]:
    """Part by part, for who may only read it."""
    rows = {
        "Title": challenge.title,
        "Subtitle": challenge.subtitle,
        "Program": challenge.program.name,
        "Can be done": challenge.get_per_display().lower(),
        "Its missions": challenge.get_mission_order_display().lower(),
        "When": window_words(challenge) or "always",
        **{
            f"Mission {number}: {mission.title}": _said(mission) for number, mission in enumerate(missions, 1)
        },
        "Gives": rewards_words(rewards),
        "Notification": _notification(challenge),
    }
    return [Row(name, value or "–") for name, value in rows.items()]


def _said(mission: Mission) -> str:
    try:
        return mission_words(mission)
    except ConditionError as error:
        return str(error)


def _notification(challenge: Challenge) -> str:
    texts = ": ".join(filter(None, [challenge.notification_title, challenge.notification_message]))
    return f"{challenge.get_notification_display_display()}{f' – {texts}' if texts else ''}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
