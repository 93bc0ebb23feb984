"""Every page as people see it, in two sizes and both themes, into screenshots/: `make screenshots`."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from frontrow.embedded.processes import follower
from tests.browser.conftest import sign_in
from tests.chromium import SIZES, chromium, sized
from tests.conftest import LIFTED, ROOT
from tests.embedded.system import free_port
from tests.journeys.traveller import answers
from tests.pages import Stage, stage

FOLDER = ROOT / "screenshots"
COMMAND = [sys.executable, "-m", "frontrow"]


@contextmanager
def _frontrow(folder: Path) -> Iterator[str]:
    """A Frontrow with the demo data."""
    port, data = free_port(), str(folder / "data")
    environment = {**os.environ, **LIFTED, "LOG_LEVEL": "ERROR"}
    subprocess.run([*COMMAND, "seed", "--data", data], cwd=ROOT, check=True, env=environment)
    command = [*COMMAND, "up", "--port", str(port), "--data", data]
    with subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=follower(signal.SIGTERM)) as up:
        try:
            address = f"http://127.0.0.1:{port}"
            if not answers(address, up):
                sys.exit("Frontrow did not start.")
            yield address
        finally:
            up.terminate()
            up.wait(30)


def _pictures(browser: Browser, address: str, one: Stage, size: str, scheme: str) -> None:
    with ExitStack() as stack:
        windows: dict[str, Page] = {}
        for shown in one.pages:
            if shown.who not in windows:
                context = sized(browser, address, size, color_scheme=scheme, reduced_motion="reduce")
                stack.callback(context.close)
                windows[shown.who] = context.new_page()
                if shown.who in one.cast:
                    sign_in(windows[shown.who], one.cast[shown.who])
            shown.seen(windows[shown.who])
            windows[shown.who].screenshot(path=FOLDER / f"{shown.name}-{size}-{scheme}.png", full_page=True)


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with (
        tempfile.TemporaryDirectory() as folder,
        _frontrow(Path(folder)) as address,
        ExitStack() as stack,
        chromium() as browser,
    ):
        one = stage(address, stack)
        for size in SIZES:
            for scheme in ("light", "dark"):
                _pictures(browser, address, one, size, scheme)
    print(f"{len(list(FOLDER.iterdir()))} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
