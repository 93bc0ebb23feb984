"""Money is the same whichever way it comes in."""

import pytest

from frontrow.chassis.tests.fast import Fast
from frontrow.services.payments.door import PaymentsDoor


@pytest.fixture(params=["ordinary", "fast"])
def doors(request):
    """Each test that uses it, twice: POST /payments by Django's door, and by the fast one."""
    if request.param == "ordinary":
        yield None
    else:
        with Fast(PaymentsDoor()) as fast:
            yield fast


@pytest.fixture
def booking(ada, ben):
    """A hold of Ben's, of two places."""
    return ben.books(ada.lists(), 2)
