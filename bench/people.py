"""People for the load, with tokens signed by the key of users: `python -m bench.people COUNT`, with its settings."""

import os
import sys
from unittest import mock


def main(count: int) -> None:
    """Print an access token a line, each of somebody new, good for a day."""
    os.environ |= {"ACCESS_TOKEN_SECONDS": "86400", "LOG_LEVEL": "ERROR"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontrow.settings")
    import django

    django.setup()
    from django.utils import timezone

    from frontrow.chassis.ids import new_id
    from frontrow.services.users import keys

    now = timezone.now()
    with mock.patch.object(keys, "active", return_value=keys.active(now)):  # looked for once
        for _ in range(count):
            print(keys.sign(new_id(), [], now))


if __name__ == "__main__":
    main(int(sys.argv[1]))
