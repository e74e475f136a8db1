"""The console in place of Django's default admin site."""

from importlib import import_module

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """The site needs programs.admin.base, and the pages need the site: so the pages come last, by name."""

    default_site = "config.console.ConsoleSite"

    def ready(self) -> None:
        super().ready()
        import_module("programs.admin.pages")
        import_module("loyalty.admin.pages")
