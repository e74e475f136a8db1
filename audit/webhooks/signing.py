"""Standard Webhooks: secrets and signatures (https://www.standardwebhooks.com)."""

import secrets
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime

from standardwebhooks import Webhook

SECRET_BYTES = 32


def new_secret() -> str:
    """`whsec_` and Base64, as the receivers' libraries take it."""
    return f"whsec_{b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def headers_of(*, message: str, body: str, now: datetime, signers: Iterable[str]) -> dict[str, str]:
    """The three headers of one attempt; a signature of each of the secrets, the newest first."""
    at = now.astimezone(UTC)
    signatures = [Webhook(secret).sign(msg_id=message, timestamp=at, data=body) for secret in signers]
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
