"""What happened to a member, in words: one sentence a line of their timeline.

What a row kept may be erased (retention, an erased member), and what it names may be gone or changed: each sentence is
made of what is left.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from loyalty.actions.points import ADJUSTMENT_REASONS
from loyalty.admin.audit import in_words
from loyalty.admin.explaining import CHANGES
from loyalty.admin.shared import member_link
from loyalty.admin.trail_events import event_words
from loyalty.models import Achievement, AdjustmentRequest, Hold, ItemChange, Redemption, StampReward
from loyalty.queries.member_trail import KINDS
from loyalty.queries.trail_lines import TrailLine
from programs.admin.stamp_words import amount_words
from programs.admin.tables import diff_of
from programs.models import MilestoneSet, TierLadder

_ICONS = {
    "points": "toll",
    "redemptions": "redeem",
    "stamps": "approval",
    "challenges": "flag",
    "levels": "military_tech",
    "events": "bolt",
    "member": "person",
}
_ATTRIBUTES_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Told:
    """A line that is none of the ledger's: an icon, what happened, and more of it below."""

    icon: str
    what: str
    more: str = ""
    note: str = ""


def told(line: TrailLine) -> Told:
    """The line in words."""
    verb = line.row.verb
    kind = next((name for name, (_, verbs) in KINDS.items() if verb.startswith(verbs)), "member")
    words = _WORDS.get(verb) or _WORDS.get(verb.partition(".")[0])
    what, more, note = words(line) if words else (in_words(verb), "", "")
    return Told(_ICONS[kind], what or in_words(verb), more, note)


Words = tuple[str, str, str]


def _link(name: str, found: Model, text: Any) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{name}_change", args=[found.pk]), text)


def _kept(line: TrailLine, name: str) -> Any:
    return (line.row.after or {}).get(name)


