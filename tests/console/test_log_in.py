"""The way in: password, second factor, how long it lasts, and what is said on the way."""

import time
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client

from audit.models import AuditEvent
from programs.models import Environment, RecoveryCode
from tests import factories
from tests.console.second_factors import PASSWORD, Phone, log_in, password_step, set_up

pytestmark = pytest.mark.django_db
MEMBERS = "/console/loyalty/member/"


@pytest.fixture
def user(environment: Environment) -> User:
    return factories.make_staff(environment.project, "owner")


@pytest.fixture
def client(user: User) -> Client:
    """Logged in by the password alone."""
    client = Client()
    password_step(client, user)
    return client


def _verbs(user: User) -> list[str]:
    rows = AuditEvent.objects.filter(object_type="user", object_id=user.username).order_by("id")
    return list(rows.values_list("verb", flat=True))


def _is_in(client: Client) -> bool:
    return client.get(MEMBERS).status_code == 200


class TestSecondFactor:
    def test_is_set_up_by_a_picture_or_in_words_and_a_first_code(self, client: Client, user: User) -> None:
        begun = client.post("/console/security/second-factor/")
        assert begun["Location"] == "/console/security/second-factor/confirm/"
        page = client.get(begun["Location"])
        text = page.content.decode()
        assert 'class="lc-qr"' in text
        assert page.context["secret"] in text
        assert len(page.context["secret"].replace(" ", "")) == 32, "160 bits in base32"
        assert "Not set up" in client.get("/console/security/").content.decode(), "not before the first code"
        _phone, codes = set_up(client)
        assert len(set(codes)) == 10
        assert "10 of 10" in client.get("/console/security/").content.decode()
        assert _is_in(client), "who has just proven it stays in"
        assert _verbs(user)[-1] == "staff.second_factor_set_up"

    def test_neither_secret_nor_codes_can_be_read_from_the_tables(self, client: Client, user: User) -> None:
        phone, codes = set_up(client)
        stored = user.secondfactor_set.get()
        assert phone.secret.hex() not in stored.secret
        assert stored.bytes_of_secret() == phone.secret
        hashes = list(RecoveryCode.objects.filter(user=user).values_list("code_hash", flat=True))
        assert not any(code.replace("-", "") in hashes for code in codes)
        trail = str(list(AuditEvent.objects.values("before", "after")))
        assert not any(code in trail for code in codes)

    def test_a_wrong_first_code_sets_up_nothing(self, client: Client, user: User) -> None:
        client.post("/console/security/second-factor/")
        page = client.get("/console/security/second-factor/confirm/")
        import base64

        phone = Phone(base64.b32decode(page.context["secret"].replace(" ", "")))
        answer = client.post("/console/security/second-factor/confirm/", {"code": phone.wrong()})
        assert "This code is not right" in answer.content.decode()
        assert not user.secondfactor_set.filter(confirmed=True).exists()
        assert not RecoveryCode.objects.filter(user=user).exists()
        password_step(again := Client(), user)
        assert _is_in(again), "the password is still enough"

    def test_a_set_up_waits_a_quarter_of_an_hour(self, client: Client) -> None:
        client.post("/console/security/second-factor/")
        with time_machine.travel(time.time() + 16 * 60):
            answer = client.get("/console/security/second-factor/confirm/", follow=True)
            assert "Begin here" in answer.content.decode()

    def test_the_password_alone_opens_nothing(self, client: Client, user: User) -> None:
        phone, _ = set_up(client)
        half = Client()
        answer: Any = password_step(half, user, next_page=MEMBERS)
        assert answer["Location"] == "/console/login/code/"
        for path in (MEMBERS, "/console/", "/console/security/", "/console/audit/auditevent/head.json"):
            assert half.get(path)["Location"].startswith("/console/login/?next=")
        assert half.post("/console/security/log-out/").status_code == 302
        assert "_auth_user_id" not in half.session
        assert "staff.logged_in" not in _verbs(user)[-1:]
        entered = half.post("/console/login/code/", {"code": phone.code()})
        assert entered["Location"] == MEMBERS
        assert _is_in(half)
        assert _verbs(user)[-1] == "staff.logged_in"

    @pytest.mark.parametrize("wanted", ["https://evil.example/", "/console/logout/", "/console/logout/?a=1"])
    def test_nobody_is_sent_on_to_another_host_or_out(self, client: Client, user: User, wanted: str) -> None:
        answer: Any = password_step(Client(), user, next_page=wanted)
        assert answer["Location"] == "/console/"
        phone, _ = set_up(client)
        password_step(half := Client(), user, next_page=wanted)
        assert half.post("/console/login/code/", {"code": phone.code()})["Location"] == "/console/"

    def test_a_session_that_skipped_the_code_is_nobodys(self, client: Client, user: User) -> None:
        """Whatever logged it in: another door, a session from before."""
        set_up(client)
        other = Client()
        other.force_login(user)
        assert "/console/login/" in other.get(MEMBERS)["Location"]

    def test_log_ins_from_before_end_with_the_set_up(self, client: Client, user: User) -> None:
        password_step(elsewhere := Client(), user)
        assert _is_in(elsewhere)
        set_up(client)
        assert "ended=elsewhere" in elsewhere.get(MEMBERS)["Location"]

    def test_a_code_counts_once(self, client: Client, user: User) -> None:
        phone, _ = set_up(client)
        used = phone.code()
        password_step(first := Client(), user)
        assert first.post("/console/login/code/", {"code": used}).status_code == 302
        password_step(second := Client(), user)
        answer = second.post("/console/login/code/", {"code": used})
        assert "was used before" in answer.content.decode()
        assert not _is_in(second)

    def test_a_recovery_code_counts_once_however_it_is_typed(self, client: Client, user: User) -> None:
        _, codes = set_up(client)
        for typed, enters in (
            (codes[0].upper().replace("-", " "), True),
            (codes[0], False),
            (codes[1], True),
        ):
            password_step(fresh := Client(), user)
            fresh.post("/console/login/code/", {"code": typed})
            assert _is_in(fresh) is enters, typed
            user.secondfactor_set.update(throttling_failure_count=0)
        assert RecoveryCode.objects.filter(user=user, used_at=None).count() == 8
        assert _verbs(user).count("staff.recovery_code_used") == 2

    def test_guessing_codes_waits_longer_and_longer_and_is_locked(self, client: Client, user: User) -> None:
        phone, codes = set_up(client)
        password_step(guessing := Client(), user)
        now = time.time()
        for wait in (1, 2, 4, 8):
            with time_machine.travel(now, tick=False):
                answer = guessing.post("/console/login/code/", {"code": phone.wrong()})
                assert "This code is not right" in answer.content.decode()
                hasty = guessing.post(
                    "/console/login/code/", {"code": Phone(phone.secret).code()}
                ).content.decode()
                assert f"nothing was checked. Try again in {wait} second" in hasty, "the right one neither"
            now += wait
        with time_machine.travel(now, tick=False):
            refused = guessing.post("/console/login/code/", {"code": phone.wrong()})
            assert refused.status_code == 429
            assert "Try again in 15 minutes" in refused.content.decode()
        assert guessing.post("/console/login/code/", {"code": codes[0]}).status_code == 429
        assert RecoveryCode.objects.filter(user=user, used_at=None).count() == 10, "nothing was checked"
        assert {"staff.login_failed", "staff.login_locked"} <= set(_verbs(user))
        failed = AuditEvent.objects.filter(verb="staff.login_failed", object_id=user.username).first()
        assert failed is not None
        assert failed.after == {"step": "second factor"}
        assert "code" not in AccessAttempt.objects.get(username=user.username).post_data.replace(
            "code=****", ""
        )

    def test_recovery_codes_do_not_wait_and_no_wait_is_longer_than_a_quarter_of_an_hour(
        self, client: Client, user: User
    ) -> None:
        phone, codes = set_up(client)
        factor = user.secondfactor_set.get()
        with time_machine.travel(time.time(), tick=False):
            for _ in range(40):
                factor.throttle_increment()
            password_step(half := Client(), user)
            hasty = half.post("/console/login/code/", {"code": phone.code()}).content.decode()
        assert "nothing was checked. Try again in 512 seconds" in hasty
        assert half.post("/console/login/code/", {"code": codes[0]}).status_code == 302
        assert _is_in(half)

    def test_the_code_is_asked_for_within_five_minutes(self, client: Client, user: User) -> None:
        phone, _ = set_up(client)
        password_step(slow := Client(), user)
        with time_machine.travel(time.time() + 6 * 60):
            answer = slow.post("/console/login/code/", {"code": phone.code()})
            assert answer["Location"] == "/console/login/?ended=code"
            assert not _is_in(slow)
            assert "The log-in took too long" in slow.get(answer["Location"]).content.decode()

    def test_a_new_password_ends_who_stands_half_way(self, client: Client, user: User) -> None:
        phone, _ = set_up(client)
        password_step(half := Client(), user)
        user.set_password("another horse battery staple")
        user.save()
        assert half.post("/console/login/code/", {"code": phone.code()})["Location"].endswith("ended=code")

    def test_moving_to_another_phone_asks_for_the_password_and_ends_the_old(
        self, client: Client, user: User
    ) -> None:
        old, old_codes = set_up(client)
        elsewhere = log_in(user, old)
        assert "Your password" in client.post("/console/security/second-factor/").content.decode()
        assert "not your password" in _sent(client, "second-factor/", "wrong")
        assert not user.secondfactor_set.filter(confirmed=False).exists()
        new, codes = set_up(client)
        assert new.secret != old.secret
        assert not set(codes) & set(old_codes)
        assert _is_in(client)
        assert not _is_in(elsewhere)
        password_step(late := Client(), user)
        assert late.post("/console/login/code/", {"code": old.at(old.shown + 1)}).status_code == 200
        assert late.post("/console/login/code/", {"code": old_codes[0]}).status_code == 200

    def test_new_recovery_codes_ask_for_the_password_and_replace_the_old(
        self, client: Client, user: User
    ) -> None:
        _, old = set_up(client)
        assert "not your password" in _sent(client, "recovery-codes/", "wrong")
        assert "shown only this once" in _sent(client, "recovery-codes/", PASSWORD)
        password_step(fresh := Client(), user)
        fresh.post("/console/login/code/", {"code": old[0]})
        assert not _is_in(fresh)
        assert "staff.recovery_codes_made" in _verbs(user)

    def test_removing_asks_for_the_password(self, client: Client, user: User) -> None:
        phone, _ = set_up(client)
        elsewhere = log_in(user, phone)
        assert "not your password" in _sent(client, "second-factor/remove/", "wrong")
        assert user.secondfactor_set.filter(confirmed=True).exists()
        client.post("/console/security/second-factor/remove/", {"password": PASSWORD})
        assert not user.secondfactor_set.exists()
        assert not RecoveryCode.objects.filter(user=user).exists()
        assert _is_in(client)
        assert not _is_in(elsewhere)
        password_step(fresh := Client(), user)
        assert _is_in(fresh)
        assert "staff.second_factor_removed" in _verbs(user)

    def test_no_log_in_from_before_comes_back_with_its_removal(self, client: Client, user: User) -> None:
        password_step(asleep := Client(), user)
        set_up(client)
        client.post("/console/security/second-factor/remove/", {"password": PASSWORD})
        assert _is_in(client)
        assert "ended=elsewhere" in asleep.get(MEMBERS)["Location"]

    def test_removing_what_is_removed_ends_nothing(self, client: Client, user: User) -> None:
        password_step(elsewhere := Client(), user)
        client.post("/console/security/second-factor/remove/", {"password": PASSWORD})
        assert _is_in(client)
        assert _is_in(elsewhere)

    def test_a_first_set_up_long_after_the_log_in_asks_for_the_password(self, client: Client) -> None:
        with time_machine.travel(time.time() + 11 * 60):
            answer = client.post("/console/security/second-factor/")
            assert "Your password" in answer.content.decode()

    def test_wrong_passwords_in_an_open_console_lock_too(self, client: Client, user: User) -> None:
        set_up(client)
        for _ in range(5):
            answer = client.post("/console/security/second-factor/remove/", {"password": "guess"})
        assert answer.status_code == 429
        assert (
            client.post("/console/security/second-factor/remove/", {"password": PASSWORD}).status_code == 429
        )
        assert user.secondfactor_set.filter(confirmed=True).exists()

    def test_wrong_old_passwords_lock_too_and_are_not_kept(self, client: Client, user: User) -> None:
        fresh = "another horse battery staple"
        form = {"old_password": "a-guess", "new_password1": fresh, "new_password2": fresh}
        for _ in range(5):
            answer = client.post("/console/password_change/", form)
        assert answer.status_code == 429
        assert client.post("/console/password_change/", form | {"old_password": PASSWORD}).status_code == 429
        user.refresh_from_db()
        assert user.check_password(PASSWORD)
        kept = str(list(AccessAttempt.objects.values()))
        assert "a-guess" not in kept
        assert fresh not in kept

    def test_a_secret_under_a_lost_key_is_a_sentence(self, client: Client, user: User, settings: Any) -> None:
        phone, codes = set_up(client)
        settings.ENCRYPTION_KEYS = ["another key, of more than thirty-two letters"]
        password_step(half := Client(), user)
        answer = half.post("/console/login/code/", {"code": phone.code()})
        assert "can&#x27;t be read" in answer.content.decode()
        half.post("/console/login/code/", {"code": codes[0]})
        assert _is_in(half), "recovery codes need no key"


