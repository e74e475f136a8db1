"""What an event did to challenges, as its page shows it (domain.md 4.1, 8).

It is stored, so it may be older than this code, or written by a later one: nothing in it is taken for granted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from loyalty.admin.member_challenges import period_words
from loyalty.models import Event
from programs.admin.tables import shown
from programs.awards.words import noun_of
from programs.conditions.words import listed
from programs.models import Challenge
from programs.queries.snapshots import Snapshot

_OUTCOMES = {
    "counted": "Counted",
    "not_in_force": "Not in force",
    "condition_failed": "Did not match",
    "no_amount": "No amount",
    "waits": "Waits its turn",
}


@dataclass(slots=True)
class MissionTold:
    """What became of one mission: the verdict, and how far it moved, in sentences."""

    title: str
    label: str
    reason: str = ""
    moved: str = ""


@dataclass(slots=True)
class ChallengeTold:
    """One challenge in one period (in words; empty of one that is done once) with its missions, and what was
    completed or taken back, in sentences. `key`: of its page; None where it is none."""

    title: str
    key: UUID | None
    period: str = ""
    missions: list[MissionTold] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)


def challenges_told(event: Event, config: Snapshot) -> list[ChallengeTold]:
    """One for each challenge that the event was judged for, or that its refund moved. No statement."""
    return _Teller(config).tell(event)


class _Teller:
    """Names what is stored by ids, with what is configured by now."""

    def __init__(self, config: Snapshot) -> None:
        self.config = config
        self.known = {str(challenge.public_id): challenge for challenge in config.challenges}
        self.found: dict[str, ChallengeTold] = {}

    def tell(self, event: Event) -> list[ChallengeTold]:
        effects = _mapping(_mapping(event.figures).get("challenges"))
        moves = {
            (str(one.get("challenge")), str(one.get("mission"))): one for one in _rows(effects.get("counted"))
        }
        for verdict in _rows(_mapping(event.explanation).get("challenges")):
            key = (str(verdict.get("challenge")), str(verdict.get("mission")))
            told = self._of(key[0], verdict.get("challenge_title"))
            move = moves.pop(key, {})
            told.period = told.period or _period(move)
            outcome = str(verdict.get("outcome") or "–")
            label = _OUTCOMES.get(outcome, outcome.replace("_", " ").capitalize())
            title, reason = str(verdict.get("title") or "Mission"), str(verdict.get("reason") or "")
            told.missions.append(MissionTold(title, label, reason, _moved(move)))
        for (challenge, mission), move in moves.items():
            title, told = self._mission(challenge, mission), self._of(challenge, None)
            told.period = told.period or _period(move)
            told.missions.append(MissionTold(title, "Taken back", "", _moved(move)))
        for name in ("completed", "revoked"):
            for one in _rows(effects.get(name)):
                told = self._of(str(one.get("challenge")), None)
                told.period = told.period or _period(one)
                getattr(told, name).append(self._achieved(one, is_revoked=name == "revoked"))
        return list(self.found.values())

    def _of(self, key: str, title: Any) -> ChallengeTold:
        if key not in self.found:
            known: Challenge | None = self.known.get(key)
            name = str(title or (known.title if known else "A challenge"))
            self.found[key] = ChallengeTold(name, known.pk if known else None)
        return self.found[key]

    def _mission(self, challenge: str, mission: str) -> str:
        known = self.known.get(challenge)
        titles = {str(one.public_id): one.title for one in (known.missions.all() if known else ())}
        return titles.get(mission, "A mission")

    def _achieved(self, one: Mapping[str, Any], *, is_revoked: bool) -> str:
        """ "The challenge is complete: given 100 points and the item Crown."."""
        title = str(one.get("title") or "")
        what = "The challenge" if one.get("kind") == "challenge" else f"The mission “{title}”"
        state = "is no longer complete" if is_revoked else "is complete"
        rewards = [words for reward in _rows(one.get("rewards")) if (words := self._reward(reward))]
        if not rewards:
            return f"{what} {state}."
        return f"{what} {state}: {'taken back' if is_revoked else 'given'} {listed(rewards, 'and')}."

    def _reward(self, reward: Mapping[str, Any]) -> str:
        if reward.get("type") == "metric":
            return self._points(reward)
        noun = "the coupon" if reward.get("type") == "coupon" else "the item"
        return f"{noun} {self._item(str(reward.get('set')), str(reward.get('item')))}"

    def _points(self, reward: Mapping[str, Any]) -> str:
        given, asked = reward.get("given"), reward.get("asked")
        metric = self.config.metric(str(reward.get("metric")))
        title = metric.title if metric else str(reward.get("metric"))
        amount = abs(given) if isinstance(given, int) else asked
        if not isinstance(amount, int):
            return title
        words = f"{amount:,} {noun_of(amount, title)}"
        is_cut = isinstance(asked, int) and asked > amount
        return f"{words} (of {shown(asked)}: no more has room)" if is_cut else words

    def _item(self, set_id: str, item_id: str) -> str:
        for each in self.config.inventory_sets:
            if each.public_id == set_id:
                titles = {item.public_id: item.title for item in each.items.all()}
                return titles.get(item_id, item_id)
        return item_id


def _mapping(stored: Any) -> Mapping[str, Any]:
    return stored if isinstance(stored, dict) else {}


def _rows(stored: Any) -> Iterator[dict[str, Any]]:
    yield from (one for one in (stored if isinstance(stored, list) else []) if isinstance(one, dict))


def _moved(move: Mapping[str, Any]) -> str:
    """ "It stood at 3 of 5 then."; of a refund with what it took."""
    if not move:
        return ""
    amount = str(move.get("amount") or "")
    back = f"{amount.removeprefix('-')} taken back; it" if amount.startswith("-") else "It"
    return f"{back} stood at {shown(move.get('progress'))} of {shown(move.get('target'))} then."


def _period(stored: Mapping[str, Any]) -> str:
    return period_words(str(stored.get("period") or "ever"))
