"""Webhooks by the Standard Webhooks specification: what is told, signed, and sent outside."""
