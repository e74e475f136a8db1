"""The trail can't be changed unseen (domain.md 9.1)."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from audit import seals
from audit.ids import new_id, public
from audit.models import AuditEvent, Seal
from audit.positions import Restored, present_epoch
from audit.record import Actor, Place, record
from audit.seals import begin_epoch, head_of, newest_seal, seal_next, seal_of, seal_state
from audit.verifying import Verified, verify
from tests.waiting import wait_for

ACTOR = Actor("staff", "auditor", "trace-1", "192.0.2.7")
MEMBER = new_id()


def write(number: int, member: UUID | None = MEMBER) -> list[UUID]:
    events = [
        record(
            place=Place(),
            member_id=member,
            actor=ACTOR,
            verb="points.earned",
            object_type="ledgerentry",
            object_id=f"txn_{place}",
            before={"total": place},
            after={"points": 1, "total": place + 1},
        )
        for place in range(number)
    ]
    return [event.pk for event in events]


@pytest.fixture
def final(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trail of its own, in which rows count as final though the test's transaction is open."""
    _triggers("DISABLE")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit_auditevent, audit_seal")
    _triggers("ENABLE ALWAYS")
    monkeypatch.setattr("audit.positions._FINAL", "")


@pytest.fixture
def trail(final: None) -> list[UUID]:
    """Twelve rows, sealed in ranges of five."""
    rows = write(12)
    while seal_next(now=timezone.now(), limit=5):
        pass
    return rows


def as_superuser(statement: str, *parameters: Any) -> None:
    _triggers("DISABLE")
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    _triggers("ENABLE ALWAYS")


def _triggers(what: str) -> None:
    with connection.cursor() as cursor:
        for table in ("audit_auditevent", "audit_seal"):
            for trigger in ("append_only_row", "append_only_table", "append_only_no_member"):
                if table == "audit_seal" and trigger == "append_only_no_member":
                    continue
                cursor.execute(f"ALTER TABLE {table} {what} TRIGGER {trigger}")


def fault() -> str:
    found = verify().fault
    assert found is not None
    return found.sentence


def test_a_trail_that_nobody_touched_is_proved(trail: list[UUID]) -> None:
    done = verify()

    assert done.fault is None
    assert (done.rows, done.unsealed) == (AuditEvent.objects.count(), 0)
    assert done.seals == Seal.objects.count() == newest_seal().number  # type: ignore[union-attr]


def test_a_redacted_row_is_still_proved(trail: list[UUID]) -> None:
    AuditEvent.objects.filter(pk=trail[3]).update(before=None, after=None, ip=None, salt=None)

    done = verify()

    assert (done.fault, done.blanked) == (None, 1)


def test_a_row_about_no_member_is_never_redacted(final: None) -> None:
    (row,) = write(1, member=None)
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        AuditEvent.objects.filter(pk=row).update(before=None, after=None, ip=None, salt=None)
    assert AuditEvent.objects.get(pk=row).after == {"points": 1, "total": 1}
    _seal_all()

    as_superuser(
        "UPDATE audit_auditevent SET (before, after, ip, salt) = (NULL, NULL, NULL, NULL) WHERE id = %s", row
    )

    assert fault() == f"Audit event {public('aud', row)} of seal 1 was altered."


@pytest.mark.parametrize(
    "change",
    [
        "verb = 'points.bonus'",
        "after = '{\"points\": 9}'",
        "actor_id = 'somebody'",
        "digest = '\\x00'",
        "salt = NULL",
        "recorded_at = now() - interval '1 year'",
    ],
)
def test_a_changed_row_is_named(trail: list[UUID], change: str) -> None:
    as_superuser(f"UPDATE audit_auditevent SET {change} WHERE id = %s", trail[4])

    assert public("aud", trail[4]) in fault()
    assert "was altered" in fault()


def test_a_redacted_row_can_not_become_another(trail: list[UUID]) -> None:
    AuditEvent.objects.filter(pk=trail[4]).update(before=None, after=None, ip=None, salt=None)
    as_superuser("UPDATE audit_auditevent SET object_id = 'txn_other' WHERE id = %s", trail[4])

    assert public("aud", trail[4]) in fault()


def test_a_row_that_was_altered_with_its_digest_is_named(trail: list[UUID]) -> None:
    row = AuditEvent.objects.get(pk=trail[7])
    forged = record(
        place=Place(), actor=ACTOR, verb=row.verb, object_type="x", object_id="y", after={"points": 900}
    )
    as_superuser(
        "UPDATE audit_auditevent SET digest = %s, salt = %s, object_type = 'x', object_id = 'y' WHERE id = %s",
        forged.digest,
        forged.salt,
        trail[7],
    )

    assert public("aud", trail[7]) in fault()


@pytest.mark.parametrize("place", [0, 4, 5, 11], ids=["first", "last of a seal", "first of a seal", "last"])
def test_a_removed_row_is_named(trail: list[UUID], place: int) -> None:
    as_superuser("DELETE FROM audit_auditevent WHERE id = %s", trail[place])

    assert (
        fault() == f"Audit event {public('aud', trail[place])} of seal {_seal_of(trail[place])} was removed."
    )


