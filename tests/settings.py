"""Settings for the tests: a home of their own, and a prefix of their own on a shared Redis."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from uuid import uuid4

TEST_HOME = Path(tempfile.mkdtemp(prefix="continuity-test-"))
atexit.register(shutil.rmtree, TEST_HOME, ignore_errors=True)
os.environ["CONTINUITY_HOME"] = str(TEST_HOME)
os.environ["CONTINUITY_REDIS_PREFIX"] = (
    f"test-{uuid4().hex[:8]}:" if os.environ.get("REDIS_URL") else ""
)
for kind in ("ANONYMOUS", "READS", "WRITES", "STARTS"):  # tests ask faster than anybody else
    os.environ.setdefault(f"CONTINUITY_THROTTLE_{kind}", "1000000")
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)

from config.settings import *  # noqa: E402, F403 (the environment above must be set first)
from config.settings import DATABASES, MIDDLEWARE  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, not memory: the workers are processes of their own.
    DATABASES["default"]["TEST"] = {"NAME": str(TEST_HOME / "test.sqlite3")}
else:
    # Several runs of the suite share one server.
    DATABASES["default"]["TEST"] = {"NAME": f"test_continuity_{uuid4().hex[:8]}"}
    # Nothing here outlives the server.
    DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# It knows async requests only: for its sake a test's client would start a thread and an event loop
# for each request. Real servers have it.
MIDDLEWARE.remove("servestatic.middleware.ServeStaticMiddleware")
MIDDLEWARE.insert(0, "tests.contract.KeepsToDocument")
