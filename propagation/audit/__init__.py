"""The audit trail: who changed what, when, why, by which rule and run, from what to what."""