def test_the_first_of_several_is_named(trail: list[UUID]) -> None:
    as_superuser("DELETE FROM audit_auditevent WHERE id = ANY(%s)", [trail[2], trail[9]])

    assert public("aud", trail[2]) in fault()


def test_an_inserted_row_is_named(trail: list[UUID]) -> None:
    row = AuditEvent.objects.get(pk=trail[6])
    row.pk, row._state.adding = UUID(int=row.pk.int - 1), True
    row.save(force_insert=True)

    assert f"Audit event {public('aud', row.pk)} of seal" in fault()
    assert "was inserted" in fault()


_INSERT = """
INSERT INTO audit_auditevent (id, verb, object_type, object_id, trace_id, actor_kind, actor_id, occurred_at,
    recorded_at, salt, digest, member_id, epoch, transaction)
SELECT %s, verb, object_type, object_id, trace_id, actor_kind, actor_id, occurred_at, recorded_at, NULL, digest,
    member_id, %s, %s::text::xid8 FROM audit_auditevent LIMIT 1
"""


@pytest.mark.parametrize(
    ("epoch", "number", "key"),
    [(2, "5000", None), (1, "0", UUID(int=0)), (1, str(2**63), None), (1, str(2**64 - 1), None)],
    ids=["epoch to come", "no transaction and no id", "beyond bigint", "the last of all"],
)
def test_a_row_where_none_can_stand_is_named(
    trail: list[UUID], epoch: int, number: str, key: UUID | None
) -> None:
    key = key or new_id()
    as_superuser(_INSERT, key, present_epoch() - 1 + epoch, number)

    assert fault() == f"Audit event {public('aud', key)} was inserted."


def test_a_row_of_a_transaction_to_come_is_named_and_a_restore_told_apart(trail: list[UUID]) -> None:
    key = new_id()
    as_superuser(_INSERT, key, present_epoch(), "999999999999")

    assert fault() == (
        f"Audit event {public('aud', key)} is of a transaction that this database has not begun: the row was inserted,"
        " or the database was restored from a dump (--new-epoch)."
    )
    with pytest.raises(Restored, match="if it was not, the row was inserted"), transaction.atomic():
        seal_next(now=timezone.now())


def test_sealing_ends_with_a_sentence_at_a_transaction_that_none_can_be(trail: list[UUID]) -> None:
    as_superuser(_INSERT, new_id(), present_epoch(), str(2**63))

    with pytest.raises(Restored), transaction.atomic():
        seal_next(now=timezone.now())


def test_the_database_has_no_epoch_before_the_first(trail: list[UUID]) -> None:
    with pytest.raises(IntegrityError, match="audit_epoch_positive"), transaction.atomic():
        as_superuser("UPDATE audit_auditevent SET epoch = 0 WHERE id = %s", trail[0])


def test_a_seal_of_a_transaction_that_none_can_be_is_named(trail: list[UUID]) -> None:
    as_superuser("UPDATE audit_seal SET last_transaction = '18446744073709551615' WHERE number = 2")

    assert fault() == "Seal 2 was altered, or the one before it."


def test_an_altered_seal_is_named(trail: list[UUID]) -> None:
    as_superuser("UPDATE audit_seal SET leaves = set_byte(leaves, 20, 0), rows = rows WHERE number = 2")

    assert fault() == "Seal 2 was altered, or the one before it."


def test_a_removed_seal_is_named(trail: list[UUID]) -> None:
    as_superuser("DELETE FROM audit_seal WHERE number = 2")

    assert fault() == "Seal 2 was removed."


def test_a_cut_off_tail_is_seen_by_the_head_kept_outside(trail: list[UUID], tmp_path: Path) -> None:
    head, last = tmp_path / "head.json", newest_seal()
    assert last is not None
    call_command("verify_audit", "--export-head", str(head))
    assert json.loads(head.read_text())["hash"] == bytes(last.hash).hex()
    as_superuser("DELETE FROM audit_seal WHERE number = %s", last.number)
    gone = [key for key in trail if _seal_of(key) is None]
    as_superuser("DELETE FROM audit_auditevent WHERE id = ANY(%s)", gone)
    assert verify().fault is None, "inside nothing is missed"

    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", "--head", str(head))

    assert ended.value.code == 1
    found = verify(pinned=[(last.number, bytes(last.hash).hex())]).fault
    assert found is not None
    assert found.seal == last.number


def test_a_trail_that_was_sealed_anew_is_seen_by_the_head_kept_outside(trail: list[UUID]) -> None:
    last = newest_seal()
    assert last is not None
    kept = head_of(last)
    as_superuser("DELETE FROM audit_seal WHERE number > 0")
    as_superuser("DELETE FROM audit_auditevent WHERE id = %s", trail[1])
    while seal_next(now=timezone.now(), limit=5):
        pass
    assert verify().fault is None

    found = verify(pinned=[(kept.number, kept.hash)]).fault

    assert found is not None


