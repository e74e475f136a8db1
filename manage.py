#!/usr/bin/env python
"""Django's command line: `python manage.py help`."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings  # noqa: PLC0415 - after the settings are named
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    from config.embedded_postgres import EmbeddedPostgresError  # noqa: PLC0415

    try:
        settings.INSTALLED_APPS  # noqa: B018 - a setting that is missing is one sentence, not a traceback
        execute_from_command_line(sys.argv)
    except (EmbeddedPostgresError, ImproperlyConfigured) as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
