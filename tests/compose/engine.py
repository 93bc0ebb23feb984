"""Docker Compose as a person at a terminal has it: one project of its own, bounded in time, gone in the end."""

import contextlib
import json
import os
import secrets
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.embedded.system import free_port

ROOT = Path(__file__).parents[2]
PULL_SECONDS = 60  # for all images together; a slow network leaves some out, and says so
MODEL = dict[str, Any]


class Failed(Exception):
    """A command did not do what it was to do; the message has its last words."""


def missing() -> str:
    """Why nothing can be run here; empty if it can."""
    for command, what in (
        (["docker", "info"], "a Docker engine"),
        (["docker", "compose", "version"], "Compose v2"),
    ):
        try:
            subprocess.run(command, capture_output=True, timeout=30, check=True)
        except (OSError, subprocess.SubprocessError):
            return f"make compose-check needs {what}: `{' '.join(command)}` fails here."
    return ""


def run(*command: str, seconds: float = 60, environment: dict[str, str] | None = None) -> str:
    """What the command printed. Raises Failed if it fails or takes longer."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(command[:6])} …: not done in {seconds:.0f} seconds") from None
    if done.returncode:
        raise Failed(f"{' '.join(command[:6])} …: {(done.stdout + done.stderr)[-1500:]}")
    return done.stdout


def until(seconds: float, look: Callable[[], object], what: str) -> None:
    """Look until it is so, once a second, since each look costs what it looks at. Raises Failed."""
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds:.0f} seconds: {what}")
        time.sleep(1)


class Project:
    """compose.yaml under a name, ports and image tags of its own. As a context manager it leaves nothing behind."""

    def __init__(self) -> None:
        self.name = f"frontrow-check-{secrets.token_hex(3)}"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        ports = {"PORT": self.port, "GRAFANA_PORT": free_port(), "MAIL_PORT": free_port()}
        settings = {key: str(port) for key, port in ports.items()}
        self.environment = {
            "COMPOSE_PROJECT_NAME": self.name,
            "VERSION": self.name,
            "PUBLIC_URL": self.address,
        }
        self.environment |= settings
        self.model: MODEL = {}

    def __enter__(self) -> "Project":
        return self

    def __exit__(self, *_: object) -> None:
        """Containers, networks, volumes and images of this project; what else is here stays."""
        try:
            self.compose("down", "--volumes", "--remove-orphans", "--timeout", "10", seconds=180)
        except Failed as failed:  # some engines lose count of who is on a network
            print(f"Not all of {self.name} could be removed: {str(failed)[-300:]}")
        images = [
            service["image"] for service in self.model.get("services", {}).values() if "build" in service
        ]
        for image in images:
            with contextlib.suppress(Failed):  # it was not built
                run("docker", "image", "rm", "--force", image)

    def compose(self, *words: str, seconds: float = 60) -> str:
        # Whatever .env lies here: the file must work without.
        command = ("docker", "compose", "--env-file", os.devnull, *words)
        return run(*command, seconds=seconds, environment=self.environment)

    def read(self) -> MODEL:
        """The whole file as Compose understands it. Raises Failed if it is not valid."""
        self.model = json.loads(self.compose("config", "--format", "json"))
        return dict(self.model["services"])

    def absent(self) -> list[str]:
        """The services whose image is neither built, nor here, nor to be had. Raises Failed."""
        services = self.model["services"]
        built = {service["image"] for service in services.values() if "build" in service}
        images = {service["image"] for service in services.values()} - built
        with ThreadPoolExecutor(len(images)) as pool:
            there = dict(zip(images, pool.map(_have, images), strict=True))
        return sorted(name for name, service in services.items() if not there.get(service["image"], True))

    def inside(self, service: str, program: str, index: int = 1, seconds: float = 60) -> str:
        """What a Python program prints in a container of this service."""
        words = ("exec", "-T", "--index", str(index), service, "python", "-c", program)
        return self.compose(*words, seconds=seconds)

    def containers(self) -> list[dict[str, Any]]:
        """All of this project's, as the engine describes them."""
        listed = run(
            "docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={self.name}"
        )
        return list(json.loads(run("docker", "inspect", *listed.split()))) if listed else []


def service_of(container: dict[str, Any]) -> str:
    return str(container["Config"]["Labels"]["com.docker.compose.service"])


def _have(image: str) -> bool:
    for command, seconds in (("image", "inspect", image), 20), (("pull", "--quiet", image), PULL_SECONDS):
        with contextlib.suppress(Failed):
            run("docker", *command, seconds=seconds)
            return True
    return False
