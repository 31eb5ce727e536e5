"""Upload files of media, and read them."""

from functools import partial
from http import HTTPStatus
from typing import Any, cast

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponseNotModified, QueryDict
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Project
from assets.services.lookup import find_project
from propagation.api.conditional import matches
from propagation.api.negotiation import OneForm
from propagation.api.streaming import answer_file
from propagation.api.strict import NoQuery, StrictSerializer, get_actor, read_query
from propagation.services.store_file import store_file
from versions.exceptions import FileNotStoredError
from versions.models import StoredFile

SHOWN_INLINE = ("image/png", "image/jpeg", "image/webp", "image/gif", "video/", "audio/")
"""What a browser may show by itself; all else, such as SVG and HTML, could run scripts."""


class FileBody(StrictSerializer):
    """A form with one file."""

    file = serializers.FileField(allow_empty_file=False, max_length=255)


class FilesView(APIView):
    """The uploaded files of a project."""

    parser_classes = (MultiPartParser,)

    def post(self, request: Request, project_id: str) -> Response:
        """Store a file: 201 with its key, by which versions name it."""
        read_query(NoQuery, request)
        project = find_project(code=project_id, user=request.user)
        form = request.data if isinstance(request.data, QueryDict) else QueryDict()
        if len(form.getlist("file")) > 1:
            raise ValidationError({"file": ["One file at a time."]})
        given = FileBody(data=form.dict())
        given.is_valid(raise_exception=True)
        upload = cast("UploadedFile[Any]", given.validated_data["file"])
        file = store_file(
            project=project, upload=upload, actor=get_actor(request), at=timezone.now()
        )
        body: dict[str, Any] = {
            "file": file.key,
            "name": file.name,
            "content_type": file.content_type,
            "size": file.size,
            "sha256": file.sha256,
            "url": default_storage.url(file.key),
        }
        return Response(body, status=HTTPStatus.CREATED, headers={"Location": body["url"]})


class FileView(APIView):
    """One uploaded file."""

    content_negotiation_class = OneForm

    def get(self, request: Request, key: str) -> HttpResponseBase:
        """Answer the file itself to whoever may see its project."""
        read_query(NoQuery, request)
        projects = Project.objects.visible_to(request.user)
        found = StoredFile.objects.filter(key=key, project__in=projects)
        file = found.first() if "\0" not in key else None
        if file is None or not default_storage.exists(file.key):
            raise FileNotStoredError
        cached = {
            "ETag": f'"{file.sha256}"',
            "Cache-Control": "private, max-age=31536000, immutable",
        }
        if matches(request.headers.get("If-None-Match", ""), cached["ETag"]):
            return HttpResponseNotModified(headers=cached)
        is_shown = file.content_type.startswith(SHOWN_INLINE)
        response = answer_file(request, partial(default_storage.open, file.key), size=file.size)
        disposition = content_disposition_header(not is_shown, file.name)
        for name, value in cached.items():
            response[name] = value
        response["Content-Type"] = file.content_type
        response["Content-Disposition"] = disposition or "inline"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response
