"""`manage.py reset_second_factor olga`: for who lost phone and recovery codes, and has no owner above."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from audit.errors import DomainError
from audit.record import Actor
from programs.actions.second_factors import reset_second_factor


class Command(BaseCommand):
    help = "Take a staff user's second factor away and end their log-ins; they set up a new one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError("There is no staff user of this name.")
        try:
            reset_second_factor(user=user, by=None, actor=Actor.system("reset_second_factor"))
        except DomainError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"{user} logs in by the password alone now.")
