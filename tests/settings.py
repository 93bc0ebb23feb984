"""Settings under test: the product's own. For tools that need no database, such as mypy, any will do."""

import os

os.environ.setdefault("SECRET_KEY", "only-for-tools-" + "x" * 40)
os.environ.setdefault("DATABASE_URL", "postgres://nobody@/nowhere/none")

from frontrow.settings import *  # noqa: F403
