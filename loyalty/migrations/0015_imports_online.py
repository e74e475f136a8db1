"""What 0012_imports began, without a lock that writers would wait for. It can be run again."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models

from audit.online import RunIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("loyalty", "0014_retention")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                RunIndexOnline(
                    "entry_opening_balance_once",
                    "CREATE UNIQUE INDEX CONCURRENTLY entry_opening_balance_once"
                    " ON loyalty_ledgerentry (account_id, origin) WHERE origin LIKE 'opening\\_balance:%';",
                ),
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="ledgerentry",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("origin__startswith", "opening_balance:")),
                        fields=("account", "origin"),
                        name="entry_opening_balance_once",
                    ),
                ),
            ],
        ),
        ValidateConstraint(model_name="ledgerentry", name="entry_event_has_origin"),
    ]
