"""Files of codes: looked at first, added by a worker; and what is told of the codes afterwards."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.code_uploads import look_at_codes, run_upload
from loyalty.actions.codes import add_codes
from loyalty.actions.pace import Pace
from loyalty.actions.tills import use_code
from loyalty.admin import code_uploads
from loyalty.models import CodeUpload, RewardCode
from loyalty.queries.taken import codes_left
from programs.models import Environment, Reward
from tests import factories
from tests.console.deeds import told
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db

REWARD = "/console/programs/reward"
UPLOAD = "/console/loyalty/codeupload"


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


@pytest.fixture
def pool(environment: Environment) -> Reward:
    return factories.make_reward(
        factories.reload(environment), name="Ticket", points=0, code_source="pool", code_valid_days=30
    )


def _fill(environment: Environment, pool: Reward, *codes: str) -> None:
    add_codes(
        environment=environment, reward=pool, codes=codes, actor=factories.make_actor(), now=timezone.now()
    )


def _file(text: str, name: str = "codes.csv") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, text.encode(), "text/csv")}


def _look(client: Client, pool: Reward, text: str) -> CodeUpload:
    answer = client.post(f"{REWARD}/{pool.pk}/upload/", _file(text))
    upload = CodeUpload.objects.get(reward=pool, status="preview")
    assert answer["Location"] == f"{UPLOAD}/{upload.pk}/change/"
    return upload


def test_a_file_is_looked_at_before_anything_is_added(
    operator: Client, environment: Environment, pool: Reward
) -> None:
    _fill(environment, pool, "OLD-1")
    upload = _look(operator, pool, "\ufeffcode,note\nNEW-1,a\nNEW-2,b\nOLD-1,c\nNEW-1,d\ntwo words,e\n")
    assert (upload.total, upload.duplicates, upload.invalid) == (2, 2, 1)
    assert list(RewardCode.objects.values_list("code", flat=True)) == ["OLD-1"]
    text = operator.get(f"{UPLOAD}/{upload.pk}/change/").content.decode()
    assert "2 new codes can be added to Ticket." in text
    assert "console/again.js" not in text
    assert [(p["line"], p["code"], p["problem"]) for p in upload.problems] == [
        (4, "OLD-1", "There is such a code already."),
        (5, "NEW-1", "It is the same as on line 2."),
        (6, "two words", "A code has no spaces."),
    ]
    for problem in upload.problems:
        assert f'<code class="lc-code">{problem["code"]}</code>' in text
        assert problem["problem"] in text


def test_codes_are_added_when_they_are_confirmed_once(
    operator: Client, environment: Environment, pool: Reward
) -> None:
    upload = _look(operator, pool, "A-1\nA-2\nA-3\n")
    page = f"{UPLOAD}/{upload.pk}/change/"
    assert operator.post(f"{UPLOAD}/{upload.pk}/start/")["Location"] == page
    again = operator.post(f"{UPLOAD}/{upload.pk}/start/")
    assert told(again) == "These codes are being added already."
    waiting = operator.get(page).content.decode()
    assert "Waiting for a worker." in waiting
    assert "console/again.js" in waiting
    CodeUpload.objects.filter(pk=upload.pk).update(status="running", done=2)
    assert '<progress max="3" value="2"' in operator.get(page).content.decode()
    CodeUpload.objects.filter(pk=upload.pk).update(status="queued", done=0)
    run_upload(upload=upload.pk, pace=Pace())
    done = operator.get(page).content.decode()
    assert "3 codes are added to Ticket." in done
    assert "console/again.js" not in done
    assert list(RewardCode.objects.order_by("code").values_list("code", flat=True)) == ["A-1", "A-2", "A-3"]
    events = AuditEvent.objects.filter(environment_id=environment.pk, verb="rewardcodes.uploaded")
    assert [event.actor_kind for event in events] == ["staff"]


def test_looking_alone_starts_nothing(operator: Client, pool: Reward) -> None:
    upload = _look(operator, pool, "A-1\n")
    before = state_of_everything()
    operator.get(f"{UPLOAD}/{upload.pk}/change/")
    operator.get(f"{UPLOAD}/{upload.pk}/start/")
    assert state_of_everything() == before


def test_a_file_without_anything_new_offers_no_button(
    operator: Client, environment: Environment, pool: Reward
) -> None:
    _fill(environment, pool, "A-1")
    upload = _look(operator, pool, "A-1\n")
    text = operator.get(f"{UPLOAD}/{upload.pk}/change/").content.decode()
    assert "Nothing in this file is new." in text
    assert "Add 0" not in text
    operator.post(f"{UPLOAD}/{upload.pk}/start/")
    upload.refresh_from_db()
    assert upload.status == "preview"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "required"),
        (_file("\n\n"), "There is no code in it."),
        ({"file": SimpleUploadedFile("a.csv", b"\xff\xff\x00", "text/csv")}, "UTF-8"),
    ],
    ids=["no file", "blank", "not text"],
)
def test_a_file_that_can_not_be_read_is_told_at_its_field(
    operator: Client, pool: Reward, sent: dict[str, Any], words: str
) -> None:
    before = state_of_everything()
    answer = operator.post(f"{REWARD}/{pool.pk}/upload/", sent)
    assert words in " ".join(answer.context["form"].errors["file"])
    assert state_of_everything() == before


def test_a_file_that_is_too_large_is_refused_and_not_read_to_its_end(
    operator: Client, pool: Reward, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LARGEST_CODE_FILE, read = 2**20, []

    def look(*, data: bytes, **given: Any) -> CodeUpload:
        read.append(len(data))
        return look_at_codes(data=data, **given)

    monkeypatch.setattr(code_uploads, "look_at_codes", look)
    answer = operator.post(f"{REWARD}/{pool.pk}/upload/", _file("A-1\n" * 300_000))
    assert answer.context["form"].errors["file"] == ["At most 1 MiB; part the file."]
    assert not CodeUpload.objects.exists()
    assert read == [2**20 + 1]


def test_a_reward_whose_codes_are_made_takes_no_file(operator: Client, environment: Environment) -> None:
    made = factories.make_reward(factories.reload(environment), code_source="none")
    assert "takes no uploaded codes" in operator.get(f"{REWARD}/{made.pk}/upload/").content.decode()
    operator.post(f"{REWARD}/{made.pk}/upload/", _file("A-1"))
    assert not CodeUpload.objects.exists()


def test_a_failed_upload_says_what_to_do(operator: Client, pool: Reward) -> None:
    upload = _look(operator, pool, "A-1\n")
    CodeUpload.objects.filter(pk=upload.pk).update(status="failed", error="A fault ended it.")
    text = operator.get(f"{UPLOAD}/{upload.pk}/change/").content.decode()
    assert "A fault ended it. What was added stays. Upload the file again" in text


# -- the codes of a reward


@pytest.fixture
def some(environment: Environment, pool: Reward) -> dict[str, RewardCode]:
    """Ada used hers in Leeds, Bob has his, Cy's has expired, one is left."""
    _fill(environment, pool, "C-ada", "C-bob", "C-cy", "C-left")
    for member, days in (("ada", 0), ("bob", 0), ("cy", 40)):
        factories.buy(environment, pool.public_id, member, now=timezone.now() - timedelta(days=days))
    actor, now = factories.make_actor(), timezone.now()
    use_code(environment=environment, code="C-ada", place="Leeds", actor=actor, now=now)
    return {str(code.code): code for code in RewardCode.objects.filter(reward=pool)}


