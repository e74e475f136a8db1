"""Both libraries have every call of /v1, and their generated parts are the engine's own."""

import json
import re
from typing import Any

import pytest

from loyalty.api.common.problems import PROBLEMS
from loyalty_engine_client import PROBLEMS as ERRORS
from loyalty_engine_client import Client
from sdk.generate import document, generated
from tests.sdk import JAVASCRIPT, ROOT, node
from tests.sdk.fake import Answer, Fake

# resource, method, operation of the OpenAPI document, names in the path
CALLS = [
    ("points", "award", "award_points", 0),
    ("points", "redeem", "redeem_points", 0),
    ("points", "adjust", "adjust_points", 0),
    ("points", "transfer", "transfer_points", 0),
    ("points", "list", "list_points", 0),
    ("customers", "retrieve", "retrieve_customer", 1),
    ("customers", "list", "list_customers", 0),
    ("customers", "update", "update_customer", 1),
    ("customers", "merge", "merge_customer", 1),
    ("customers", "export", "export_customer", 1),
    ("customers", "delete", "erase_customer", 1),
    ("customers", "balances", "retrieve_balances", 1),
    ("customers", "tier", "retrieve_customer_tier", 1),
    ("customers", "challenges", "retrieve_customer_challenges", 1),
    ("customers", "stamp_collections", "list_customer_stamp_collections", 1),
    ("customers", "referral", "retrieve_customer_referral", 1),
    ("customers", "refer", "refer_customer", 1),
    ("events", "send", "record_event", 0),
    ("events", "send_batch", "record_events", 0),
    ("events", "retrieve", "retrieve_event", 1),
    ("events", "explain", "explain_event", 1),
    ("events", "dry_run", "dry_run_event", 0),
    ("rewards", "list", "list_rewards", 0),
    ("rewards", "retrieve", "retrieve_reward", 1),
    ("rewards", "create", "create_reward", 0),
    ("rewards", "update", "update_reward", 1),
    ("rewards", "upload_codes", "add_reward_codes", 1),
    ("rewards", "codes", "list_reward_codes", 1),
    ("rewards", "remove_codes", "remove_reward_codes", 1),
    ("redemptions", "list", "list_redemptions", 0),
    ("redemptions", "retrieve", "retrieve_redemption", 1),
    ("redemptions", "fulfil", "fulfil_redemption", 1),
    ("redemptions", "fail", "fail_redemption", 1),
    ("redemptions", "cancel", "cancel_redemption", 1),
    ("redemptions", "validate", "validate_code", 0),
    ("redemptions", "use", "use_code", 0),
    ("offers", "redeem", "redeem_offer", 0),
    ("offers", "redeem_for", "redeem_user_offer", 2),
    ("inventory_sets", "list", "list_inventory_sets", 0),
    ("inventory_sets", "retrieve", "retrieve_inventory_set", 1),
    ("inventory_sets", "create", "create_inventory_set", 0),
    ("inventory_sets", "update", "update_inventory_set", 1),
    ("coupons", "list", "list_coupons", 0),
    ("coupons", "retrieve", "retrieve_coupon", 1),
    ("coupons", "create", "create_coupon", 0),
    ("coupons", "update", "update_coupon", 1),
    ("milestone_sets", "list", "list_milestone_sets", 0),
    ("milestone_sets", "retrieve", "retrieve_milestone_set", 1),
    ("milestone_sets", "create", "create_milestone_set", 0),
    ("milestone_sets", "update", "update_milestone_set", 1),
    ("challenges", "list", "list_challenges", 0),
    ("challenges", "retrieve", "retrieve_challenge", 1),
    ("challenges", "create", "create_challenge", 0),
    ("challenges", "update", "update_challenge", 1),
    ("plans", "retrieve", "retrieve_plan", 0),
    ("member_apps", "retrieve", "retrieve_member_app", 0),
    ("member_apps", "update", "update_member_app", 0),
    ("stamp_programs", "list", "list_stamp_programs", 0),
    ("stamp_programs", "retrieve", "retrieve_stamp_program", 1),
    ("stamp_programs", "create", "create_stamp_program", 0),
    ("stamp_programs", "update", "update_stamp_program", 1),
    ("stamp_collections", "create", "create_stamp_collection", 0),
    ("stamp_collections", "retrieve", "retrieve_stamp_collection", 1),
    ("stamp_rewards", "list", "list_stamp_rewards", 0),
    ("stamp_rewards", "retrieve", "retrieve_stamp_reward", 1),
    ("stamp_rewards", "pay", "pay_stamp_reward", 1),
    ("holds", "create", "create_hold", 0),
    ("holds", "retrieve", "retrieve_hold", 1),
    ("holds", "list", "list_holds", 0),
    ("holds", "capture", "capture_hold", 1),
    ("holds", "release", "release_hold", 1),
    ("holds", "cancel", "cancel_hold", 1),
    ("transactions", "list", "list_transactions", 0),
    ("transactions", "retrieve", "retrieve_transaction", 1),
    ("transactions", "reverse", "reverse_transaction", 1),
    ("tokens", "create", "issue_member_token", 1),
    ("programs", "list", "list_programs", 0),
    ("programs", "retrieve", "retrieve_program", 1),
    ("programs", "create", "create_program", 0),
    ("programs", "update", "update_program", 1),
    ("program_shares", "list", "list_program_shares", 0),
    ("program_shares", "retrieve", "retrieve_program_share", 1),
    ("program_shares", "create", "create_program_share", 0),
    ("program_shares", "revoke", "revoke_program_share", 1),
    ("metrics", "list", "list_metrics", 0),
    ("metrics", "retrieve", "retrieve_metric", 1),
    ("metrics", "create", "create_metric", 0),
    ("metrics", "update", "update_metric", 1),
    ("earning_rules", "list", "list_earning_rules", 0),
    ("earning_rules", "retrieve", "retrieve_earning_rule", 1),
    ("earning_rules", "create", "create_earning_rule", 0),
    ("earning_rules", "update", "update_earning_rule", 1),
    ("earning_rules", "publish", "publish_earning_rule", 1),
    ("earning_rules", "archive", "archive_earning_rule", 1),
    ("earning_rules", "roll_back", "roll_back_earning_rule", 1),
    ("earning_rules", "revisions", "list_earning_rule_revisions", 1),
    ("earning_rules", "back_test", "back_test_earning_rule", 1),
    ("back_tests", "retrieve", "retrieve_back_test", 1),
    ("tiers", "list", "list_tiers", 0),
    ("tiers", "retrieve", "retrieve_tiers", 1),
    ("tiers", "create", "create_tiers", 0),
    ("tiers", "update", "update_tiers", 1),
    ("analytics", "points", "points_analytics", 0),
    ("analytics", "liability", "liability_analytics", 0),
    ("analytics", "members", "member_analytics", 0),
    ("analytics", "tiers", "tier_analytics", 0),
    ("analytics", "challenges", "challenge_analytics", 0),
    ("analytics", "rewards", "reward_analytics", 0),
    ("analytics", "stamps", "stamp_analytics", 0),
    ("audit_events", "list", "list_audit_events", 0),
    ("webhook_endpoints", "list", "list_webhook_endpoints", 0),
    ("webhook_endpoints", "retrieve", "retrieve_webhook_endpoint", 1),
    ("webhook_endpoints", "create", "create_webhook_endpoint", 0),
    ("webhook_endpoints", "update", "update_webhook_endpoint", 1),
    ("webhook_endpoints", "delete", "delete_webhook_endpoint", 1),
    ("webhook_endpoints", "rotate_secret", "rotate_webhook_secret", 1),
    ("webhook_endpoints", "test", "test_webhook_endpoint", 1),
    ("webhook_deliveries", "list", "list_webhook_deliveries", 0),
    ("webhook_deliveries", "retrieve", "retrieve_webhook_delivery", 1),
    ("webhook_deliveries", "resend", "resend_webhook_delivery", 1),
    ("sandbox", "set_clock", "set_sandbox_clock", 0),
    ("sandbox", "reset", "reset_sandbox", 0),
]
DOCUMENT = document(ROOT / "docs" / "openapi.yaml")
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    if path.startswith("/v1/")
    for method, operation in methods.items()
}
# /v1/members and /v1/customers are the same resource: one name of each call is enough.
TWICE = {
    other
    for path in DOCUMENT["paths"]
    if path.startswith("/v1/members")
    for method, operation in DOCUMENT["paths"][path].items()
    for other in (
        operation["operationId"],
        DOCUMENT["paths"][path.replace("members", "customers", 1)][method]["operationId"],
    )
}
# What a method takes between the names in the path and what all take.
BETWEEN: dict[tuple[str, str], list[Any]] = {
    ("events", "send_batch"): [[]],
    ("rewards", "upload_codes"): [["A1"]],
    ("redemptions", "validate"): ["A1"],
}
# What a Python method must be given by name.
PERIOD = {"from_": "2026-01-01", "to": "2026-02-01"}
NAMED: dict[tuple[str, str], dict[str, str]] = {
    ("earning_rules", "back_test"): PERIOD,
    ("offers", "redeem"): {"user_id": "ada", "offer_id": "rwd_1"},
}
SCRIPT = """
const { Client } = await import(process.env.LIBRARY);
for (const [resource, method, given] of JSON.parse(process.env.CALLS)) {
  const fetch = async (url, { method, headers }) => {
    console.log(JSON.stringify([method, new URL(url).pathname, headers["Idempotency-Key"] !== undefined]));
    return new Response('{"data": [], "has_more": false, "next_cursor": null}');
  };
  await new Client("sk", { baseUrl: "http://x.example", fetch })[resource][method](...given);
}
"""


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)