def _sent(client: Client, path: str, password: str) -> str:
    text: str = client.post(f"/console/security/{path}", {"password": password}).content.decode()
    return text


class TestTooManyAttempts:
    def test_say_until_when_and_mean_it(self, user: User) -> None:
        guessing = Client()
        for _ in range(5):
            answer = guessing.post("/console/login/", {"username": user.username, "password": "guess"})
        assert answer.status_code == 429
        assert answer["Retry-After"] == "900"
        assert "Try again in 15 minutes" in answer.content.decode()
        with time_machine.travel(time.time() + 14 * 60):
            refused: Any = password_step(guessing, user)
            assert refused.status_code == 429
            assert "Try again in 1 minute," in refused.content.decode(), "trying does not make it longer"
        with time_machine.travel(time.time() + 15 * 60 + 2):
            password_step(guessing, user)
            assert _is_in(guessing)
        assert _verbs(user).count("staff.login_locked") == 2

    def test_with_many_names_lock_the_address_for_every_name(self, user: User, settings: Any) -> None:
        settings.LOG_IN_ATTEMPTS_OF_ADDRESS = 8
        spraying, start = Client(), time.time()
        with time_machine.travel(start, tick=False):
            for number in range(8):
                answer = spraying.post("/console/login/", {"username": f"n{number}", "password": "guess"})
                assert answer.status_code == (429 if number == 7 else 200)
        with time_machine.travel(start + 14 * 60, tick=False):
            refused: Any = password_step(spraying, user)
            assert refused.status_code == 429
            assert "Try again in 1 minute," in refused.content.decode()
            sent = {"username": user.username, "password": PASSWORD}
            elsewhere = Client(REMOTE_ADDR="192.0.2.7")
            assert elsewhere.post("/console/login/", sent).status_code == 302
        with time_machine.travel(start + 15 * 60 + 2):
            password_step(spraying, user)
            assert _is_in(spraying)

    def test_are_counted_for_a_name_longer_than_any_too(self) -> None:
        long = {"username": "a" * 300, "password": "guess"}
        answer = Client().post("/console/login/", long)
        assert answer.status_code == 200
        usual = Client().post("/console/login/", {"username": "nobody", "password": "guess"})
        assert "Please enter the correct" in answer.content.decode()
        assert answer.context["form"].non_field_errors() == usual.context["form"].non_field_errors()
        for _ in range(4):
            answer = Client().post("/console/login/", long)
        assert answer.status_code == 429

    def test_are_counted_alike_for_a_name_that_nobody_has(self, user: User) -> None:
        known, unknown = Client(), Client()
        for _ in range(5):
            a = known.post("/console/login/", {"username": user.username, "password": "guess"})
            b = unknown.post("/console/login/", {"username": "nobody-at-all", "password": "guess"})
            assert a.status_code == b.status_code
            assert _without_names(a, user) == _without_names(b, user)

    def test_take_as_many_statements_for_a_name_that_nobody_has(
        self, user: User, django_assert_max_num_queries: Any
    ) -> None:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        counts = []
        for name in (user.username, "nobody-at-all"):
            with CaptureQueriesContext(
                connection,
            ) as seen:
                Client().post("/console/login/", {"username": name, "password": "guess"})
            counts.append(len(seen))
        assert counts[0] == counts[1]

    def test_who_may_not_enter_is_told_what_everybody_is_told(self, user: User) -> None:
        user.is_active = False
        user.save()
        right: Any = password_step(Client(), user)
        wrong = Client().post("/console/login/", {"username": user.username, "password": "guess"})
        assert _without_names(right, user) == _without_names(wrong, user)