def test_of_two_heads_of_one_seal_each_has_to_be_right(trail: list[UUID]) -> None:
    last = newest_seal()
    assert last is not None
    right, wrong = head_of(last).hash, "0" * 64

    for hashes in ((right, wrong), (wrong, right)):
        found = verify(pinned=[(last.number, each) for each in hashes]).fault
        assert found is not None
        assert found.sentence == f"Seal {last.number} is not the one that was kept outside."
    assert verify(pinned=[(last.number, right), (last.number, right.upper())]).fault is None


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        json.dumps({"number": 0, "hash": "0" * 64}),
        json.dumps({"number": 1, "hash": "0" * 63}),
        json.dumps({"number": 1, "hash": "x" * 64}),
    ],
    ids=["no object", "seal 0", "a digit short", "no digits"],
)
def test_a_file_that_is_no_head_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "head.json").write_text(text)

    with pytest.raises(CommandError, match="is no exported head") as refused:
        call_command("verify_audit", "--head", str(tmp_path / "head.json"))

    assert refused.value.returncode == 2


def test_a_head_that_can_not_be_written_is_no_fault(trail: list[UUID], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can't be written") as refused:
        call_command("verify_audit", "--export-head", str(tmp_path / "nowhere" / "head.json"))

    assert refused.value.returncode == 2


def test_the_head_that_was_verified_is_written(
    trail: list[UUID], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def and_then_somebody_seals(**pinned: Any) -> Verified:
        done = verify(**pinned)
        write(1)
        _seal_all()
        return done

    monkeypatch.setattr("loyalty.management.commands.verify_audit.verify", and_then_somebody_seals)

    call_command("verify_audit", "--export-head", str(tmp_path / "head.json"))

    assert json.loads((tmp_path / "head.json").read_text())["number"] == 3
    assert Seal.objects.count() == 4


def test_seals_can_not_be_changed_by_plain_means(trail: list[UUID]) -> None:
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        Seal.objects.filter(number=1).update(rows=1)


def test_what_waits_is_counted(final: None) -> None:
    write(3)
    while seal_next(now=timezone.now()):
        pass
    assert seal_state().waiting == 0

    write(2)

    state = seal_state()
    assert state.waiting == 2
    assert state.since is not None


def test_after_a_restore_from_a_dump_a_new_epoch_begins(final: None) -> None:
    write(2)
    epoch = present_epoch()
    as_superuser(_INSERT, new_id(), epoch, "9999999999")  # from another database, which had counted further
    with pytest.raises(Restored, match="--new-epoch"), transaction.atomic():
        seal_next(now=timezone.now())

    assert begin_epoch(actor=ACTOR, now=timezone.now()) == epoch + 1

    assert verify().fault is None
    written = write(2)
    assert AuditEvent.objects.filter(epoch=epoch + 1).count() == 3, "with the epoch's own"
    assert seal_next(now=timezone.now()) == 3
    assert verify().fault is None
    as_superuser("UPDATE audit_auditevent SET epoch = %s WHERE id = %s", epoch, written[0])
    assert verify().fault is not None


@pytest.fixture
def open_transaction(committed: None) -> Iterator[Callable[[], UUID]]:
    """A transaction of somebody else's that has written a row and is still open; called, it commits."""
    wrote, may_end, key = threading.Event(), threading.Event(), []

    def run() -> None:
        try:
            with transaction.atomic():
                key.extend(write(1))
                wrote.set()
                may_end.wait(60)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    assert wrote.wait(60)

    def commit() -> UUID:
        may_end.set()
        thread.join()
        return key[0]

    yield commit
    commit()


def test_nothing_is_sealed_before_which_a_row_may_still_come_to_stand(
    open_transaction: Callable[[], UUID],
) -> None:
    (later,) = write(1)
    _seal_all()
    assert _seal_of(later) is None

    earlier = open_transaction()

    def sealed() -> int | None:
        _seal_all()
        return _seal_of(later)

    wait_for(sealed)  # an autovacuum may hold it back for a moment
    assert _seal_of(earlier) is not None


def test_two_who_seal_at_once_take_turns(committed: None, together: Callable[..., list[Any]]) -> None:
    _seal_all()
    write(20)

    results = together(lambda _: seal_next(now=timezone.now(), limit=10_000), threads=4)

    assert sum(results) >= 20
    assert verify().fault is None


def _seal_all() -> None:
    while seal_next(now=timezone.now()):
        pass


def _seal_of(key: UUID) -> int | None:
    for seal in Seal.objects.all():
        if key.bytes in bytes(seal.leaves):
            return seal.number
    return None


def test_a_row_is_in_the_seal_whose_range_holds_it(trail: list[UUID]) -> None:
    (late,) = write(1)

    found = [
        seal_of(row) for row in AuditEvent.objects.filter(pk__in=[trail[0], trail[11], late]).order_by("id")
    ]

    assert [seal and seal.number for seal in found] == [1, 3, None]


def test_the_seal_of_a_row_is_found_by_an_index(trail: list[UUID]) -> None:
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):  # whatever the table holds now
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {seals._SEAL_OF}", [trail[0]])
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "seal_end" in plan
    assert "Sort" not in plan
