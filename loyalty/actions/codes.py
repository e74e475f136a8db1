"""Codes that the tenant uploads for a reward: its pool (domain.md 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from audit.errors import InvalidRequest, NotFound
from audit.record import Actor
from loyalty.actions.once import once
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.pools import delete_available, insert_codes
from loyalty.ledger.posting import Journal
from loyalty.queries.codes import known_codes
from loyalty.rules.codes import Problem, Sifted, sift
from programs.models import Environment, Reward

MOST = 100_000  # codes of one call


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a list of codes. `duplicates`: there already, or twice in the list. `problems`: the first
    100 of the duplicates and invalid ones, by line (1 is the first)."""

    added: int
    duplicates: int
    invalid: int
    problems: list[Problem]

    @classmethod
    def of(cls, sifted: Sifted) -> "Added":
        return cls(len(sifted.lines), sifted.duplicates, sifted.invalid, sifted.problems)


@once
def add_codes(
    *,
    environment: Environment,
    reward: Reward,
    codes: Sequence[str],
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Added:
    """Add up to 100,000 codes to the reward's pool, to be issued in this order; a few seconds. A code is 1 to
    100 printable characters without spaces, and once in its environment: others are counted and left out.

    Raises InvalidRequest where the reward takes no uploaded codes or there are too many, NotFound, Replay.
    Locks: the codes.
    """
    if idempotency:
        idempotency.check_stored(environment.id)
    check_pool(environment, reward)
    sifted = _sifted(codes)
    added = insert_codes(reward, list(sifted.lines), timezone.now())
    sifted.strike([code for code in sifted.lines if code not in added])
    done = Added.of(sifted)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    journal.audit(
        verb="rewardcodes.uploaded",
        object_type="reward",
        object_id=str(reward.pk),
        after={"added": done.added, "duplicates": done.duplicates, "invalid": done.invalid},
    )
    journal.write(done)
    return done


def look_at_list(*, environment: Environment, reward: Reward, codes: Sequence[str]) -> Added:
    """What `add_codes` would do now; nothing is written. Raises as it does."""
    check_pool(environment, reward)
    sifted = _sifted(codes)
    strike_known(environment, sifted)
    return Added.of(sifted)


@once
def remove_codes(
    *,
    environment: Environment,
    reward: Reward,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> int:
    """Remove the codes of the pool that are still available; how many. What members have stays theirs, and so
    does a code that is just being claimed.

    Raises NotFound, Replay. Locks: the codes.
    """
    if idempotency:
        idempotency.check_stored(environment.id)
    own_reward(environment, reward)
    removed = delete_available(reward)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    if removed:
        journal.audit(
            verb="rewardcodes.removed",
            object_type="reward",
            object_id=str(reward.pk),
            after={"removed": removed},
        )
    journal.write(removed)
    return removed


def own_reward(environment: Environment, reward: Reward) -> Reward:
    """The reward as it is stored now. Raises NotFound where it is not this environment's."""
    found = Reward.objects.filter(pk=reward.pk, environment=environment).first()
    if found is None:
        raise NotFound("There is no such reward in this environment.")
    return found


def check_pool(environment: Environment, reward: Reward) -> None:
    """Raises InvalidRequest where the reward takes no uploaded codes, and NotFound."""
    if own_reward(environment, reward).code_source != Reward.CodeSource.POOL:
        raise InvalidRequest.field(
            "code_source", "invalid", "This reward takes no uploaded codes: set where they come from to pool."
        )


def strike_known(environment: Environment, sifted: Sifted) -> None:
    """Strike out what the environment has now."""
    known = known_codes(environment_id=environment.pk, codes=list(sifted.lines))
    sifted.strike([code for code in sifted.lines if code in known])


def _sifted(codes: Sequence[str]) -> Sifted:
    if not codes:
        raise InvalidRequest.field("codes", "required", "Give at least one code.")
    if len(codes) > MOST:
        raise InvalidRequest.field(
            "codes", "too_long", f"At most {MOST:,} at once; these are {len(codes):,}. Send them in parts."
        )
    return sift(enumerate(codes, 1))
