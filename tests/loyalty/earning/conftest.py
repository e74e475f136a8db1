"""What tests of the API have, for those that also count statements here."""

from tests.api.conftest import warm_key

__all__ = ["warm_key"]
