"""The answer of `GET config`, rendered once for all members and kept beside the snapshot that it was made of."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.api.audience import rendering
from loyalty.api.common.rendering import Rendered, dumps
from programs.models import Challenge, Program
from programs.queries.snapshots import Snapshot

_PLACE = UUID("5b0f3c1e-6f0a-5d5c-9d0e-2f5a1f6f6a11")  # among what is kept beside a snapshot
_HOSTS = 8  # an environment answers to few


@dataclass(frozen=True, slots=True)
class ConfigBody:
    """`text` is right from `since` until the next window opens or closes; None: for as long as the configuration."""

    text: Rendered
    etag: str
    since: datetime
    until: datetime | None

    def holds(self, now: datetime) -> bool:
        return self.since <= now and (self.until is None or now < self.until)


def config_body(config: Snapshot, now: datetime, host: str, picture: Callable[[UUID], str]) -> ConfigBody:
    """The body as it is at `now` for callers of `host`, below which pictures are served. No statement."""
    kept: dict[str, ConfigBody] = config.derived.setdefault(_PLACE, {})
    found = kept.get(host)
    if found is None or not found.holds(now):
        found = _made(config, now, picture)
        if len(kept) >= _HOSTS:
            kept.clear()
        kept[host] = found
    return found


def _made(config: Snapshot, now: datetime, picture: Callable[[UUID], str]) -> ConfigBody:
    text = dumps({"message": "OK", "data": rendering.config(config, now, picture)})
    digest = hashlib.sha256(text.encode()).hexdigest()
    return ConfigBody(Rendered(text), f'"{digest[:32]}"', now, _next_change(config, now))


def _next_change(config: Snapshot, now: datetime) -> datetime | None:
    windows: Iterable[Challenge | Program] = (*config.challenges, *config.programs)
    instants = (at for window in windows for at in (window.starts_at, window.ends_at))
    return min((at for at in instants if at is not None and at > now), default=None)
