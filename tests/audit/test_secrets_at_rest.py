"""Secrets that must be read again: encrypted, and readable by the keys of the settings alone."""

from typing import Any

import pytest

from audit.secrets_at_rest import Unreadable, decrypt, encrypt, encrypt_again

OLD, NEW, FOREIGN = "o" * 40, "n" * 40, "f" * 40


def test_what_is_encrypted_is_read_again_and_never_looks_the_same_twice(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [NEW]
    first, second = encrypt("hush, hush"), encrypt("hush, hush")
    assert first != second
    assert "hush, hush" not in first
    assert decrypt(first) == decrypt(second) == "hush, hush"


def test_an_older_key_still_reads_and_the_newest_writes(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    stored = encrypt("hush")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert decrypt(stored) == "hush"
    moved = encrypt_again(stored)
    settings.ENCRYPTION_KEYS = [NEW]
    assert decrypt(moved) == "hush"
    with pytest.raises(Unreadable, match="ENCRYPTION_KEYS"):
        decrypt(stored)


def test_what_another_key_wrote_or_somebody_altered_is_unreadable(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [FOREIGN]
    foreign = encrypt("hush")
    settings.ENCRYPTION_KEYS = [NEW]
    own = encrypt("hush")
    middle = len(own) // 2
    altered = own[:middle] + ("A" if own[middle] != "A" else "B") + own[middle + 1 :]
    for stored in (foreign, altered, "", "hush"):
        with pytest.raises(Unreadable):
            decrypt(stored)