def test_codes_are_listed_by_what_became_of_them(
    operator: Client, pool: Reward, some: dict[str, RewardCode]
) -> None:
    url = f"{REWARD}/{pool.pk}/codes/"
    listed = {
        status: [(row.shown, row.words) for row in operator.get(url, {"status": status}).context["rows"]]
        for status in ("available", "issued", "used", "expired", "void")
    }
    assert listed == {
        "available": [("C-left", "Left in the pool")],
        "issued": [("C-bob", "Not used yet")],
        "used": [("C-ada", "Used")],
        "expired": [("C-cy", "Expired")],
        "void": [],
    }
    page = operator.get(url, {"status": "used"})
    assert [count for _, _, count in page.context["tabs"]] == ["1", "1", "1", "1", "0"]
    text = page.content.decode()
    assert "Leeds" in text
    assert f"/console/loyalty/redemption/{some['C-ada'].redemption_id}/change/" in text


@pytest.mark.parametrize(
    ("typed", "found"),
    [("C-bob", ["C-bob"]), (" C-left ", ["C-left"]), ("C-", []), ("%", []), ("x" * 200, [])],
)
def test_a_code_is_found_when_it_is_typed_whole(
    operator: Client, pool: Reward, some: dict[str, RewardCode], typed: str, found: list[str]
) -> None:
    page = operator.get(f"{REWARD}/{pool.pk}/codes/", {"q": typed})
    assert [row.shown for row in page.context["rows"]] == found


