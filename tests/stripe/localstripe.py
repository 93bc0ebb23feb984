"""localstripe, a stand-in for Stripe that others wrote, as a process on loopback.

python -m tests.stripe.localstripe PORT
"""

import sys

from aiohttp import web
from localstripe.server import app

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
