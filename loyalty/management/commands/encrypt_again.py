"""`manage.py encrypt_again`: after a new one was put in front of ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.record import Actor
from audit.secrets_at_rest import Unreadable
from programs.actions.token_keys import encrypt_again


class Command(BaseCommand):
    """What was encrypted under an older key is then under the newest, and the older may be dropped."""

    help = "Put every secret that is kept encrypted under the newest of ENCRYPTION_KEYS; safe while in use."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = encrypt_again(actor=Actor.system("encrypt_again"))
        except Unreadable as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        self.stdout.write(f"{count} secrets are under the newest key.")