def test_a_code_of_another_reward_is_not_found_here(
    operator: Client, environment: Environment, some: dict[str, RewardCode]
) -> None:
    other = factories.make_reward(factories.reload(environment), code_source="pool")
    assert operator.get(f"{REWARD}/{other.pk}/codes/", {"q": "C-bob"}).context["rows"] == []


@pytest.mark.parametrize(
    ("role", "left", "issued"),
    [
        ("analyst", "•••••eft", "•••••bob"),
        ("support", "•••••eft", "C-bob"),
        ("operator", "C-left", "C-bob"),
    ],
)
def test_codes_are_masked_for_who_may_not_hand_them_on(
    login: Any,
    environment: Environment,
    pool: Reward,
    some: dict[str, RewardCode],
    role: str,
    left: str,
    issued: str,
) -> None:
    client = login(environment, role)
    for status, shown in (("available", left), ("issued", issued)):
        page = client.get(f"{REWARD}/{pool.pk}/codes/", {"status": status})
        assert [row.shown for row in page.context["rows"]] == [shown]
        assert shown in page.content.decode()
        assert ("C-left" in page.content.decode()) == (shown == "C-left")


def test_what_is_left_is_paged_and_a_file(operator: Client, environment: Environment, pool: Reward) -> None:
    codes = [f"N-{number:03}" for number in range(59)]
    _fill(environment, pool, *codes, "=1+1")
    url = f"{REWARD}/{pool.pk}/codes/"
    first = operator.get(url).context
    second = operator.get(url, {"after": str(first["next"])}).context
    assert [row.shown for row in [*first["rows"], *second["rows"]]] == [*codes, "=1+1"]
    assert (len(first["rows"]), first["is_first"], second["is_first"], second["next"]) == (
        50,
        True,
        False,
        None,
    )
    assert operator.get(url, {"after": "-9"}).context["is_first"] is True
    answer = operator.get(f"{REWARD}/{pool.pk}/codes-csv/")
    lines = answer.getvalue().decode().split("\r\n")
    assert [line.split(",")[0] for line in lines] == ["code", *codes, "'=1+1", ""]
    assert f'filename="{pool.public_id}-codes-left.csv"' in answer["Content-Disposition"]


def test_the_file_of_what_is_left_is_in_the_projects_time_and_in_the_trail(login: Any) -> None:
    lagos = factories.make_environment(time_zone="Africa/Lagos")
    pool = factories.make_reward(lagos, code_source="pool")
    _fill(factories.reload(lagos), pool, "N-1", "N-2")
    client = login(lagos, "operator")
    lines = client.get(f"{REWARD}/{pool.pk}/codes-csv/").getvalue().decode().split("\r\n")
    times = [datetime.fromisoformat(line.split(",")[1]) for line in lines[1:3]]
    added = RewardCode.objects.filter(reward=pool).order_by("id").values_list("added_at", flat=True)
    assert [(at, at.utcoffset()) for at in times] == [
        (at.replace(microsecond=0), timedelta(hours=1)) for at in added
    ]
    (event,) = AuditEvent.objects.filter(environment_id=lagos.pk, verb="rewardcodes.downloaded")
    assert (event.actor_kind, event.object_id, event.after) == ("staff", str(pool.pk), {"available": 2})


