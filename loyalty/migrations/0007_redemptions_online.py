"""What 0006 began, without a lock that writers would wait for.

Ended half way, PostgreSQL leaves the index that it was at as INVALID: drop it, then migrate again.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [("loyalty", "0006_redemptions")]

    operations = [
        AddIndexConcurrently(
            model_name="ledgerentry",
            index=models.Index(
                fields=["redemption_id"],
                condition=models.Q(("redemption_id__isnull", False)),
                name="entry_redemption",
            ),
        ),
        migrations.RunSQL(
            "ALTER TABLE loyalty_ledgerentry VALIDATE CONSTRAINT entry_redemption_fk;", migrations.RunSQL.noop
        ),
        ValidateConstraint(model_name="tierchange", name="tier_change_kind_valid"),
    ]