def expected(operation: str) -> list[Any]:
    method, path, _ = OPERATIONS[operation]
    return [method, re.sub(r"\{[a-z_]+\}", "x", path), method != "GET"]


def test_every_operation_is_a_call() -> None:
    called = {operation for _, _, operation, _ in CALLS}
    assert called - OPERATIONS.keys() == set()
    assert OPERATIONS.keys() - called - TWICE == set()
    assert {operation for operation in called if operation in TWICE} >= {
        "retrieve_customer",
        "issue_member_token",
    }


@pytest.mark.parametrize(("resource", "method", "operation", "ids"), CALLS)
def test_the_python_call_is_that_operation(
    client: Client, fake: Fake, resource: str, method: str, operation: str, ids: int
) -> None:
    fake.will(Answer(200, {"data": [], "has_more": False, "next_cursor": None}))
    call = getattr(getattr(client, resource), method)
    call(*["x"] * ids, *BETWEEN.get((resource, method), []), **NAMED.get((resource, method), {}))
    (asked,) = fake.asked
    path, _, query = asked.path.partition("?")
    assert [asked.method, path, asked.key is not None] == expected(operation)
    known = {parameter["name"] for parameter in OPERATIONS[operation][2].get("parameters", [])}
    assert {pair.split("=")[0] for pair in query.split("&") if pair} <= known


