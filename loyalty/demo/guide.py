"""What the demo prints when it is ready. Only the calls to try contain the word that begins them: whoever reads
the output by program finds them by it. The first three are about points and stay in their order."""

from typing import NamedTuple

CUSTOMER = "17850"  # of the first order in the file


class Access(NamedTuple):
    """What a visitor needs: the server's root (no slash at its end), and the secrets."""

    root: str
    console_path: str
    username: str
    password: str
    key: str


def guide(access: Access) -> str:
    """Addresses, log-in, key, and four calls of one line each that work as printed."""
    award, history, balance, cards = calls(access)
    return f"""
Ready.

  Console   {access.root}{access.console_path}
            user {access.username}, password {access.password}
  API key   {access.key}
            (sandbox; replaced by the next start)
  API docs  {access.root}/docs/

In the console: customers with points and tiers, rewards with codes and stock, and mugs that wait in the
fulfilment queue. Stamp cards, and how far customers are with them; Rewards to pay for the full ones (13941
sent T-light holders back, which revoked four). Search takes a member, a code or an id: 13777, or CAFE-7919-6007.

Try it. Award points to a customer of the shop (run it twice: there is still one entry,
and the second answer has the header Idempotent-Replayed: true); their history; their balance:

  {award}

  {history}

  {balance}

The stamp cards that customers can join, as an app asks for them:

  {cards}

Ctrl-C stops it; the data stays. make clean removes everything."""


def calls(access: Access) -> tuple[str, str, str, str]:
    """The award, the history, the balance and the stamp cards. The idempotency key is another one with each API
    key."""
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
    return award, history, balance, cards