def _count(number: Any, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if isinstance(number, int) else f"{noun}s"


# -- redemptions

_STEPS = {
    "created": ("Redeemed", ""),
    "fulfilled": ("", "was handed over"),
    "cancelled": ("", "was cancelled"),
    "failed": ("", "failed"),
    "code_resent": ("The code of", "was shown again"),
}


def _redemption(line: TrailLine) -> Words:
    row = line.thing
    if not isinstance(row, Redemption):
        return "", "", ""
    step = line.row.verb.partition(".")[2]
    before, after = _STEPS.get(step, ("", step.replace("_", " ")))
    what = format_html("{} {} {}", before, _link("loyalty_redemption", row, row.name), after)
    paid = f"for {row.points:,} {row.metric.title}" if row.points else "at no cost"
    notes = {"cancelled": row.closed_reason, "failed": row.closed_reason, "fulfilled": row.note}
    note = _kept(line, "note") if step == "code_resent" else notes.get(step)
    return what, paid if step == "created" else "", note or ""


def _code_used(line: TrailLine) -> Words:
    if not isinstance(line.thing, Redemption):
        return "A code was used", "", ""
    place = _kept(line, "place")
    what = format_html("The code of {} was used", _link("loyalty_redemption", line.thing, line.thing.name))
    return what, f"at {place}" if place else "", ""


# -- holds and adjustments

_HOLDS = {
    "authorised": "put on hold",
    "released": "let go from a hold",
    "expired": "free again: the hold ran out",
    "moved": "on hold went over by a merge",
}


def _hold(line: TrailLine) -> Words:
    hold = line.thing
    if not isinstance(hold, Hold):
        return "", "", ""
    step = line.row.verb.partition(".")[2]
    amount = f"{hold.points:,} {hold.account.metric.title}"
    what = format_html("{} {}", _link("loyalty_hold", hold, amount), _HOLDS.get(step, step))
    return what, "", hold.reason or "" if step == "authorised" else ""


_REQUESTS = {
    "requested": "was asked for; it needs a second person",
    "rejected": "was refused",
    "withdrawn": "was withdrawn",
}


def _request(line: TrailLine) -> Words:
    request = line.thing
    if not isinstance(request, AdjustmentRequest):
        return "", "", ""
    step = line.row.verb.partition(".")[2]
    amount = f"{request.points:+,} {request.metric.title}"
    what = format_html(
        "An adjustment by {} {}",
        _link("loyalty_adjustmentrequest", request, amount),
        _REQUESTS.get(step, step),
    )
    note = request.note if step == "requested" else request.decision_note
    return what, ADJUSTMENT_REASONS.get(request.reason, request.reason), note or ""


# -- stamps


def _stamps(line: TrailLine) -> Words:
    card, step = line.thing, line.row.verb.partition(".")[2]
    count = _count(_kept(line, "stamps"), "stamp")
    if card is None:
        return f"{count} {step}", "", ""
    name = _link("loyalty_stampcollection", card, card.stamp_program)
    what = format_html("{} {} {}", count, "on" if step == "collected" else "taken back from", name)
    counter = _kept(line, "counter")
    return what, f"{counter:,} on the card then" if isinstance(counter, int) else "", ""


def _joined(line: TrailLine) -> Words:
    if line.thing is None:
        return "Joined a stamp program", "", ""
    return (
        format_html("Joined {}", _link("loyalty_stampcollection", line.thing, line.thing.stamp_program)),
        "",
        "",
    )


_GIFTS = {
    "issued": "A full card of {} gave {}",
    "paid": "{1} of {0} was paid",
    "revoked": "{1} of {0} was taken back",
}


def _stamp_reward(line: TrailLine) -> Words:
    reward = line.thing
    if not isinstance(reward, StampReward):
        return "", "", ""
    amount = _link("loyalty_stampreward", reward, amount_words(reward.amount, reward.currency))
    template = _GIFTS.get(line.row.verb.partition(".")[2], "{}: {}")
    reference = reward.reference if line.row.verb.endswith(".paid") else ""
    return format_html(template, reward.stamp_program, amount), "", reference or ""


# -- challenges, milestones, items


def _achievement(line: TrailLine) -> Words:
    achieved = line.thing
    if not isinstance(achieved, Achievement):
        return "", "", ""
    challenge = _link("programs_challenge", achieved.challenge, achieved.challenge.title)
    done = "completed" if line.row.verb.endswith(".completed") else "no longer complete"
    if achieved.mission:
        return format_html("Mission “{}” of {} {}", achieved.mission.title, challenge, done), "", ""
    return format_html("Challenge {} {}", challenge, done), "", ""


def _milestone(line: TrailLine) -> Words:
    found = line.thing
    if not isinstance(found, MilestoneSet):
        return "", "", ""
    titles = {one.public_id: one.title for one in found.milestones.all()}
    reached = line.row.verb.endswith(".reached")
    key = str(_kept(line, "milestone") if reached else (line.row.before or {}).get("milestone"))
    name = _link("programs_milestoneset", found, found.title)
    title = titles.get(key, "A milestone")
    return format_html("{} of {} {}", title, name, "reached" if reached else "lost again"), "", ""


def _item(line: TrailLine) -> Words:
    change = line.thing
    if not isinstance(change, ItemChange):
        return "", "", ""
    times = f"{abs(change.quantity):,} × " if abs(change.quantity) > 1 else ""
    name = _link("programs_inventoryset", change.item.inventory_set, change.item)
    return format_html("{} {}{}", "Got" if change.quantity > 0 else "Lost", times, name), "", ""


# -- levels


def _tier(line: TrailLine) -> Words:
    step = line.row.verb.partition(".")[2]
    words = {**CHANGES, "granted": "given by a reward", "revoked": "taken back with its reward"}.get(
        step, step
    )
    before, after = (line.row.before or {}).get("tier"), _kept(line, "tier")
    ladder = line.thing
    titles = {one.code: one.title for one in ladder.tiers.all()} if isinstance(ladder, TierLadder) else {}
    name = titles.get(after, after) if after else "No level" if line.row.after else "A level"
    program = (
        _link("programs_tierladder", ladder, ladder.program.name) if isinstance(ladder, TierLadder) else ""
    )
    what = format_html("{} {}{}", name, words, format_html(" in {}", program) if program else "")
    came = f"before: {titles.get(before, before)}" if before and before != after else ""
    return what, came, ""


# -- the member


def _updated(line: TrailLine) -> Words:
    before, after = line.row.before or {}, line.row.after or {}
    parts: list[str] = []
    if before.get("status") != after.get("status"):
        parts.append("Frozen" if after.get("status") == "frozen" else "Active again")
    changed = [
        one for one in diff_of(before.get("attributes") or {}, after.get("attributes") or {}) if one.changed
    ]
    if changed:
        parts.append("Attributes changed")
    shown = format_html_join(
        " · ", "{}: {} → {}", ((one.name, one.before, one.after) for one in changed[:_ATTRIBUTES_SHOWN])
    )
    more = len(changed) - _ATTRIBUTES_SHOWN
    return (
        ", ".join(parts) or "Changed",
        format_html("{}{}", shown, f" · {more} more" if more > 0 else ""),
        "",
    )


def _merged(line: TrailLine) -> Words:
    other = member_link(line.other) if line.other else "another member"
    reason = _kept(line, "reason") or ""
    is_own = line.other is None or line.other.pk != line.row.member_id
    return format_html("Merged into {}" if is_own else "{} was merged into this member", other), "", reason


def _referral(line: TrailLine) -> Words:
    who = member_link(line.other) if line.other else "somebody who was erased"
    return format_html("Came through the referral code of {}", who), "", ""


def _plain(text: str) -> Callable[[TrailLine], Words]:
    return lambda _line: (text, "", "")


_WORDS: Mapping[str, Callable[[TrailLine], Words]] = {
    "event": event_words,
    "redemption": _redemption,
    "rewardcode": _code_used,
    "hold": _hold,
    "adjustment": _request,
    "stamp": _stamps,
    "stamp_collection": _joined,
    "stamp_reward": _stamp_reward,
    "challenge": _achievement,
    "mission": _achievement,
    "milestone": _milestone,
    "item": _item,
    "tier": _tier,
    "member.updated": _updated,
    "member.merged": _merged,
    "member.erased": _plain("Erased, with all personal data"),
    "member.exported": _plain("All that is kept of the member was exported"),
    "member.token_issued": _plain("A token for the member’s app was issued"),
    "referral.created": _referral,
    "referral_code.created": _plain("A referral code was made"),
}
