"""Which environment variables the code reads."""

import re
from collections.abc import Set as AbstractSet

from config.environment import PROJECT_ROOT

READ = re.compile(r"""(?:\benv\.\w+|\benviron\.get|\bgetenv)\(\s*["']([A-Z][A-Z0-9_]+)["']""")
FOLDERS = ("assets", "config", "propagation", "versions")


def list_variables() -> AbstractSet[str]:
    """Return the names that the code reads, wherever it does."""
    files = [path for folder in FOLDERS for path in (PROJECT_ROOT / folder).rglob("*.py")]
    return {name for path in files for name in READ.findall(path.read_text())}
