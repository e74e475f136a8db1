"""What a check found."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from audit.ids import public

_PREFIXES = {
    "ledgerentry": "txn",
    "hold": "hold",
    "redemption": "red",
    "achievement": "ach",
    "itemchange": "itc",
    "stampcollection": "sc",
    "stampreward": "sr",
    "stamp": "st",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One row that breaks one check. `table` without its prefix `loyalty_`; `member` is the tenant's id,
    None of an erased member; `member_id` None: it is no member's, but the environment's. `expected` and
    `found` are for reading, None for nothing."""

    check: str
    sentence: str
    table: str
    id: UUID
    environment_id: UUID
    member_id: UUID | None
    member: str | None
    expected: str | None
    found: str | None

    @property
    def public_id(self) -> str:
        """The id as the API shows it, where it shows it; else the row's own."""
        prefix = _PREFIXES.get(self.table)
        return public(prefix, self.id) if prefix else str(self.id)

    def as_json(self) -> dict[str, Any]:
        """For a line of --json."""
        return {
            "check": self.check,
            "sentence": self.sentence,
            "table": f"loyalty_{self.table}",
            "id": str(self.id),
            "public_id": self.public_id,
            "environment": str(self.environment_id),
            "member": self.member,
            "member_id": self.member_id and str(self.member_id),
            "expected": self.expected,
            "found": self.found,
        }

    def __str__(self) -> str:
        whose = f"member {self.member}" if self.member is not None else f"erased member {self.member_id}"
        if self.member_id is None:
            whose = f"environment {self.environment_id}"
        return (
            f"{self.check}: loyalty_{self.table} {self.public_id} of {whose}: expected"
            f" {self.expected or 'nothing'}, found {self.found or 'nothing'}. {self.sentence}"
        )
