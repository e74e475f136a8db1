#!/usr/bin/env python
"""Django's command line: `python manage.py help`."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the settings are named

    from config.embedded_postgres import EmbeddedPostgresError  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except EmbeddedPostgresError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
