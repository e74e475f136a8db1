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
        ValidateConstraint(model_name="ledgerentry", name="entry_sign_fits_type"),
        ValidateConstraint(model_name="ledgerentry", name="entry_reversal_names_original"),
    ]
