"""Store an uploaded file where Django's storage is, and remember what it was."""

import hashlib
import mimetypes
import re
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import DatabaseError

from assets.models import Project, Role
from assets.services.access import check_role
from versions.models import StoredFile

NAME_LENGTH = 120


def store_file(*, project: Project, upload: "File[Any]", actor: User, at: datetime) -> StoredFile:
    """Store the file under a key that nothing else has, and return its row; RoleTooLowError.

    Its type follows from its name, not from what the client says. The file is written before its
    row: a row never points at nothing, and a file without a row is removed.
    """
    check_role(actor=actor, project_id=project.pk, needed=Role.ARTIST)
    name = upload.name or "file"
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    key = default_storage.save(f"{project.pk}/{uuid4().hex}/{make_file_name(name)}", upload)
    try:
        return StoredFile.objects.create(
            project=project,
            key=key,
            name=name[:255],
            content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
            size=upload.size or 0,
            sha256=digest.hexdigest(),
            author=actor,
            created_at=at,
        )
    except DatabaseError:
        default_storage.delete(key)
        raise


def make_file_name(name: str) -> str:
    """Return the name with nothing in it that a path or a URL would read otherwise."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)[-NAME_LENGTH:].lstrip(".-") or "file"
