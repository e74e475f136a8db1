from django.db import migrations

from audit.append_only import FUNCTION, guard


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION append_only();"),
        guard("audit_auditevent", "before", "after", "ip", "salt"),
    ]
