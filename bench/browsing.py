"""Looking at what is on: the gateway's memory, beside nginx that serves the same bytes from a file."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping

import httpx

from bench import load
from bench.stage import Services
from frontrow.embedded.processes import follower
from frontrow.fleet import packages
from tests.embedded.system import free_port, wait

LIST = "/"
PLAIN, BROWSER = {"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip"}  # who reads
CONNECTIONS = 128
CONF = """
daemon off; worker_processes {workers}; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
    access_log {folder}/log combined buffer=4k flush=1s; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type application/json;
    open_file_cache max=1000; {temps}
    server {{ listen 127.0.0.1:{port} backlog=2048; root {folder}/files; {headers} }}
}}
"""
ITS_OWN = [
    "server",
    "date",
    "content-type",
    "content-length",
    "transfer-encoding",
    "connection",
    "last-modified",
    "etag",
]
TEMPS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def in_turn(stage: Services, file: str) -> tuple[float, float]:
    """Answers a second of a file and through the gateway, a second each: what else the machine does meets both."""
    return load.get(file, CONNECTIONS, 1, PLAIN).rate, browsed(stage, 1, PLAIN)[0]


def browsed(stage: Services, seconds: int, reader: Mapping[str, str]) -> tuple[float, float]:
    """Answers a second through the gateway, and how often a second events itself was asked meanwhile."""
    before, began = _asked(stage), time.monotonic()
    run = load.get(stage.address + LIST, CONNECTIONS, seconds, reader)
    asked = (_asked(stage) - before) / (time.monotonic() - began)
    if run.refused:
        raise RuntimeError(f"{run.refused} of {run.answers} looks were refused")
    return run.rate, asked


def _asked(stage: Services) -> float:
    """Lists that events has answered."""
    port = stage.fleet.port("events")
    lines = httpx.get(f"http://127.0.0.1:{port}/metrics").raise_for_status().text.splitlines()
    counted = (
        line for line in lines if line.startswith("frontrow_requests_total{") and 'route="events"' in line
    )
    return sum(float(line.rsplit(" ", 1)[1]) for line in counted)


@contextlib.contextmanager
def limit(stage: Services) -> Iterator[str]:
    """L4: where nginx sends the same bytes, headers too, the body from a file."""
    like = httpx.get(stage.address + LIST, headers=PLAIN).raise_for_status()
    folder, port = stage.folder / f"plain-{time.monotonic_ns()}", free_port()
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "body").write_bytes(like.content)
    workers = min(os.cpu_count() or 1, 4)  # as the gateway
    temps = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPS)
    conf = folder / "nginx.conf"
    headers = " ".join(
        f'add_header {name} "{value}";' for name, value in like.headers.items() if name not in ITS_OWN
    )
    conf.write_text(CONF.format(workers=workers, folder=folder, port=port, temps=temps, headers=headers))
    nginx = subprocess.Popen(
        [packages.where("nginx"), "-p", str(folder), "-c", str(conf), "-e", "stderr"], preexec_fn=follower(3)
    )
    try:
        wait(30, lambda: httpx.get(f"http://127.0.0.1:{port}/body").is_success, "nginx serves its file")
        yield f"http://127.0.0.1:{port}/body"
    finally:
        nginx.terminate()
        nginx.wait(30)
