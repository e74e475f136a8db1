"""Files that are imported, their pieces and problems; 0015_imports_online goes on with what would make writers wait."""

import audit.ids
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("loyalty", "0011_approvals")]

    operations = [
        migrations.CreateModel(
            name='Import',
            fields=[
                ('actor_kind', models.CharField(max_length=16)),
                ('actor_id', models.CharField(max_length=200)),
                ('trace_id', models.CharField(max_length=128)),
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.environment')),
                ('kind', models.CharField(choices=[('members', 'Members and balances'), ('purchases', 'Purchases')], max_length=9)),
                ('file_name', models.CharField(max_length=200)),
                ('columns', models.JSONField(default=list, help_text="The file's own headings, in order.")),
                ('status', models.CharField(choices=[('reading', 'Being read'), ('preview', 'Looked at, nothing imported'), ('queued', 'Waiting for a worker'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='preview', max_length=7)),
                ('is_trial', models.BooleanField(default=False, help_text='The run only tries: it writes nothing.')),
                ('tried_at', models.DateTimeField(help_text='When the whole file was last tried.', null=True)),
                ('lines', models.PositiveIntegerField(help_text='Lines with anything in them, without the heading.')),
                ('pieces_total', models.PositiveIntegerField()),
                ('pieces_done', models.PositiveIntegerField(default=0)),
                ('faulty', models.PositiveIntegerField(default=0, help_text="Lines that can't be read; known at once.")),
                ('repeated', models.PositiveIntegerField(default=0, help_text="Lines that repeat an earlier one's key.")),
                ('done', models.PositiveIntegerField(default=0, help_text='Lines that were worked off.')),
                ('added', models.PositiveIntegerField(default=0)),
                ('already', models.PositiveIntegerField(default=0, help_text='Lines of which nothing was new.')),
                ('refused', models.PositiveIntegerField(default=0)),
                ('error', models.CharField(blank=True, default='', max_length=500)),
                ('created_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ImportPiece',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pieces', to='loyalty.import')),
                ('number', models.PositiveIntegerField()),
                ('content', models.JSONField(default=list)),
                ('keys', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='ImportProblem',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='problems', to='loyalty.import')),
                ('line', models.PositiveIntegerField()),
                ('content', models.JSONField(default=list)),
                ('problem', models.CharField(max_length=500)),
            ],
            options={
                'ordering': ['line'],
            },
        ),
        migrations.RemoveConstraint(model_name="ledgerentry", name="entry_event_has_origin"),
        AddConstraintNotValid(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("event__isnull", False), ("origin__isnull", False)),
                    models.Q(
                        ("event__isnull", True),
                        models.Q(
                            ("origin__isnull", True),
                            ("origin", "opening"),
                            ("origin__startswith", "opening_balance:"),
                            ("origin__startswith", "challenge:"),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="entry_event_has_origin",
            ),
        ),
        migrations.AddIndex(
            model_name='import',
            index=models.Index(fields=['environment', '-id'], name='import_of_environment'),
        ),
        migrations.AddConstraint(
            model_name='import',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['members', 'purchases'])), name='import_kind_valid'),
        ),
        migrations.AddConstraint(
            model_name='import',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['reading', 'preview', 'queued', 'running', 'done', 'failed'])), name='import_status_valid'),
        ),
        migrations.AddConstraint(
            model_name='import',
            constraint=models.CheckConstraint(condition=models.Q(('done', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('added'), '+', models.F('already')), '+', models.F('refused'))), ('done__lte', models.F('lines')), ('pieces_done__lte', models.F('pieces_total'))), name='import_counts_add_up'),
        ),
        migrations.AddConstraint(
            model_name='import',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'done'), _negated=True), ('done', models.F('lines')), _connector='OR'), name='import_done_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='importpiece',
            constraint=models.UniqueConstraint(fields=('file', 'number'), name='import_piece_unique'),
        ),
        migrations.AddConstraint(
            model_name='importproblem',
            constraint=models.UniqueConstraint(fields=('file', 'line'), name='import_problem_once'),
        ),
    ]
