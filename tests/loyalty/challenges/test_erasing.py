"""What becomes of challenges when their member is forgotten (domain.md 1, 8)."""

import pytest

from loyalty.errors import PurchaseNotFound
from loyalty.models import Achievement, ItemChange, LedgerEntry, MissionProgress
from programs.models import Challenge, Environment
from tests.factories import make_coupon
from tests.loyalty.challenges.camp import Camp, assert_sound


@pytest.fixture
def camp(environment: Environment) -> Camp:
    return Camp(environment)


@pytest.fixture
def regular(camp: Camp) -> Challenge:
    """It gives points and a coupon with a code of its own, and tells both."""
    coupon = make_coupon(camp.environment, code_pattern="TEA-########")
    return camp.challenge(
        rewards=[camp.points(50), {"kind": "coupon", "item": coupon.item}],
        notification_display="toast",
        notification_title="Well done",
        notification_message="Have a tea",
    )


@pytest.mark.usefixtures("regular")
def test_progress_and_words_go_and_what_was_given_stays(camp: Camp) -> None:
    camp.visit("ada", 2)
    camp.visit("bob", 2)
    before = camp.achievements("ada")
    others = [camp.achievements("bob"), camp.changes_of("bob"), camp.progress_of("bob")]
    camp.erase("ada")
    assert camp.progress_of("ada") == {}
    after = camp.achievements("ada")
    assert [(row.title, row.message) for row in after] == [(None, None)] * 2
    for name in ("pk", "kind", "period", "entry_ids", "event_id", "read_at", "revoked_at", "display"):
        assert [getattr(row, name) for row in after] == [getattr(row, name) for row in before], name
    codes = dict(
        ItemChange.objects.filter(environment_id=camp.environment.id).values_list("member_id", "code")
    )
    assert codes[camp.key("ada")] is None
    assert (codes[camp.key("bob")] or "").startswith("TEA-")
    assert [camp.achievements("bob"), camp.changes_of("bob"), camp.progress_of("bob")] == others
    assert [row.title for row in camp.achievements("bob")] == ["", "Well done"]
    assert camp.items_of("ada") == {}
    assert_sound(camp)


@pytest.mark.usefixtures("regular")
def test_of_who_was_merged_into_them_too(camp: Camp) -> None:
    camp.visit("ada", 2)
    camp.visit("bob")
    camp.merge("ada", "bob")
    camp.erase("bob")
    rows = Achievement.objects.filter(environment_id=camp.environment.id)
    assert (rows.count(), rows.filter(title=None, message=None).count()) == (4, 4)
    assert not ItemChange.objects.filter(environment_id=camp.environment.id, code__isnull=False).exists()
    assert not MissionProgress.objects.filter(environment_id=camp.environment.id).exists()
    assert_sound(camp)


def test_neither_an_edit_nor_a_refund_moves_anything_of_theirs(camp: Camp, regular: Challenge) -> None:
    camp.visit("ada", 2)
    (one,) = camp.visit("cid")
    camp.erase("ada")
    camp.erase("cid")
    camp.edit(regular, [("Come twice", {"target": 1})])
    before = camp.everything()
    assert camp.settle().counts["members"] == 0
    with pytest.raises(PurchaseNotFound):
        camp.refund(one.event.event_id, member="cid")
    assert camp.everything() == before
    assert_sound(camp)


@pytest.mark.usefixtures("regular")
def test_who_comes_back_under_the_id_begins_anew(camp: Camp) -> None:
    camp.visit("ada", 2)
    camp.erase("ada")
    camp.visit("ada")
    own = LedgerEntry.objects.filter(environment_id=camp.environment.id)
    assert own.filter(origin__startswith="challenge:").count() == 1
    (row,) = MissionProgress.objects.filter(environment_id=camp.environment.id)
    assert row.progress == 1
    camp.visit("ada")
    live = Achievement.objects.filter(environment_id=camp.environment.id, member=row.member_id)
    assert [achievement.kind for achievement in live.order_by("id")] == ["mission", "challenge"]
    assert LedgerEntry.objects.filter(origin__startswith="challenge:", member=row.member_id).count() == 1
    assert_sound(camp)
