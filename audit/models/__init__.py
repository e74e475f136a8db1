from audit.models.events import AuditEvent, TransactionId, new_salt
from audit.models.seals import Seal

__all__ = ["AuditEvent", "Seal", "TransactionId", "new_salt"]
