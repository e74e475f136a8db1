"""/v1/milestone-sets, /v1/coupons, /v1/member-app and the pictures of items: set up by call (domain.md 8)."""

import base64
from typing import Any

from programs.models import Coupon, Environment, InventoryItem, MemberApp, MilestoneSet, Picture
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.v1.days import done
from tests.api.world import changed, digest
from tests.conftest import Api
from tests.programs.test_pictures import halves, written

DATA_URL = f"data:image/png;base64,{base64.b64encode(written(halves())).decode()}"
LEVELS: dict[str, Any] = {
    "id": "levels",
    "metric": "points",
    "title": "Levels",
    "milestones": [
        {"id": "gold", "title": "Gold", "media": "https://shop.example/gold.png", "threshold": 500},
        {"id": "tin", "title": "Tin", "threshold": -10},
    ],
}
TEA: dict[str, Any] = {"id": "tea", "title": "Free tea", "code": "TEA", "link": "https://shop.example/tea"}


def refused(answer: Any) -> dict[str, str]:
    found = assert_problem(answer, "invalid_request")["errors"]
    return {one["field"]: one["code"] for one in found}


def test_milestones_are_a_whole_list_on_one_metric(api: Api, environment: Environment) -> None:
    made = done(api.post("/v1/milestone-sets", LEVELS))
    gold, tin = LEVELS["milestones"]
    assert made == LEVELS | {"milestones": [tin | {"media": ""}, gold], "created_at": made["created_at"]}
    assert done(api.get("/v1/milestone-sets/levels")) == made
    assert done(api.get("/v1/milestone-sets"))["data"] == [made]
    before = digest()
    assert (
        done(api.patch("/v1/milestone-sets/levels", {"milestones": [gold, tin], "title": "Levels"})) == made
    )
    assert changed(before, digest()) == {}
    for body, fault in (
        ({"milestones": [gold, tin | {"threshold": 500}]}, {"milestones[1].threshold": "unique"}),
        ({"milestones": [tin | {"threshold": 1.5}]}, {"milestones[0].threshold": "invalid"}),
        ({"metric": "points"}, {"metric": "unknown_field"}),
        ({"title": " "}, {"title": "blank"}),
    ):
        assert refused(api.patch("/v1/milestone-sets/levels", body)) == fault
    assert refused(api.post("/v1/milestone-sets", LEVELS)) == {"id": "unique"}
    assert_problem(api.post("/v1/milestone-sets", LEVELS | {"metric": "xp"}), "not_found")
    assert_problem(api.get("/v1/milestone-sets/ranks"), "not_found")
    assert changed(before, digest()) == {}
    few = done(api.patch("/v1/milestone-sets/levels", {"milestones": [gold | {"threshold": 0}]}))
    assert few["milestones"] == [gold | {"threshold": 0}]
    assert MilestoneSet.objects.filter(environment=environment).count() == 1


def test_coupons_are_items_with_a_code_or_a_pattern(api: Api, environment: Environment) -> None:
    made = done(api.post("/v1/coupons", TEA | {"media": DATA_URL}))
    picture = Picture.objects.get(environment=environment)
    unset = {"coupon_id": "", "coupon_type": "", "code_pattern": "", "show_on_notification": False}
    where = f"http://testserver/pictures/{picture.pk}.webp"
    assert made == TEA | unset | {"media": where, "created_at": made["created_at"]}
    assert done(api.get("/v1/coupons/tea")) == made
    assert done(api.get("/v1/coupons"))["data"] == [made]
    (coupons,) = done(api.get("/v1/inventory-sets"))["data"]
    assert (coupons["id"], coupons["items"]) == (
        "coupons",
        [{"id": "tea", "title": "Free tea", "media": where}],
    )
    before = digest()
    assert done(api.patch("/v1/coupons/tea", {"title": "Free tea", "media": where})) == made
    for body, fault in (
        ({"code_pattern": "TEA-########"}, {"code_pattern": "invalid"}),
        ({"code": "", "code_pattern": "TEA-#"}, {"code_pattern": "too_short"}),
        ({"link": "tea"}, {"link": "invalid"}),
        ({"media": "data:image/png;base64,AAAA"}, {"media": "invalid"}),
        ({"id": "cake"}, {"id": "unknown_field"}),
    ):
        assert refused(api.patch("/v1/coupons/tea", body)) == fault
    assert refused(api.post("/v1/coupons", TEA)) == {"id": "unique"}
    assert_problem(api.get("/v1/coupons/cake"), "not_found")
    assert changed(before, digest()) == {}
    other = done(api.patch("/v1/coupons/tea", {"code": "", "code_pattern": "TEA-########", "media": ""}))
    assert (other["code"], other["code_pattern"], other["media"]) == ("", "TEA-########", "")
    in_use = api.patch("/v1/inventory-sets/coupons", {"items": []})
    assert refused(in_use) == {"items": "in_use"}
    assert Coupon.objects.filter(environment=environment).count() == 1


