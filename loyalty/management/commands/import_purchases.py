"""`manage.py import_purchases`: a file of purchases, once or again (docs/imports.md)."""

from loyalty.management.importing import ImportCommand
from loyalty.models import Import


class Command(ImportCommand):
    """As the page Imports of the console does it."""

    help = "Import purchases of any age from a CSV file. Safe to run again."
    kind = Import.Kind.PURCHASES
