"""That a code was sent again stands in the trail, as long as the code can be used (console.md)."""

import pytest
from django.utils import timezone

from audit.ids import public
from audit.models import AuditEvent
from loyalty.actions.fulfilment import cancel
from loyalty.actions.resending import resend_code
from loyalty.actions.tills import use_code
from loyalty.errors import CodeAlreadyUsed, LoyaltyError, RedemptionClosed
from loyalty.models import Redemption
from programs.models import Environment
from tests.console.redeemed import MUG, TEN, buy, offer
from tests.factories import make_actor

pytestmark = pytest.mark.django_db


def _resend(environment: Environment, made: Redemption) -> None:
    actor, now = make_actor(), timezone.now()
    resend_code(environment=environment, redemption=made.pk, note="By mail", actor=actor, now=now)


def _trail() -> list[str]:
    return list(AuditEvent.objects.filter(verb="redemption.code_resent").values_list("object_id", flat=True))


def test_it_is_noted_with_its_member_and_changes_nothing_else(environment: Environment) -> None:
    offer(environment, "rwd_ten", **TEN)
    made = buy(environment, "rwd_ten")
    _resend(environment, made)
    event = AuditEvent.objects.get(verb="redemption.code_resent")
    assert (event.object_id, event.member_id) == (public("red", made.pk), made.member_id)
    assert event.after == {"status": "fulfilled", "reward": "rwd_ten", "note": "By mail"}
    assert made.issued_code is not None
    before = made.issued_code.expires_at
    made.refresh_from_db()
    assert (made.status, made.issued_code.expires_at) == ("fulfilled", before)


@pytest.mark.parametrize(
    ("what", "error"), [("use", CodeAlreadyUsed), ("cancel", RedemptionClosed), ("none", RedemptionClosed)]
)
def test_a_code_that_no_till_would_take_is_refused_and_not_noted(
    environment: Environment, what: str, error: type[LoyaltyError]
) -> None:
    offer(environment, "rwd_it", **(MUG if what == "none" else TEN))
    made = buy(environment, "rwd_it")
    actor, now = make_actor(), timezone.now()
    if what == "use":
        use_code(environment=environment, code=str(made.issued_code), place=None, actor=actor, now=now)
    elif what == "cancel":
        cancel(environment=environment, redemption=made.pk, actor=actor, now=now)
    with pytest.raises(error):
        _resend(environment, made)
    assert _trail() == []
