from audit.models.events import AuditEvent, TransactionId, new_salt

__all__ = ["AuditEvent", "TransactionId", "new_salt"]
