"""A handler that queues each target for a worker outside, such as a render farm."""

from propagation.handlers.contract import Job, Material


def queue_render(material: Material) -> Job:
    """Return a job with all that a renderer needs; its result comes by callback.

    The worker lists open jobs (GET /api/v1/projects/{id}/jobs), does one, and completes it
    (POST /api/v1/jobs/{token}) with the fields that the target gets, or with an error.
    """
    return Job(
        payload={
            "asset_id": material.code,
            "content": dict(material.content),
            "uses": [
                {"id": used.code, "role": used.role, "content": dict(used.content)}
                for used in material.uses
            ],
        }
    )
