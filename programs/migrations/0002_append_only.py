from django.db import migrations

from audit.append_only import foreign_key, guard


def same_environment(table: str, name: str, column: str, target: str) -> migrations.RunSQL:
    return foreign_key(
        f"programs_{table}", name, f"environment_id, {column}", f"programs_{target}", "environment_id, id"
    )


class Migration(migrations.Migration):
    dependencies = [("programs", "0001_initial"), ("audit", "0002_append_only")]
    operations = [
        same_environment("metric", "metric_program_fk", "program_id", "program"),
        same_environment("earningrule", "rule_program_fk", "program_id", "program"),
        same_environment("earningrule", "rule_metric_fk", "metric_id", "metric"),
        same_environment("earningrulerevision", "rule_revision_rule_fk", "rule_id", "earningrule"),
        guard("programs_earningrulerevision"),
        guard("programs_clockchange"),
    ]
