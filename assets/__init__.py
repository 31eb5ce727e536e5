"""What exists: projects, members, entities, the references between them, and their graph."""
