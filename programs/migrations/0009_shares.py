"""Shared programs: a new table alone, one transaction."""

import audit.ids
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from audit.append_only import foreign_key, guard_all_but

# What a share joins is of one kind and one organization, which no CHECK can see; and revoked stays revoked.
GUARD = migrations.RunSQL(
    """
    CREATE FUNCTION program_share_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
                RAISE EXCEPTION 'a share that is revoked stays revoked' USING ERRCODE = 'restrict_violation';
            END IF;
        ELSIF NOT EXISTS (
            SELECT FROM programs_environment AS owner
            JOIN programs_project AS owning ON owning.id = owner.project_id
            JOIN programs_environment AS guest ON guest.id = NEW.guest_id AND guest.kind = owner.kind
            JOIN programs_project AS other
                ON other.id = guest.project_id AND other.organization_id = owning.organization_id
            WHERE owner.id = NEW.environment_id
        ) THEN
            RAISE EXCEPTION 'a program is shared within one organization and one kind of environment'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'program_share_stays_in_house';
        END IF;
        RETURN NEW;
    END
    $$;
    CREATE TRIGGER program_share_guard BEFORE INSERT OR UPDATE ON programs_programshare
        FOR EACH ROW EXECUTE FUNCTION program_share_guard();
    ALTER TABLE programs_programshare ENABLE ALWAYS TRIGGER program_share_guard;
    """,
    "DROP TRIGGER program_share_guard ON programs_programshare; DROP FUNCTION program_share_guard();",
)


class Migration(migrations.Migration):

    dependencies = [("programs", "0008_plans")]

    operations = [
        migrations.CreateModel(
            name='ProgramShare',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(help_text='Why, in words; both projects read it.', max_length=500, validators=[django.core.validators.MinLengthValidator(1)])),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shares_given', to='programs.environment')),
                ('guest', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shares_received', to='programs.environment')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='programs.program')),
            ],
            options={
                'verbose_name': 'shared program',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['environment', '-id'], name='program_share_given')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('guest', 'program'), name='program_share_live_once'), models.CheckConstraint(condition=models.Q(('guest', models.F('environment')), _negated=True), name='program_share_with_another'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='program_share_has_reason')],
            },
        ),
        foreign_key("programs_programshare", "program_share_program_fk", "environment_id, program_id", "programs_program", "environment_id, id"),
        guard_all_but("programs_programshare", "revoked_at"),
        GUARD,
    ]
