"""What this layer must ask about tenants and can't know: it is handed in by those above."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Tenants:
    """`kinds`: `live` or `sandbox` of each of these environments that is to be told: not archived, on a plan with
    webhooks. `names`: the tenant's own id of each of these members, None of an erased one."""

    kinds: Callable[[Collection[UUID]], Mapping[UUID, str]]
    names: Callable[[Collection[UUID]], Mapping[UUID, str | None]]
