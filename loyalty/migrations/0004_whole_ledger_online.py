"""What 0003 began, without a lock that writers would wait for.

Ended half way, PostgreSQL leaves the index that it was at as INVALID: drop it, then migrate again.
"""

from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [("loyalty", "0003_whole_ledger")]

    operations = [
        AddIndexConcurrently(
            model_name="lot",
            index=models.Index(
                fields=["continues_id"],
                condition=models.Q(("continues_id__isnull", False)),
                name="lot_continues",
            ),
        ),
        AddIndexConcurrently(
            model_name="hold", index=models.Index(fields=["environment_id", "-id"], name="hold_newest")
        ),
        AddIndexConcurrently(
            model_name="hold", index=models.Index(fields=["member", "-id"], name="hold_of_member")
        ),
        AddIndexConcurrently(
            model_name="ledgerentry",
            index=models.Index(
                fields=["hold_id"], condition=models.Q(("hold_id__isnull", False)), name="entry_hold"
            ),
        ),
        AddIndexConcurrently(
            model_name="account",
            index=models.Index(
                fields=["environment_id", "next_due_at"],
                condition=models.Q(("next_due_at__isnull", False)),
                name="account_due",
            ),
        ),
        RemoveIndexConcurrently(model_name="account", name="account_next_due"),
        ValidateConstraint(model_name="ledgerentry", name="entry_sign_fits_type"),
        ValidateConstraint(model_name="ledgerentry", name="entry_reversal_names_original"),
    ]