def _without_names(answer: Any, user: User) -> str:
    import re

    text = answer.content.decode().replace(user.username, "NAME").replace("nobody-at-all", "NAME")
    return re.sub(r'value="[A-Za-z0-9]{64}"', "", text)


class TestSessions:
    def test_end_after_a_while_of_nothing(self, client: Client, settings: Any) -> None:
        start = time.time()
        for minutes in (100, 200, 300):
            with time_machine.travel(start + minutes * 60):
                assert _is_in(client), "each page counts"
        with time_machine.travel(start + 300 * 60 + settings.SESSION_IDLE_SECONDS + 5):
            answer = client.get(f"{MEMBERS}?q=ada")
            assert (
                answer["Location"]
                == "/console/login/?next=%2Fconsole%2Floyalty%2Fmember%2F%3Fq%3Dada&ended=idle"
            )
            assert "done nothing for a while" in client.get(answer["Location"]).content.decode()

    def test_end_after_half_a_day_in_any_case(self, client: Client, settings: Any) -> None:
        start = time.time()
        for hours in range(1, 12):
            with time_machine.travel(start + hours * 3600):
                assert _is_in(client)
        with time_machine.travel(start + settings.SESSION_COOKIE_AGE + 5):
            assert "ended=long" in client.get(MEMBERS)["Location"]

    def test_a_form_whose_session_ended_says_so_and_one_comes_back_to_its_page(
        self, client: Client, user: User, environment: Environment
    ) -> None:
        page = "/console/programs/program/add/"
        with time_machine.travel(time.time() + 3 * 3600):
            answer = client.post(
                page, {"name": "Club", "code": "club"}, headers={"Referer": f"http://testserver{page}?a=1"}
            )
            asked = client.get(answer["Location"])
            assert "the form was not saved" in asked.content.decode()
            assert not environment.programs.filter(code="club").exists()
            back: Any = password_step(client, user, next_page=asked.context["next"])
            assert back["Location"] == f"{page}?a=1"
            assert client.get(back["Location"]).status_code == 200

    def test_a_form_from_elsewhere_leads_to_its_own_address(self, client: Client) -> None:
        page = "/console/programs/program/add/"
        with time_machine.travel(time.time() + 3 * 3600):
            answer = client.post(page, {}, headers={"Referer": "https://evil.example/x"})
            assert "evil" not in answer["Location"]
            assert "next=%2Fconsole%2Fprograms%2Fprogram%2Fadd%2F" in answer["Location"]

    def test_a_script_of_a_page_is_told_in_its_own_way(self, client: Client) -> None:
        with time_machine.travel(time.time() + 3 * 3600):
            answer = client.get("/console/search/?s=a", headers={"Sec-Fetch-Mode": "cors"})
            assert (answer.status_code, answer.json()) == (401, {"detail": "You were logged out."})

    def test_what_a_page_asks_for_beside_itself_stores_no_session(self, client: Client) -> None:
        with time_machine.travel(time.time() + 600):
            seen = client.session["seen_at"]
            client.get("/console/search/?s=a", headers={"Sec-Fetch-Mode": "cors"})
            assert client.session["seen_at"] == seen
            client.get(MEMBERS, headers={"Sec-Fetch-Mode": "navigate"})
            assert client.session["seen_at"] > seen

    def test_log_out_everywhere_leaves_this_one(self, client: Client, user: User) -> None:
        others = [Client(), Client()]
        for other in others:
            password_step(other, user)
        client.post("/console/security/log-out/")
        assert _is_in(client)
        assert not any(_is_in(other) for other in others)
        assert "staff.logged_out_everywhere" in _verbs(user)
        password_step(fresh := Client(), user)
        assert _is_in(fresh)

    def test_a_new_password_ends_the_others(self, client: Client, user: User) -> None:
        password_step(other := Client(), user)
        fresh = "another horse battery staple"
        form = {"old_password": PASSWORD, "new_password1": fresh, "new_password2": fresh}
        client.post("/console/password_change/", form)
        assert _is_in(client)
        assert "ended=elsewhere" in other.get(MEMBERS)["Location"]

    def test_log_ins_stand_in_the_trail_of_each_project(self, user: User, environment: Environment) -> None:
        second = factories.make_project("Second", organization=environment.project.organization.name)
        from programs.actions.tenancy import set_membership

        set_membership(project=second, user=user, role="analyst", actor=factories.make_actor())
        password_step(client := Client(), user)
        rows = AuditEvent.objects.filter(verb="staff.logged_in", object_id=user.username)
        assert {row.project_id for row in rows} == {second.pk, environment.project_id}
        assert "Staff logged in" in client.get("/console/audit/auditevent/?subject=staff").content.decode()

    def test_a_form_from_before_the_log_in_is_no_white_page(self, user: User) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(user)
        form = "http://testserver/console/programs/program/add/?a=1"
        answer = strict.post("/console/programs/program/x/change/", {"name": "x"}, headers={"Referer": form})
        assert answer.status_code == 403
        assert 'href="/console/programs/program/add/?a=1"' in answer.content.decode()
        assert "Nothing was saved" in answer.content.decode()
