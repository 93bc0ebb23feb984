"""TLS and HTTP/2, while there is a certificate."""

import datetime
import socket
import ssl
import struct

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.embedded.system import free_port, wait
from tests.gateway.stage import PATIENCE, places
from tests.gateway.stage import gateway as a_gateway

SETTINGS, HEADERS, DATA, END = 4, 1, 0, 1
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def certify(folder):
    """A new certificate of our own for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    built = built.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    certificate = built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "tls.key").write_bytes(private)
    (folder / "tls.crt").write_bytes(certificate)
    return certificate.decode()


@pytest.fixture
def folder(tmp_path):
    certify(tmp_path)
    return tmp_path


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def secured(services, folder, port):
    settings = {
        "GATEWAY_TLS": str(folder),
        "GATEWAY_TLS_PORT": str(port),
        "PUBLIC_URL": "https://tickets.example.org",
    }
    with a_gateway(places(services), **settings) as gateway:
        yield gateway


def trusting(**versions):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, version in versions.items():
        setattr(context, name, version)
    return context


def connect(port, context):
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))


def frame(kind, flags, stream, content):
    return struct.pack(">I", len(content))[1:] + struct.pack(">BBI", kind, flags, stream) + content


def literal(index, value):
    """A header whose name is in HPACK's table, and its value."""
    return bytes([index, len(value)]) + value


def over_http2(connection, path):
    """The body of a GET: one stream, nothing of HTTP/2 beyond what that needs."""
    headers = b"\x82\x87" + literal(4, path) + literal(1, b"localhost")
    connection.sendall(PREFACE + frame(SETTINGS, 0, 0, b"") + frame(HEADERS, 5, 1, headers))
    body, ended = b"", False
    with connection.makefile("rb") as stream:
        while not ended:
            head = stream.read(9)
            length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            content = stream.read(length)
            if kind == DATA:
                body += content
            ended = kind in (DATA, HEADERS) and bool(flags & END)
    return body


def test_http2_is_spoken(secured, services, port):
    context = trusting()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with connect(port, context) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        assert over_http2(connection, b"/bookings") == b"bookings"
    (asked,) = services["bookings"].asked
    assert asked.headers["X-Forwarded-Proto"] == "https"
    assert asked.headers["Host"] == "localhost"


def test_browsers_are_told_to_stay_with_https(secured, port):
    for path in (b"/bookings", b"/-/nowhere", b"/healthz"):
        with connect(port, trusting()) as connection:
            connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.count(b"Strict-Transport-Security: max-age=31536000\r\n") == 1


def test_the_plain_port_leads_to_https_and_asks_nobody(secured, services):
    for method in ("GET", "POST"):
        answer = secured.ask(method, "/bookings?x=1")
        assert answer.status == 308
        assert answer.headers["Location"] == "https://tickets.example.org/bookings?x=1"
        assert answer.headers["Strict-Transport-Security"] is None
    assert services["bookings"].asked == []
    assert secured.get("/healthz").status == 200


def test_old_tls_is_refused(secured, port):
    old = trusting(minimum_version=ssl.TLSVersion.TLSv1_2, maximum_version=ssl.TLSVersion.TLSv1_2)
    with connect(port, old) as connection:
        assert connection.version() == "TLSv1.2"
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        older = trusting(minimum_version=ssl.TLSVersion.TLSv1_1, maximum_version=ssl.TLSVersion.TLSv1_1)
    older.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):  # said by the other side
        connect(port, older)


def test_plain_http_on_the_port_of_tls_is_a_bad_request(secured, port):
    answer = secured.ask("GET", "/bookings", port=port)
    assert (answer.status, answer.json["code"]) == (400, "bad_request")


def test_a_new_certificate_is_taken_up_and_a_broken_one_is_not(secured, folder, port):
    def served():
        return ssl.get_server_certificate(("127.0.0.1", port), timeout=PATIENCE)

    first = served()
    assert first == (folder / "tls.crt").read_text()
    second = certify(folder)
    wait(PATIENCE, lambda: served() == second, "the new one")
    good = (secured.run / "http.conf").read_text()
    (folder / "tls.crt").write_text("no certificate")
    wait(PATIENCE, lambda: "goes on with what it had" in secured.said(), "it says so")
    wait(PATIENCE, lambda: (secured.run / "http.conf").read_text() == good, "it has it still")
    assert served() == second
    third = certify(folder)
    wait(PATIENCE, lambda: served() == third, "the next good one")


def test_tls_begins_when_there_is_a_certificate(services, tmp_path, port):
    settings = {"GATEWAY_TLS": str(tmp_path), "GATEWAY_TLS_PORT": str(port), "PUBLIC_URL": ""}
    with a_gateway(places(services), **settings) as gateway:
        assert gateway.get("/bookings").status == 200
        certify(tmp_path)
        wait(PATIENCE, lambda: gateway.get("/bookings").status == 308, "it leads to https")
        assert gateway.get("/bookings", Host="x.org").headers["Location"] == "https://x.org/bookings"
