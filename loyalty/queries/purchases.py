"""Purchases, as refunds name them."""

from loyalty.errors import PurchaseNotFound
from loyalty.models import Event, Member
from loyalty.rules.stamps import PURCHASE
from programs.models import Environment


def find_purchase(*, environment: Environment, event_id: str) -> Event:
    """The purchase by the tenant's own id, with the member who made it; one statement. Raises PurchaseNotFound;
    also for an erased member's, and for an event of another type."""
    rows = Event.objects.filter(environment_id=environment.id, event_id=event_id, type=PURCHASE)
    found = rows.exclude(member__status=Member.Status.ERASED).select_related("member").first()
    if found is None:
        raise PurchaseNotFound(f"There is no purchase {event_id!r}; report the purchase first.")
    return found
