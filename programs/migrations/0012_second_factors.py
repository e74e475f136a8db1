import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('programs', '0011_unit_value'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='projectmembership',
            options={'ordering': ['project__name', 'user__username'], 'verbose_name': 'person', 'verbose_name_plural': 'staff'},
        ),
        migrations.CreateModel(
            name='LogIns',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='log_ins', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('round', models.PositiveIntegerField(default=0, help_text='Rises when the user logs out everywhere.')),
            ],
        ),
        migrations.AddField(
            model_name='project',
            name='audit_member_views',
            field=models.BooleanField(db_default=False, default=False, help_text="Who opens a member's page in the console is noted in the audit trail."),
        ),
        migrations.AddField(
            model_name='project',
            name='two_factor_required',
            field=models.BooleanField(db_default=False, default=False, help_text='Whoever has set up no second factor sees nothing of the project in the console.'),
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('code_hash', models.CharField(editable=False, max_length=64)),
                ('created_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'code_hash'), name='recovery_code_unique'), models.CheckConstraint(condition=models.Q(('code_hash__regex', '^[0-9a-f]{64}$')), name='recovery_code_hash_valid')],
            },
        ),
        migrations.CreateModel(
            name='SecondFactor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The human-readable name of this device.', max_length=64)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('throttling_failure_timestamp', models.DateTimeField(blank=True, default=None, help_text='A timestamp of the last failed verification attempt. Null if last attempt succeeded.', null=True)),
                ('throttling_failure_count', models.PositiveIntegerField(default=0, help_text='Number of successive failed attempts.')),
                ('created_at', models.DateTimeField(auto_now_add=True, help_text='The date and time when this device was initially created in the system.', null=True)),
                ('last_used_at', models.DateTimeField(blank=True, help_text='The most recent date and time this device was used.', null=True)),
                ('secret', models.TextField(editable=False, help_text='20 random bytes as hex, under ENCRYPTION_KEYS.')),
                ('last_step', models.BigIntegerField(default=-1, editable=False, help_text='Of the last code that was taken; none up to it is taken again.')),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'confirmed'), name='second_factor_unique'), models.CheckConstraint(condition=models.Q(('secret', ''), _negated=True), name='second_factor_secret')],
            },
        ),
    ]
