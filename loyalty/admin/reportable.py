"""What members may report by their own token, and what each type would do (domain.md 1, 8)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loyalty.queries.suggestions import event_types
from programs.event_types import event_type_fault
from programs.models import Challenge, Environment, Mission, Program, TierLadder
from programs.queries.snapshots import Snapshot, snapshot

NEVER = ("purchase", "refund")
_OF_A_CHALLENGE = {
    Challenge.Status.DRAFT: ", a draft",
    Challenge.Status.PAUSED: ", which is paused",
}


@dataclass(frozen=True, slots=True)
class Reportable:
    """An event type with what looks at it, in a sentence. `is_used`: an app needs leave to report it."""

    type: str
    is_listed: bool
    is_used: bool
    words: str


def reportable_types(environment: Environment, listed: Iterable[str]) -> list[Reportable]:
    """The types that were received, that anything configured looks at, or that are `listed`; purchases and refunds
    are never among them. What is used comes first. Two statements besides the snapshot."""
    config, ticked = snapshot(environment), set(listed)
    uses: defaultdict[str, list[str]] = defaultdict(list)
    for event_type, words in [*_missions(environment), *_configured(config)]:
        if words not in uses[event_type]:
            uses[event_type].append(words)
    known = ticked | uses.keys() | config.event_types_used | set(event_types(environment))
    found = [
        _told(event_type, event_type in ticked, uses[event_type], event_type in config.event_types_used)
        for event_type in sorted(known - set(NEVER))
        if event_type in ticked or event_type_fault(event_type) is None  # nothing could be made of others
    ]
    return sorted(found, key=lambda one: not one.is_used)


def _missions(environment: Environment) -> Iterator[tuple[str, str]]:
    rows = Mission.objects.filter(environment=environment, removed_at=None).select_related("challenge")
    for mission in rows.exclude(challenge__status=Challenge.Status.ENDED).order_by("challenge", "place"):
        state = _OF_A_CHALLENGE.get(Challenge.Status(mission.challenge.status), "")
        yield (
            mission.event_type,
            f"It counts for the mission “{mission.title}” of “{mission.challenge}”{state}.",
        )


def _configured(config: Snapshot) -> Iterator[tuple[str, str]]:
    for rule in config.rules:
        if rule.valid_until is None:
            yield rule.event_type, f"The earning rule “{rule.name}” gives points for it."
    for ladder in config.ladders:
        if ladder.event_type and ladder.basis != TierLadder.Basis.POINTS:
            name = _name_of(ladder.program_id, config.programs)
            yield ladder.event_type, f"It counts for the tiers of {name}."


def _name_of(program_id: object, programs: Iterable[Program]) -> str:
    return next((program.name for program in programs if program.pk == program_id), "a program")


def _told(event_type: str, is_listed: bool, uses: list[str], is_used: bool) -> Reportable:
    if uses or is_used:
        whole = " ".join(uses or ["A condition or a draft looks at it."])
        return Reportable(
            event_type, is_listed, True, f"{whole} Without a tick only your servers may report it."
        )
    words = "Nothing looks at it: an app may report it, and it is stored and causes nothing."
    return Reportable(event_type, is_listed, False, words)