def test_an_items_picture_is_kept_while_its_address_is_sent_again(api: Api, environment: Environment) -> None:
    items = [{"id": "gold", "title": "Gold", "media": DATA_URL}, {"id": "tin", "title": "Tin"}]
    made = done(api.post("/v1/inventory-sets", {"id": "badges", "title": "Badges", "items": items}))
    picture = Picture.objects.get(environment=environment)
    where = f"http://testserver/pictures/{picture.pk}.webp"
    assert [item["media"] for item in made["items"]] == [where, ""]
    before = digest()
    assert done(api.patch("/v1/inventory-sets/badges", {"items": made["items"]})) == made
    assert refused(
        api.patch("/v1/inventory-sets/badges", {"items": [items[1], items[0] | {"media": "gold.png"}]})
    ) == {"items[1].media": "invalid"}
    broken = [items[1], items[0] | {"media": "data:image/png;base64,AAAA"}]
    assert refused(api.patch("/v1/inventory-sets/badges", {"items": broken})) == {"items[1].media": "invalid"}
    assert changed(before, digest()) == {}
    elsewhere = "https://shop.example/gold.png"
    changes = {"items": [items[0] | {"media": elsewhere}, items[1]]}
    shown = done(api.patch("/v1/inventory-sets/badges", changes))["items"]
    assert [item["media"] for item in shown] == [elsewhere, ""]
    theirs = factories.make_environment()
    mine = {"id": "badges", "title": "Badges", "items": [items[1] | {"media": where}]}
    answer = Api(factories.make_key(theirs)).post("/v1/inventory-sets", mine)
    assert refused(answer) == {"items[0].media": "invalid"}, "a picture of another environment is not known"
    assert not InventoryItem.objects.filter(environment=theirs).exists()


def test_the_members_app_is_one_an_environment(api: Api, environment: Environment) -> None:
    empty: dict[str, Any] = {"public_host": None, "origins": [], "event_types": []}
    assert done(api.get("/v1/member-app")) == empty
    host = f"{environment.pk.hex}.example"
    given = {"public_host": host.upper(), "origins": ["https://Shop.example/"], "event_types": ["visit"]}
    kept = {"public_host": host, "origins": ["https://shop.example"], "event_types": ["visit"]}
    assert done(api.patch("/v1/member-app", given)) == kept
    assert done(api.get("/v1/member-app")) == kept
    before = digest()
    assert done(api.patch("/v1/member-app", {})) == kept
    for body, fault in (
        ({"origins": ["https://a.example", "http://b.example"]}, {"origins[1]": "invalid"}),
        ({"event_types": ["purchase"]}, {"event_types[0]": "invalid_value"}),
        ({"public_host": "https://club.example"}, {"public_host": "invalid"}),
        ({"hosts": []}, {"hosts": "unknown_field"}),
    ):
        assert refused(api.patch("/v1/member-app", body)) == fault
    assert refused(api.patch("/v1/member-app", {"event_types": [1]})) != {}
    assert refused(api.patch("/v1/member-app", {"origins": "https://a.example"})) != {}
    others = Api(factories.make_key(factories.make_environment()))
    assert refused(others.patch("/v1/member-app", {"public_host": host})) == {"public_host": "unique"}
    assert done(others.get("/v1/member-app")) == empty
    assert MemberApp.objects.filter(public_host=host).count() == 1
    assert changed({"programs_memberapp": before["programs_memberapp"]}, digest()) == {}
