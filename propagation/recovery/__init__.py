"""What keeps runs going when messages or processes are lost, and what proves the result."""
