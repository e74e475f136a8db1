"""The client: one object, its calls grouped by what they are about."""

import copy
from collections.abc import Callable
from time import sleep as real_sleep
from typing import Self

from loyalty_engine_client.resources import (
    challenges,
    customers,
    events,
    ledger,
    operations,
    points,
    redemptions,
    rewards,
    setup,
    stamps,
    webhooks,
)
from loyalty_engine_client.transport import Transport


class Client:
    """Calls of one environment of a loyalty engine. Threads may share it.

    `api_key`: a secret key, or a member token. `base_url`: where the engine is, such as https://loyalty.example.com.
    `timeout`: seconds to wait for a connection, and for each part of an answer. `max_retries`: so many times a
    request is repeated when the connection fails, the server is busy (502, 503, 504), asks to slow down (429) or is
    still at work on the same request; `retry_delay`: seconds before the first repetition, doubled for each further
    one up to 8 s, half of it at random. A write is repeated with its first Idempotency-Key: it is done once.
    """

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str,
        timeout: float = 10.0,
        max_retries: int = 4,
        retry_delay: float = 0.5,
        sleep: Callable[[float], None] = real_sleep,
    ) -> None:
        transport = Transport(
            api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            retry_delay=retry_delay,
            sleep=sleep,
        )
        self._use(transport)

    def _use(self, transport: Transport) -> None:
        self._transport = transport
        self.points = points.Points(transport)
        self.customers = customers.Customers(transport)
        self.events = events.Events(transport)
        self.rewards = rewards.Rewards(transport)
        self.redemptions = redemptions.Redemptions(transport)
        self.offers = redemptions.Offers(transport)
        self.inventory_sets = rewards.InventorySets(transport)
        self.coupons = challenges.Coupons(transport)
        self.milestone_sets = challenges.MilestoneSets(transport)
        self.challenges = challenges.Challenges(transport)
        self.stamp_programs = stamps.StampPrograms(transport)
        self.stamp_collections = stamps.StampCollections(transport)
        self.stamp_rewards = stamps.StampRewards(transport)
        self.holds = ledger.Holds(transport)
        self.transactions = ledger.Transactions(transport)
        self.tokens = operations.Tokens(transport)
        self.member_apps = challenges.MemberApps(transport)
        self.programs = setup.Programs(transport)
        self.program_shares = setup.ProgramShares(transport)
        self.metrics = setup.Metrics(transport)
        self.earning_rules = setup.EarningRules(transport)
        self.back_tests = setup.BackTests(transport)
        self.tiers = setup.Tiers(transport)
        self.analytics = operations.Analytics(transport)
        self.audit_events = operations.AuditEvents(transport)
        self.webhook_endpoints = webhooks.WebhookEndpoints(transport)
        self.webhook_deliveries = webhooks.WebhookDeliveries(transport)
        self.plans = operations.Plans(transport)
        self.sandbox = operations.Sandbox(transport)

    def with_timeout(self, timeout: float) -> Self:
        """The same client, with the same connections, but for its `timeout`: for calls that take longer."""
        made = copy.copy(self)
        made._use(self._transport.with_timeout(timeout))  # noqa: SLF001 - of our own kind
        return made

    def close(self) -> None:
        """End the open connections, also those shared through `with_timeout`."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
