"""A shop whose purchases are told to /publisher.v1."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from audit.instants import to_the_second

AT = to_the_second(timezone.now() - timedelta(hours=1))
CREATE, REFUND = "/publisher.v1/transaction/create", "/publisher.v1/transaction/refund"


def purchase(**changes: Any) -> dict[str, Any]:
    """A purchase of 12.50 GBP an hour ago."""
    given = {"id": "order-1", "member_id": "ada", "amount": 1250, "currency": "GBP", "occurred_at": AT}
    return {**given, **changes}