def test_the_javascript_calls_are_those_operations() -> None:
    calls = [
        (camel(resource), camel(method), ["x"] * ids + BETWEEN.get((resource, method), []))
        for resource, method, _, ids in CALLS
    ]
    found = node.lines_of(SCRIPT, CALLS=json.dumps(calls))
    assert found == [expected(operation) for _, _, operation, _ in CALLS]


def test_the_python_lists_take_every_filter() -> None:
    for resource, method, operation, _ in CALLS:
        method_, _, spec = OPERATIONS[operation]
        names = {p["name"] for p in spec.get("parameters", []) if p["in"] == "query"}
        if method_ == "GET" and names:
            function = getattr(getattr(Client("sk", base_url="http://x.example"), resource), method)
            taken = {name.rstrip("_") for name in function.__annotations__} - {"return"}
            assert names <= taken, (resource, method)


def test_the_types_for_javascript_name_the_same_calls() -> None:
    text = (JAVASCRIPT / "src" / "index.d.ts").read_text()
    blocks = dict(re.findall(r"^export interface (\w+)[^{]*\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL))
    configured = re.findall(r"(\w+)(?: =| extends) Configured<", text)
    for resource, method, _, _ in CALLS:
        kind = camel(resource)[0].upper() + camel(resource)[1:]
        own = blocks.get(kind, "") + (blocks["Configured"] if kind in configured else "")
        assert re.search(rf"^  {camel(method)}\(", own, re.MULTILINE), (kind, method)
        assert f"  readonly {camel(resource)}: {kind};" in text


def test_both_know_the_engines_codes_and_no_others() -> None:
    assert list(ERRORS) == list(PROBLEMS)
    script = "console.log(JSON.stringify([...(await import(process.env.LIBRARY)).PROBLEMS.keys()]));"
    assert node.lines_of(script) == [list(PROBLEMS)]


def test_the_generated_parts_follow_from_the_engine() -> None:
    stale = [path.name for path, text in generated().items() if path.read_text() != text]
    assert stale == [], "Renew them: python -m sdk.generate"
