"""Secrets that must be read again are kept encrypted, under keys that the database does not hold."""

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """What is stored was encrypted under none of ENCRYPTION_KEYS, or was altered."""


def encrypt(secret: str) -> str:
    """The secret under the newest of `settings.ENCRYPTION_KEYS`, as ASCII text."""
    return _keys().encrypt(secret.encode()).decode()


def decrypt(stored: str) -> str:
    """The secret, whichever of the keys it is under. Raises Unreadable."""
    try:
        return _keys().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise Unreadable(
            "Encrypted under none of ENCRYPTION_KEYS; put its key back into the list."
        ) from error


def encrypt_again(stored: str) -> str:
    """The same secret under the newest key. Raises Unreadable."""
    return encrypt(decrypt(stored))


def _keys() -> MultiFernet:
    return _derived(tuple(settings.ENCRYPTION_KEYS))


@lru_cache(maxsize=4)
def _derived(texts: tuple[str, ...]) -> MultiFernet:
    """Any long random text will do as a key; and what is derived for this is of no use for anything else."""
    return MultiFernet([Fernet(urlsafe_b64encode(_stretched(text))) for text in texts])


def _stretched(text: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"loyalty secrets at rest").derive(
        text.encode()
    )
