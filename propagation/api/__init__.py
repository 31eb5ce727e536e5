"""The REST API under /api/v1; the shapes are those of STORY-089."""
