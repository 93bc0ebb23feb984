"""`make reference`: write the table of settings into docs/operations.md."""

import re
import sys
from pathlib import Path

from frontrow.chassis.reference import table

OPERATIONS = Path(__file__).parents[1] / "docs" / "operations.md"
PLACE = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- /settings -->)", re.DOTALL)


def wanted() -> str:
    """The table as the document is to hold it."""
    return "".join(f"{line}\n" for line in table())


def written() -> str:
    """What the document holds."""
    return PLACE.findall(OPERATIONS.read_text())[0]


def main() -> int:
    OPERATIONS.write_text(PLACE.sub(lambda _: wanted(), OPERATIONS.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
