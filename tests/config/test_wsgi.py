"""What Django itself would lose: a body without Content-Length."""

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest

from config.wsgi import with_length


def environ(body: bytes, **more: Any) -> dict[str, Any]:
    return {"REQUEST_METHOD": "PATCH", "wsgi.input": BytesIO(body), "wsgi.input_terminated": True, **more}


def test_a_chunked_body_is_read_and_not_taken_for_empty() -> None:
    chunked = environ(b'{"status": "frozen"}', HTTP_TRANSFER_ENCODING="chunked")
    assert WSGIRequest(with_length(chunked)).body == b'{"status": "frozen"}'


def test_no_more_is_read_than_is_needed_to_refuse_it() -> None:
    limit = settings.LARGEST_BODY
    found = with_length(environ(b"x" * (limit + 1000), HTTP_TRANSFER_ENCODING="chunked"))
    assert found["CONTENT_LENGTH"] == str(limit + 1)


def test_a_body_with_a_length_is_left_alone() -> None:
    plain = environ(b"{}", CONTENT_LENGTH="2")
    assert with_length(plain) is plain
