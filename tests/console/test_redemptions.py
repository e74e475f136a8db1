"""Redemptions are listed, found and read, each by who may."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.ids import public
from audit.models import AuditEvent
from loyalty.actions.fulfilment import fulfil
from loyalty.actions.tills import use_code
from loyalty.models import LedgerEntry, Redemption
from programs.models import Environment, Metric
from tests import factories
from tests.console.deeds import told
from tests.console.redeemed import act, text_of, url_of
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db
LIST = reverse("admin:loyalty_redemption_changelist")
PAGES = ("fulfil", "fail", "cancel", "use", "resend")


class TestList:
    @pytest.fixture(autouse=True)
    def both(self, at_noon: None, mug: Redemption, ten: Redemption) -> None:
        self.mug, self.ten = mug, ten

    def _found(self, client: Client, **query: str) -> list[Redemption]:
        return list(client.get(LIST, query).context["cl"].result_list)

    def test_filters_by_status_reward_kind_and_period(self, support: Client) -> None:
        today, tomorrow = (f"{timezone.now() + timedelta(days=n):%Y-%m-%d}" for n in (0, 1))
        for query, expected in (
            ({}, [self.ten, self.mug]),
            ({"status": "pending"}, [self.mug]),
            ({"status": "fulfilled"}, [self.ten]),
            ({"status": "failed"}, []),
            ({"reward": "rwd_ten"}, [self.ten]),
            ({"kind": "free_product"}, [self.mug]),
            ({"occurred_at_from": today}, [self.ten, self.mug]),
            ({"occurred_at_from": tomorrow}, []),
        ):
            assert self._found(support, **query) == expected, query

    def test_finds_by_code_as_it_may_be_typed_by_member_and_by_id(self, support: Client) -> None:
        code = str(self.ten.issued_code)
        for term, expected in (
            (code, [self.ten]),
            (f" {code.lower()} ", [self.ten]),
            (code[:-1], []),
            ("bob", [self.ten]),
            (public("red", self.mug.pk), [self.mug]),
        ):
            assert self._found(support, q=term) == expected, term

    def test_analysts_see_the_end_of_a_code(self, support: Client, login: Any) -> None:
        code = str(self.ten.issued_code)
        analyst = login(self.ten.reward.environment, "analyst")
        for url in (LIST, url_of(self.ten)):
            assert code in text_of(support.get(url))
            text = text_of(analyst.get(url))
            assert code not in text
            assert f"•••••{code[-3:]}" in text

    def test_nobody_does_in_the_audit_trail(self, support: Client) -> None:
        event = AuditEvent.objects.get(verb="redemption.created", object_id=public("red", self.ten.pk))
        url = reverse("admin:audit_auditevent_change", args=[event.pk])
        text = text_of(support.get(url))
        assert str(self.ten.issued_code) not in text
        assert reverse("admin:loyalty_redemption_change", args=[self.ten.pk]) in text


def test_the_page_says_who_what_for_how_much_and_what_became_of_it(
    support: Client, environment: Environment, ten: Redemption
) -> None:
    code = str(ten.issued_code)
    actor = factories.make_actor()
    use_code(environment=environment, code=code, place="Till 3", actor=actor, now=timezone.now())
    page = text_of(support.get(url_of(ten)))
    paid = LedgerEntry.objects.get(redemption_id=ten.pk)
    for part in (
        public("red", ten.pk),
        reverse("admin:loyalty_member_change", args=[ten.member_id]),
        "100 Points",
        "10% off",
        code,
        "Till 3",
        reverse("admin:loyalty_ledgerentry_change", args=[paid.pk]),
        "Redemption created",
        "its code was used",
    ):
        assert part in page, part
    assert [url_of(ten, name) in page for name in PAGES] == [False] * 5


def test_by_redemption_id_as_others_tell_it(support: Client, mug: Redemption) -> None:
    answer = support.get(reverse("admin:loyalty_redemption_change", args=[public("red", mug.pk)]))
    assert answer.context["object"] == mug


def test_an_analyst_reads_and_may_do_nothing(login: Any, environment: Environment, mug: Redemption) -> None:
    analyst = login(environment, "analyst")
    page = text_of(analyst.get(url_of(mug)))
    assert "Mug" in page
    before = state_of_everything()
    for name in PAGES:
        assert url_of(mug, name) not in page
        assert analyst.get(url_of(mug, name)).status_code == 403
        assert analyst.post(url_of(mug, name), {"step": "confirm", "token": "t"}).status_code == 403
    assert state_of_everything() == before


@pytest.mark.parametrize("name", ["change", *PAGES])
def test_another_tenants_redemption_does_not_exist(support: Client, theirs: Tenant, name: str) -> None:
    answer = support.get(url_of(Redemption.objects.get(pk=theirs.rows[Redemption].pk), name))
    assert answer.status_code == 302
    assert answer["Location"] == LIST


def test_looking_changes_nothing(support: Client, mug: Redemption, ten: Redemption) -> None:
    before = state_of_everything()
    for made in (mug, ten):
        for name in ("change", *PAGES):
            assert support.get(url_of(made, name)).status_code in (200, 302)
    assert support.get(LIST).status_code == 200
    assert state_of_everything() == before


def test_an_erased_members_redemption_shows_no_code_and_no_button(
    support: Client, environment: Environment, ten: Redemption
) -> None:
    from loyalty.actions.erasing import erase_member

    code = str(ten.issued_code)
    actor, now = factories.make_actor(), timezone.now()
    erase_member(environment=environment, member="bob", actor=actor, now=now)
    page = text_of(support.get(url_of(ten)))
    assert code not in page
    assert [url_of(ten, name) in page for name in PAGES] == [False] * 5


class TestInTheLedger:
    def test_entries_name_their_redemption(self, support: Client, ten: Redemption) -> None:
        paid = LedgerEntry.objects.get(redemption_id=ten.pk)
        url = reverse("admin:loyalty_ledgerentry_change", args=[paid.pk])
        assert f'Redeemed for</dt><dd><a href="{url_of(ten)}">Ten off</a>' in text_of(support.get(url))

    def test_a_reversal_leads_to_the_cancellation(self, support: Client, ten: Redemption) -> None:
        paid = LedgerEntry.objects.get(redemption_id=ten.pk)
        url = reverse("admin:loyalty_ledgerentry_change", args=[paid.pk])
        assert url_of(ten, "cancel") in text_of(support.get(url))
        before = state_of_everything()
        answer = support.get(reverse("admin:loyalty_ledgerentry_reverse", args=[paid.pk]))
        assert "Cancel the redemption instead" in told(answer)
        assert state_of_everything() == before

    def test_what_took_it_back_names_it_too(
        self, support: Client, environment: Environment, mug: Redemption
    ) -> None:
        act(support, mug, "fail", reason="Broken")
        back = LedgerEntry.objects.get(type="reversed")
        page = text_of(support.get(reverse("admin:loyalty_ledgerentry_change", args=[back.pk])))
        assert f'<a href="{url_of(mug)}">Mug</a>, which failed' in page
        paid = LedgerEntry.objects.get(redemption_id=mug.pk, reverses=None)
        page = text_of(support.get(reverse("admin:loyalty_ledgerentry_change", args=[paid.pk])))
        assert "All of it has been reversed already." in page

    def test_the_timeline_says_what_points_were_spent_on(self, support: Client, ten: Redemption) -> None:
        page = text_of(support.get(reverse("admin:loyalty_member_change", args=[ten.member_id])))
        assert f'for <a href="{url_of(ten)}">Ten off</a>' in page


def test_the_trail_of_what_support_did_leads_back_here(support: Client, mug: Redemption) -> None:
    actor, now = factories.make_actor(), timezone.now()
    fulfil(environment=mug.reward.environment, redemption=mug.pk, note="Parcel 1", actor=actor, now=now)
    event = AuditEvent.objects.get(verb="redemption.fulfilled")
    page = text_of(support.get(url_of(mug)))
    assert reverse("admin:audit_auditevent_change", args=[event.pk]) in page
    assert "Parcel 1" in page
    assert Metric.objects.get(environment=mug.reward.environment).title in page
