"""`manage.py encrypt_again`: after a new one was put in front of ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from audit.record import Actor
from audit.secrets_at_rest import Unreadable
from audit.webhooks import endpoints
from programs.actions import second_factors, token_keys


class Command(BaseCommand):
    """What was encrypted under an older key is then under the newest, and the older may be dropped."""

    help = "Put every secret that is kept encrypted under the newest of ENCRYPTION_KEYS; safe while in use."

    def handle(self, *args: Any, **options: Any) -> None:
        actor = Actor.system("encrypt_again")
        try:
            with transaction.atomic():
                count = token_keys.encrypt_again(actor=actor)
                count += second_factors.encrypt_again(actor=actor)
                count += endpoints.encrypt_again(actor=actor, now=timezone.now())
        except Unreadable as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        self.stdout.write(f"{count} secrets are under the newest key.")
