"""An app that shows codes, as a person holds one beside the browser."""

import base64
import re
import time
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import TOTP

from programs.models import SecondFactor
from programs.models.second_factors import STEP

PASSWORD = "correct horse battery staple"
_TYPING = 8.0  # seconds, on a busy machine


@dataclass
class Phone:
    """Knows the secret, and shows each code once: a code is good once only, and tests don't wait half a minute."""

    secret: bytes
    shown: int = field(default=-1)

    def code(self) -> str:
        """The earliest code that is still taken and was not shown yet; not one that ends while it is typed."""
        now, left = TOTP(self.secret).t(), STEP - time.time() % STEP
        hurried = left < _TYPING
        self.shown = max(self.shown + 1, now if hurried else now - 1)
        if hurried and self.shown == now + 2:
            time.sleep(left)
            now += 1
        assert self.shown <= now + 1, "one code a step: wait for the next"
        return self.at(self.shown)

    def at(self, step: int) -> str:
        token = TOTP(self.secret, drift=step - TOTP(self.secret).t()).token()
        return f"{token:06d}"

    def wrong(self) -> str:
        """Six digits that are none of the codes of about now."""
        now = TOTP(self.secret).t()
        good = {self.at(step) for step in range(now - 3, now + 4)}
        return next(code for code in ("000000", "111111", "222222", "333333") if code not in good)


def password_step(client: Client, user: User, *, next_page: str = "") -> object:
    sent = {"username": user.username, "password": PASSWORD, "next": next_page}
    return client.post("/console/login/", sent)


def set_up(client: Client) -> tuple[Phone, list[str]]:
    """Go through the pages: the phone, and the recovery codes that were shown."""
    client.post("/console/security/second-factor/", {"password": PASSWORD})
    page = client.get("/console/security/second-factor/confirm/")
    phone = Phone(base64.b32decode(page.context["secret"].replace(" ", "")))
    done = client.post("/console/security/second-factor/confirm/", {"code": phone.code()})
    return phone, re.findall(r"<li><code>([0-9a-z-]+)</code>", done.content.decode())


def log_in(user: User, phone: Phone) -> Client:
    client = Client()
    password_step(client, user)
    answer = client.post("/console/login/code/", {"code": phone.code()})
    assert answer.status_code == 302, answer.content.decode()
    return client


def phone_of(user: User) -> Phone:
    """Where the pages are not what is tested."""
    return Phone(SecondFactor.objects.get(user=user, confirmed=True).bytes_of_secret())
