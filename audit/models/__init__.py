from audit.models.events import AuditEvent, TransactionId, new_salt
from audit.models.seals import Seal
from audit.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookRelay, WebhookSequence

__all__ = [
    "AuditEvent",
    "Seal",
    "TransactionId",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookRelay",
    "WebhookSequence",
    "new_salt",
]
