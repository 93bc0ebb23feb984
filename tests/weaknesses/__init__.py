"""Deliberate defects, one for each test that docs/security.md names, which `make mutants` tries as well.

Those of tests/defects.py are guards of selling and paying first of all; these take away what keeps strangers out.
"""

from tests.weaknesses.doors import DOORS
from tests.weaknesses.keeping import KEEPING
from tests.weaknesses.people import PEOPLE

WEAKNESSES = [*DOORS, *PEOPLE, *KEEPING]
