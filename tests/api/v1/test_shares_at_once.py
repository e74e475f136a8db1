"""Revoking a share against calls that go through it (domain.md 1.5)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from loyalty.actions.points import award
from loyalty.errors import ProgramNotFound
from loyalty.models import LedgerEntry
from programs.actions.shares import revoke_share
from programs.queries.shares import owner_through_share
from tests import factories
from tests.api.v1.neighbours import Neighbours, calls


def test_when_revoking_has_returned_nothing_more_goes_through(
    committed: None, together: Callable[..., list[Any]]
) -> None:
    two = Neighbours()
    share = two.share()
    done: list[int] = []

    def act(number: int) -> Any:
        if number == 4:
            revoke_share(environment=two.owner, share=share, actor=factories.make_actor())
            done.append(LedgerEntry.objects.filter(environment_id=two.owner.pk).count())
            return None
        return [two.guests.call(*calls(two.prg)["award"]).status_code for _ in range(6)]

    answers = [code for codes in together(act, 8) if codes for code in codes]
    assert set(answers) <= {201, 404}
    assert done == [answers.count(201)] == [LedgerEntry.objects.filter(environment_id=two.owner.pk).count()]
    assert two.guests.call(*calls(two.prg)["award"]).status_code == 404


@pytest.mark.django_db
def test_a_call_that_found_the_share_before_it_was_revoked_writes_nothing_after() -> None:
    two = Neighbours()
    share = two.share()
    place = owner_through_share(guest=two.guest, program=two.prg)
    assert place is not None
    revoke_share(environment=two.owner, share=share, actor=factories.make_actor())
    given: dict[str, Any] = {
        "environment": place,
        "member": "ada",
        "points": 5,
        "reason": None,
        "program": two.prg,
    }
    with pytest.raises(ProgramNotFound):
        award(**given, actor=factories.make_actor(), now=timezone.now())
    assert not LedgerEntry.objects.filter(environment_id=two.owner.pk).exists()
