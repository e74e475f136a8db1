"""Pictures as everybody may load them: by an id that nobody guesses, kept by browsers for good."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import etag, require_safe

from programs.models import Picture


def picture_path(picture: UUID) -> str:
    """Where the picture is served."""
    return reverse("picture", args=[picture])


def _etag(_request: HttpRequest, picture: UUID) -> str:
    return f'"{picture.hex}"'  # never changed: another picture has another id


@require_safe
@etag(_etag)
def picture(_request: HttpRequest, picture: UUID) -> HttpResponseBase:
    """The WebP of a picture, or 404. One statement; none where the browser has it already."""
    content = Picture.objects.filter(pk=picture).values_list("content", flat=True).first()
    if content is None:
        return HttpResponse("There is no such picture.\n", status=404, content_type="text/plain")
    return HttpResponse(
        bytes(content),
        content_type="image/webp",
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )
