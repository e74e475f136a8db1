"""`manage.py import_members`: a file of members, once or again (docs/imports.md)."""

from loyalty.management.importing import ImportCommand
from loyalty.models import Import


class Command(ImportCommand):
    """As the page Imports of the console does it."""

    help = "Import members with their opening balances and attributes from a CSV file. Safe to run again."
    kind = Import.Kind.MEMBERS
