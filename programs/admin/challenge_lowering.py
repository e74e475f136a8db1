"""What an edit of a challenge that has begun makes easier: a target is lower, a mission is gone, or comes sooner
(domain.md 8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from programs.actions.challenge_missions import is_reordered
from programs.admin.challenge_words import figure
from programs.models import Challenge, Mission


@dataclass(frozen=True, slots=True)
class Easier:
    """`changes`: each in a sentence. `targets`: those of the missions that there would be, by their keys. `token`:
    stands for exactly these changes."""

    changes: list[str]
    targets: dict[UUID, Decimal]
    token: str


def made_easier(
    challenge: Challenge, stored: Sequence[Mission], becomes: Challenge, wanted: Sequence[Mission]
) -> Easier | None:
    """What becomes easier; None where nothing does, or where nobody has begun."""
    if challenge.status in (Challenge.Status.DRAFT, Challenge.Status.ENDED):
        return None
    old = {mission.pk: mission for mission in stored}
    kept = {mission.pk: mission for mission in wanted if mission.pk in old}
    gone = [mission for mission in stored if mission.pk not in kept]
    lowered = {key: one.target for key, one in kept.items() if one.target < old[key].target}
    order = _order(challenge, stored, becomes, wanted)
    if not gone and not lowered and not order:
        return None
    changes = [
        f"“{old[key].title}”: {figure(old[key].target)} → {figure(target)}" for key, target in lowered.items()
    ] + [f"“{mission.title}” is removed" for mission in gone]
    token = " ".join(
        sorted([f"{key.hex}:{old[key].target:f}:{to:f}" for key, to in lowered.items()])
        + sorted(f"{one.pk.hex}:gone" for one in gone)
        + [f"order:{','.join(key.hex for key in kept)}" for _ in order]
    )
    targets = {mission.pk: mission.target for mission in wanted}
    return Easier(changes + order, targets, token)


def _order(
    challenge: Challenge, stored: Sequence[Mission], becomes: Challenge, wanted: Sequence[Mission]
) -> list[str]:
    """That missions of a sequence come in another order, in a sentence."""
    then, now = challenge.mission_order, becomes.mission_order
    if not is_reordered(stored, wanted, order_then=then, order_now=now):
        return []
    if now != Challenge.Order.SEQUENCE:
        return ["The missions no longer wait for one another"]
    return [f"The missions come in another order: {', '.join(f'“{one.title}”' for one in wanted)}"]


def completing_words(challenge: Challenge, complete: str, missions: str) -> str:
    """What saving that does: "1 member completes the challenge by that and gets its rewards." """
    whole = {
        "0": "No member completes the challenge by that",
        "1": "1 member completes the challenge by that and gets its rewards",
    }.get(complete, f"{complete} members complete the challenge by that and get its rewards")
    part = {"0": "", "1": "; 1 member completes a mission"}.get(
        missions, f"; {missions} members complete a mission"
    )
    when = (
        ""
        if challenge.status == Challenge.Status.ACTIVE
        else " It is paused: that happens once it is active again."
    )
    return f"{whole}{part}.{when}"