def test_what_was_issued_is_paged_the_latest_first(
    operator: Client, environment: Environment, pool: Reward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.admin.codes._PAGE", 2)
    _fill(environment, pool, "C-1", "C-2", "C-3")
    for member in ("ada", "bob", "cy"):
        factories.buy(environment, pool.public_id, member)
    url = f"{REWARD}/{pool.pk}/codes/"
    first = operator.get(url, {"status": "issued"})
    assert [row.shown for row in first.context["rows"]] == ["C-3", "C-2"]
    assert f"?status=issued&amp;after={first.context['next']}" in first.content.decode()
    second = operator.get(url, {"status": "issued", "after": str(first.context["next"])}).context
    assert ([row.shown for row in second["rows"]], second["next"]) == (["C-1"], None)


def test_codes_are_counted_as_far_as_a_page_shows_it(
    operator: Client, environment: Environment, pool: Reward, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("queries.code_lists", "admin.codes"):
        monkeypatch.setattr(f"loyalty.{place}.MANY", 2)
    monkeypatch.setattr("loyalty.queries.taken.MOST", 1)
    _fill(environment, pool, "C-1", "C-2")
    page = operator.get(f"{REWARD}/{pool.pk}/codes/")
    assert [count for _, _, count in page.context["tabs"]] == ["2", "0", "0", "0", "0"]
    _fill(environment, pool, "C-3")
    page = operator.get(f"{REWARD}/{pool.pk}/codes/")
    assert [count for _, _, count in page.context["tabs"]] == ["2+", "0", "0", "0", "0"]
    assert "2+ codes left in the pool of Ticket" in page.content.decode()
    assert (
        "typed whole, with its hyphens"
        in operator.get(page.request["PATH_INFO"], {"q": "C4"}).content.decode()
    )
    left, all_left = codes_left([pool.pk], most=2), codes_left([pool.pk], most=None)
    assert (left, all_left) == ({pool.pk: 2}, {pool.pk: 3})
    assert "Remove 3 codes of" in operator.get(f"{REWARD}/{pool.pk}/remove-codes/").content.decode()


def test_what_is_left_is_removed_and_what_members_have_stays(
    operator: Client, pool: Reward, some: dict[str, RewardCode]
) -> None:
    url = f"{REWARD}/{pool.pk}/remove-codes/"
    before = state_of_everything()
    assert "Remove 1 code of" in operator.get(url).content.decode()
    assert state_of_everything() == before
    assert told(operator.post(url)) == "1 code removed."
    assert list(RewardCode.objects.order_by("code").values_list("code", flat=True)) == [
        "C-ada",
        "C-bob",
        "C-cy",
    ]


@pytest.mark.parametrize("role", ["analyst", "support"])
def test_who_only_reads_uploads_and_removes_nothing(login: Any, ours: Tenant, role: str) -> None:
    client, upload = login(ours.environment, role), ours.rows[CodeUpload]
    assert isinstance(upload, CodeUpload)
    before = state_of_everything()
    for url in (
        f"{REWARD}/{upload.reward_id}/upload/",
        f"{REWARD}/{upload.reward_id}/remove-codes/",
        f"{UPLOAD}/{upload.pk}/start/",
    ):
        assert client.post(url, _file("A-1")).status_code == 403
    assert client.get(f"{REWARD}/{upload.reward_id}/codes-csv/").status_code == 403
    page = client.get(f"{UPLOAD}/{upload.pk}/change/")
    assert page.status_code == 200
    assert "Add 1 code" not in page.content.decode()
    assert state_of_everything() == before


def test_another_projects_codes_and_uploads_do_not_exist(login: Any, ours: Tenant, theirs: Tenant) -> None:
    client, upload = login(ours.environment), theirs.rows[CodeUpload]
    assert isinstance(upload, CodeUpload)
    before = state_of_everything()
    for name in ("codes", "codes-csv", "remove-codes", "upload"):
        for method in (client.get, client.post):
            answer = method(f"{REWARD}/{upload.reward_id}/{name}/")
            assert (answer.status_code, answer["Location"]) == (302, f"{REWARD}/")
    answer = client.post(f"{UPLOAD}/{upload.pk}/start/")
    assert answer["Location"] == f"{UPLOAD}/"
    assert state_of_everything() == before
