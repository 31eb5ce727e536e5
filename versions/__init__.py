"""What each entity was: immutable versions, heads, and what references consumed."""
