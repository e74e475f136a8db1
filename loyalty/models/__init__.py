from loyalty.models.events import Event, EventCount
from loyalty.models.holds import Hold, HoldLot
from loyalty.models.idempotency import IdempotencyRecord
from loyalty.models.ledger import Account, LedgerEntry, Lot, LotUse, Uncovered
from loyalty.models.members import Member, member_key

__all__ = [
    "Account",
    "Event",
    "EventCount",
    "Hold",
    "HoldLot",
    "IdempotencyRecord",
    "LedgerEntry",
    "Lot",
    "LotUse",
    "Member",
    "Uncovered",
    "member_key",
]
