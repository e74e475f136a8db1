"""`manage.py demo`: a shop with real orders, ready to be looked at. `make demo` runs it."""

import os
import sys
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse
from django.utils import timezone

from audit.errors import DomainError
from audit.record import Actor
from loyalty.actions.pace import Pace
from loyalty.actions.rolling_up import roll_up
from loyalty.actions.sweep import sweep
from loyalty.actions.tokens import issue_token
from loyalty.demo import challenges, rewards, serve, shop, stamps
from loyalty.demo.guide import CUSTOMER, Access, guide
from loyalty.demo.orders import read_history
from loyalty.demo.replay import is_complete, schedule_of, summarise
from loyalty.management.commands.bootstrap import Tenant, bootstrap_tenant
from loyalty.management.commands.replay_orders import sandbox, told
from programs.queries.environments import now_in

READY_PATH = "/readyz"


class Command(BaseCommand):
    """Sets up what is missing, then becomes the server. Interrupted anywhere, the next start goes on."""

    help = "Set up the demo shop with its orders, start the server and print what to try."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", default=os.environ.get("PORT") or "8000", help="default: $PORT, or 8000"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        port, root = _port(options["port"]), Path(settings.BASE_DIR)
        if not settings.DEBUG:
            raise CommandError(
                "The demo's log-in is printed, so it needs DEBUG=on; use bootstrap for a real tenant."
            )
        try:
            serve.refuse_if_taken(root, port)
            serve.claim(root)
            access = self.set_up(root, f"http://{serve.HOST}:{port}")
        except (serve.Taken, DomainError) as refusal:
            raise SystemExit(str(refusal)) from refusal
        except KeyboardInterrupt:
            raise SystemExit("\nInterrupted: make demo goes on where this ended.") from None
        self.say("== server")
        connections.close_all()
        serve.start_worker(root)
        serve.announce_when_ready(port, READY_PATH, lambda: self.say(guide(access)))
        serve.become_server(root, port)

    def set_up(self, root: Path, url: str) -> Access:
        """The database, the tenant, the rules, the orders and a fresh key; each as far as needed."""
        self.say("== database")
        self.migrate()
        self.say(f"== shop: {shop.ORGANIZATION}, {shop.PROJECT}")
        actor = Actor.system("demo")
        tenant, password = self.tenant(root, actor)
        begins_at = self.publish_rules(actor)
        self.stamp_cards(actor, begins_at)
        self.challenges(actor, begins_at)
        self.rewards(actor, begins_at)
        self.replay(actor)
        self.pay_stamp_rewards(actor)
        key = shop.rotate_key(environment=tenant.environments["sandbox"], actor=actor)
        self.say(f"== API key {key.key.prefix}... made, earlier demo keys revoked")
        app_key, token = self.app(actor, url)
        roll_up(pace=Pace(rest=0))
        return Access(url, reverse("admin:index"), tenant.user.username, password, key.secret, app_key, token)

    def migrate(self) -> None:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            self.say(f"   applying {len(missing)} migrations ...")
            call_command("migrate", interactive=False, verbosity=0)
        else:
            self.say("   up to date")

    def tenant(self, root: Path, actor: Actor) -> tuple[Tenant, str]:
        """The project and its user, whose password is the one that will be printed."""
        password = shop.demo_password(root / ".data" / "demo.json")
        tenant = bootstrap_tenant(
            organization=shop.ORGANIZATION,
            project=shop.PROJECT,
            time_zone=shop.TIME_ZONE,
            username=shop.USERNAME,
            password=password,
            new_password=True,
            actor=actor,
        )
        return tenant, password

    def publish_rules(self, actor: Actor) -> datetime:
        """Midnight before the first order: all is set up by the time of then."""
        environment, history = sandbox(), read_history()
        since = schedule_of(environment, history, now_in(environment)).begins
        for name in shop.ensure_rules(environment=environment, actor=actor, since=since):
            self.say(f'   rule "{name}" published')
        if shop.ensure_tiers(environment=sandbox(), actor=actor):
            self.say("   tiers Bronze, Silver and Gold set up")
        return since

    def stamp_cards(self, actor: Actor, at: datetime) -> None:
        """Before the orders: they stamp the cards that their customers have then."""
        for name in stamps.ensure_stamp_programs(environment=sandbox(), actor=actor, now=at):
            self.say(f'   stamp card "{name}" set up')
        environment = sandbox()
        made = stamps.ensure_cards(
            environment=environment, history=read_history(), actor=actor, now=now_in(environment)
        )
        if made:
            self.say(f"   {made} stamp cards handed out to customers")

    def challenges(self, actor: Actor, at: datetime) -> None:
        """Before the orders: they count for those that are active then."""
        for name in challenges.ensure_challenges(environment=sandbox(), actor=actor, now=at):
            self.say(f'   challenge "{name}" set up')

    def rewards(self, actor: Actor, at: datetime) -> None:
        """Before the orders: their customers buy them between these."""
        names = rewards.ensure_rewards(environment=sandbox(), actor=actor, now=at)
        if names:
            self.say(f"   rewards set up: {', '.join(names)}")

    def replay(self, actor: Actor) -> None:
        """Nothing where all is there: that shows in one statement."""
        environment, history = sandbox(), read_history()
        if is_complete(environment, history):
            self.say("== orders: replayed by an earlier start")
            for line in told(summarise(environment, history), history):
                self.say(line)
        else:
            self.say(f"== orders: replaying {len(history.events)} events")
            call_command("replay_orders", stdout=self.stdout)
            sweep(actor=actor, now=now_in(environment), pace=Pace(rest=0))

    def pay_stamp_rewards(self, actor: Actor) -> None:
        """After the orders: they filled the cards."""
        environment = sandbox()
        paid = stamps.ensure_payments(environment=environment, actor=actor, now=now_in(environment))
        if paid:
            self.say(f"== stamp rewards: {paid} paid, the others wait to be paid")

    def app(self, actor: Actor, url: str) -> tuple[str, str]:
        """Its publishable key, and the token of a customer, who can try it for a day."""
        environment = sandbox()
        if challenges.ensure_app(environment=environment, url=url, actor=actor):
            self.say(f"== member app: called by {url}")
        key = shop.rotate_app_key(environment=environment, actor=actor)
        token = issue_token(
            environment=environment,
            member=CUSTOMER,
            actor=actor,
            now=timezone.now(),
            expires_in=shop.TOKEN_LIFE,
        )
        return key.secret, token.token

    def say(self, line: str) -> None:
        """A line at once, also into a file."""
        self.stdout.write(line)
        self.stdout.flush()
        sys.stdout.flush()


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CommandError(f"PORT is a number from 1 to 65535, not {text!r}.")
    return int(text)
