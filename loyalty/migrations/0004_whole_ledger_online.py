"""What 0003 began, without a lock that writers would wait for."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
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
        ValidateConstraint(model_name="ledgerentry", name="entry_sign_fits_type"),
        ValidateConstraint(model_name="ledgerentry", name="entry_reversal_names_original"),
    ]
