"""What each entity was."""
