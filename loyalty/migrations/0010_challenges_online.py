"""What 0009 began, without a lock that writers would wait for.

Ended half way, PostgreSQL leaves the index that it was at as INVALID: drop it, then migrate again.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models

_CODES = {
    "fields": ["environment_id", "code"],
    "condition": models.Q(code__isnull=False, quantity__gt=0, achievement_id__isnull=False),
    "name": "coupon_code_unique",
}


class Migration(migrations.Migration):

    atomic = False

    dependencies = [("loyalty", "0009_challenges")]

    operations = [
        AddIndexConcurrently(
            model_name="itemchange",
            index=models.Index(
                fields=["achievement_id"],
                condition=models.Q(("achievement_id__isnull", False)),
                name="item_change_achievement",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY coupon_code_unique ON loyalty_itemchange"
                    " (environment_id, code)"
                    " WHERE code IS NOT NULL AND quantity > 0 AND achievement_id IS NOT NULL;",
                    "DROP INDEX coupon_code_unique;",
                ),
            ],
            state_operations=[
                migrations.AddConstraint(model_name="itemchange", constraint=models.UniqueConstraint(**_CODES)),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE loyalty_itemchange VALIDATE CONSTRAINT item_change_achievement_fk;",
            migrations.RunSQL.noop,
        ),
        ValidateConstraint(model_name="ledgerentry", name="entry_event_has_origin"),
    ]
