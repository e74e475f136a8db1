"""What the demo prints when it is ready. Only the calls to try contain the word that begins them: whoever reads
the output by program finds them by it. The first three are about points and stay in their order."""

from typing import NamedTuple

from loyalty.demo.challenges import SHARED, VIEWED

CUSTOMER = "17850"  # of the first order in the file


class Access(NamedTuple):
    """What a visitor needs: the server's root (no slash at its end), and the secrets."""

    root: str
    console_path: str
    username: str
    password: str
    key: str
    app_key: str
    token: str
    """Of CUSTOMER, for a day."""


def guide(access: Access) -> str:
    """Addresses, log-in, keys, and seven calls of one line each that work as printed."""
    award, history, balance, cards, action, notifications, profile = calls(access)
    return f"""
Ready.

  Console   {access.root}{access.console_path}
            user {access.username}, password {access.password}
  API key   {access.key}
            (sandbox; replaced by the next start)
  App key   {access.app_key}
            (publishable; likewise)
  API docs  {access.root}/docs/

In the console: customers with points and tiers, rewards with codes and stock, and mugs that wait in the
fulfilment queue. Stamp cards, and how far customers are with them; Rewards to pay for the full ones (13941
sent T-light holders back, which revoked four). Challenges with badges, and milestones: 15061 has lit up the
winter, and was the regular of the week in which they ordered. Search takes a member, a code or an id: 13777, or
CAFE-7919-6007.

To run it: Webhooks tell your server of what happens (docs/webhooks.md), Settings, Imports takes members and
purchases from another system (docs/imports.md), Approvals asks a second person for large adjustments
(docs/approvals.md), and Settings, Background jobs shows what the worker does (docs/jobs.md).

Try it. Award points to a customer of the shop (run it twice: there is still one entry,
and the second answer has the header Idempotent-Replayed: true); their history; their balance:

  {award}

  {history}

  {balance}

The stamp cards that customers can join, as an app asks for them:

  {cards}

The same customer in their own app, by a token that is good for a day. Say three times that they looked at an
article, and once that they shared one (put {SHARED} for {VIEWED}): that completes Look around.
What they are told, once; what they have:

  {action}

  {notifications}

  {profile}

Ctrl-C stops it; the data stays. make clean removes everything."""


def calls(access: Access) -> tuple[str, ...]:
    """The award, the history, the balance, the stamp cards; then the app's action, notifications and profile. The
    idempotency key is another one with each API key."""
    authorization = f'-H "Authorization: Bearer {access.key}"'
    json = '-H "Content-Type: application/json"'
    award = (
        f"curl -i -X POST {access.root}/v1/points/award {authorization} "
        f'{json} -H "Idempotency-Key: welcome-{access.key[-6:]}" '
        f"""-d '{{"customer_id": "{CUSTOMER}", "points": 100, "reason": "Welcome"}}'"""
    )
    history = f'curl "{access.root}/v1/points?customer_id={CUSTOMER}&limit=5" {authorization}'
    balance = f'curl "{access.root}/v1/members/{CUSTOMER}/balances" {authorization}'
    cards = (
        f"curl -X POST {access.root}/publisher.v1/loyalty-program/list {authorization} {json} "
        """-d '{"pagination": {"limit": 50}}'"""
    )
    return award, history, balance, cards, *_of_the_app(access, json)


def _of_the_app(access: Access, json: str) -> tuple[str, str, str]:
    app, own = f"{access.root}/api/loyalty", f'-H "Authorization: Bearer {access.token}"'
    body = f"""-d '{{"action": "{VIEWED}", "data": {{"article": "84029G"}}}}'"""
    action = f"curl -i -X POST {app}/action {own} {json} {body}"
    return action, f"curl {app}/notifications {own}", f"curl {app}/profile {own}"
