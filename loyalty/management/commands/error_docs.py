"""Prints docs/errors.md."""

from typing import Any

from django.core.management.base import BaseCommand

from loyalty.api.v1.error_pages import markdown


class Command(BaseCommand):
    help = "Print what each error code means, as Markdown (docs/errors.md)."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(markdown(), ending="")
