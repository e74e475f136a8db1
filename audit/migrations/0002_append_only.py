from django.db import migrations

from audit.append_only import CHANGES_ONLY, FUNCTION, guard


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION append_only();"),
        migrations.RunSQL(CHANGES_ONLY, "DROP FUNCTION changes_only();"),
        guard("audit_auditevent", "before", "after", "ip", "salt"),
    ]
