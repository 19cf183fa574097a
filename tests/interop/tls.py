#!/usr/bin/env python3
"""Shows with other people's clients that the server's TLS is what docs/configuration.md says: openssl, curl, Python.

    tls.py BINARY        (needs openssl and curl)

Versions that are refused and accepted, the certificate that is shown, one that changes while clients work, pairs that are
kept out, key files that are refused, plain HTTP at the port, and whose forwarded addresses count.
"""
import html
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from chain_check import STOP_SECONDS_MAX

READY_SECONDS_MAX = 60
# Two looks of two seconds each, and time for a busy machine.
RELOAD_SECONDS_MAX = 30
CREATE = '<Request Operation="CreateSession"><InvokeID>1</InvokeID></Request>'
XML = {"Content-Type": "text/xml"}


def require(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def run(*command, feed="", **options):
    """Runs a command to its end; what it said, both streams together, and its exit status."""
    ran = subprocess.run(
        command, input=feed, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, **options
    )
    return ran.stdout, ran.returncode


def openssl(*words):
    told, status = run("openssl", *words)
    require(status == 0, f"openssl {' '.join(map(str, words))}: {told}")


class Certificates:
    """An authority, and what it issues for localhost."""

    def __init__(self, folder, kind):
        self.folder, self.kind = folder, kind
        self.ca, self.pem, self.key = folder / "ca.pem", folder / "server.pem", folder / "server.key"
        self.make_key(folder / "ca.key")
        # Python 3.13 takes no authority that does not say what its key is for.
        openssl("req", "-x509", "-new", "-key", folder / "ca.key", "-subj", "/CN=authority", "-days", "3",
                "-addext", "keyUsage=critical,keyCertSign", "-out", self.ca)
        (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")

    def make_key(self, path):
        if self.kind == "rsa":
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path)
        else:
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{self.kind}", "-out", path)
        path.chmod(0o600)

    def issue(self, serial):
        """Puts a new pair into the place of the one there, each file in one move."""
        key, request, pem = (self.folder / name for name in ["new.key", "new.csr", "new.pem"])
        self.make_key(key)
        openssl("req", "-new", "-key", key, "-subj", "/CN=localhost", "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.folder / "ca.key", "-set_serial",
                str(serial), "-days", "2", "-extfile", self.folder / "names", "-out", pem)
        key.rename(self.key)
        pem.rename(self.pem)

    def context(self):
        return ssl.create_default_context(cafile=self.ca)


class Server:
    """A store of its own, under TLS."""

    def __init__(self, binary, folder, flags):
        self.binary, self.data, self.log = binary, folder / "store", folder / "server.log"
        if not self.data.exists():
            told, status = run(binary, "init", "--data", self.data)
            require(status == 0, told)
            (folder / "password").write_text(re.search("Password: (.*)", told).group(1))
        self.password = (folder / "password").read_text()
        command = [binary, "serve", "--data", self.data, "--listen", "127.0.0.1:0", *flags]
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + READY_SECONDS_MAX
        while " serving" not in self.told():
            require(self.process.poll() is None and time.monotonic() < deadline, f"no start: {self.told()}")
            time.sleep(0.05)
        self.port = int(re.search(r"serving.*?127\.0\.0\.1:(\d+)", self.told()).group(1))

    def told(self):
        return self.log.read_text(errors="replace")

    def wait(self, happened, what):
        deadline = time.monotonic() + RELOAD_SECONDS_MAX
        while not happened():
            require(time.monotonic() < deadline, f"{what}: {self.told()}")
            time.sleep(0.1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(STOP_SECONDS_MAX)
        require(status == 0, f"the server stopped with exit status {status}: {self.told()}")


def s_client(server, certificates, *flags):
    return run("openssl", "s_client", "-connect", f"localhost:{server.port}", "-CAfile", certificates.ca,
               "-verify_return_error", *flags, feed="")


def serial(server, certificates):
    """What openssl is shown by a new connection."""
    shown, status = s_client(server, certificates)
    require(status == 0, f"openssl s_client: {shown}")
    found, _ = run("openssl", "x509", "-noout", "-serial", feed=shown)
    return int(found.strip().removeprefix("serial="), 16)


def versions(server, certificates):
    for flag, version in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")]:
        told, status = s_client(server, certificates, flag)
        require(status == 0 and version in told and "Verify return code: 0 (ok)" in told, f"{flag}: {told}")
    # Security level 0, so that it is the server that refuses what is old, and not this client.
    for flag in ["-tls1", "-tls1_1"]:
        told, status = s_client(server, certificates, flag, "-cipher", "ALL:@SECLEVEL=0")
        refused = "alert protocol version" in told or "alert handshake failure" in told
        require(status != 0 and refused, f"{flag} is not refused by the server: {told}")
    # No forward secrecy, no authenticated encryption.
    for cipher in ["AES128-GCM-SHA256", "AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA"]:
        told, status = s_client(server, certificates, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
        require(status != 0 and "alert handshake failure" in told, f"{cipher} is not refused: {told}")
    told, _ = s_client(server, certificates, "-alpn", "h2,http/1.1")
    require("ALPN protocol: http/1.1" in told, f"ALPN: {told}")
    told, status = s_client(server, certificates, "-alpn", "h2")
    require(status != 0 and "alert no application protocol" in told, f"h2 alone is not refused: {told}")


def curl(server, certificates):
    url = f"https://localhost:{server.port}"
    for flags in [["--tls-max", "1.2"], ["--tlsv1.3"]]:
        told, status = run("curl", "-sS", "--cacert", certificates.ca, *flags, f"{url}/readyz")
        require(status == 0 and told == "ready\n", f"curl {flags}: {told}")
    told, status = run("curl", "-sS", "--cacert", certificates.ca, "-H", "Content-Type: text/xml", "--data-binary", "@-",
                       f"{url}/api/xml", feed=CREATE)
    require(status == 0 and 'Result="Success"' in told, f"curl: {told}")
    told, status = run("curl", "-sS", f"{url}/readyz", env={"PATH": os.environ["PATH"]})
    require(status == 60, f"curl believes a certificate of nobody's: {told}")


def ask(connection, body):
    connection.request("POST", "/api/xml", body, XML)
    answer = connection.getresponse()
    text = answer.read().decode()
    require(answer.status == 200 and 'Result="Success"' in text, f"another answer: {answer.status} {text}")
    return text


def request(operation, session, payload=""):
    return (f'<Request Operation="{operation}"><InvokeID>1</InvokeID><SessionID>{session}</SessionID><OperationPayload>'
            f"{payload}</OperationPayload></Request>")


def signing_in(password):
    names = [("UserName", "admin"), ("Password", password)]
    return "".join(f'<Property Name="{name}">{html.escape(value)}</Property>' for name, value in names)


def changed_while_clients_work(server, certificates):
    context, failures, done = certificates.context(), [], threading.Event()
    counts = {"kept": 0, "new": 0, "resumed": 0}

    def connect():
        return http.client.HTTPSConnection("localhost", server.port, timeout=30, context=context)

    first = connect()
    signed_in = re.search('Name="SessionID">([0-9A-F]{32})<', ask(first, CREATE)).group(1)
    ask(first, request("Authenticate", signed_in, signing_in(server.password)))
    listing = request("CRMConfigurationList", signed_in)

    def work(kind):
        kept, session = connect(), None
        while not done.is_set():
            try:
                if kind == "resumed":
                    # A client that brings its session along is shown today's certificate all the same.
                    raw = socket.create_connection(("localhost", server.port), timeout=30)
                    with context.wrap_socket(raw, server_hostname="localhost", session=session) as stream:
                        stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        require(stream.recv(65536).startswith(b"HTTP/1.1 200"), "no answer to a resumed session")
                        session = stream.session
                        counts[kind] += stream.session_reused
                else:
                    connection = kept if kind == "kept" else connect()
                    ask(connection, listing)
                    if connection is not kept:
                        connection.close()
                    counts[kind] += 1
            except (OSError, http.client.HTTPException, SystemExit) as error:
                failures.append(f"{kind}: {error!r}")
                return
            time.sleep(0.02)
        kept.close()

    workers = [threading.Thread(target=work, args=[kind]) for kind in counts]
    for worker in workers:
        worker.start()
    try:
        for number in [20, 30]:
            certificates.issue(number)
            server.wait(lambda: serial(server, certificates) == number, f"certificate {number} is never shown")
    finally:
        done.set()
        for worker in workers:
            worker.join()
    require(not failures, f"requests failed while the certificate changed: {failures[:3]}")
    require(all(count > 10 for count in counts.values()), f"the clients hardly worked: {counts}")
    return counts


def kept_out(server, certificates):
    good = certificates.key.read_bytes()
    before = serial(server, certificates)
    for content, mode, words in [
        (b"nonsense", 0o600, "holds no private key"),
        (good, 0o644, "is open to others (mode 0644)"),
        ((certificates.folder / "ca.key").read_bytes(), 0o600, "does not fit the first certificate"),
    ]:
        certificates.key.write_bytes(content)
        certificates.key.chmod(mode)
        server.wait(lambda: words in server.told(), f"{words!r} is never told")
        require(serial(server, certificates) == before, "another certificate is shown")
    certificates.key.write_bytes(good)
    certificates.issue(40)
    server.wait(lambda: serial(server, certificates) == 40, "the mended pair is never shown")
    told = server.told()
    require(told.count("the certificate of before goes on serving") == 3, f"not told once each: {told}")


def plain_http(server, certificates):
    before = server.told()
    told, status = run("curl", "-sS", "-m", "20", f"http://localhost:{server.port}/readyz")
    require(status in [1, 52, 56], f"plain HTTP at the port of TLS: {status} {told}")
    for sent in [b"GET / HTTP/1.0\r\n\r\n", b"\x00" * 100, b"\x16\x03\x03\x40\x00" + b"\xff" * 5000]:
        with socket.create_connection(("localhost", server.port), timeout=30) as raw:
            raw.sendall(sent)
            try:
                answer = raw.recv(100)
            except ConnectionResetError:
                answer = b""
            require(answer[:1] in [b"", b"\x15"], f"{sent[:9]} was answered with {answer}")
    require(server.told() == before, f"lines of the log: {server.told()[len(before):]}")
    require(serial(server, certificates) > 0, "it serves no more")


def refused_keys(binary, folder, certificates):
    start = [binary, "serve", "--data", folder / "store", "--listen", "127.0.0.1:0", "--tls-certificate", certificates.pem]
    certificates.key.chmod(0o640)
    told, status = run(*start, "--tls-key", certificates.key)
    require(status == 1 and "chmod 600" in told, f"a key open to its group: {told}")
    certificates.key.chmod(0o600)
    sealed = folder / "sealed.key"
    openssl("pkey", "-in", certificates.key, "-aes256", "-passout", "pass:x", "-out", sealed)
    sealed.chmod(0o600)
    told, status = run(*start, "--tls-key", sealed)
    require(status == 1 and "is encrypted" in told and "openssl pkey" in told, f"an encrypted key: {told}")


def forwarded(binary, folder, certificates):
    """A proxy that speaks TLS to the server as well: who counts as the client stands in the security log."""
    flags = ["--tls-certificate", certificates.pem, "--tls-key", certificates.key, "--behind-tls-proxy"]
    security_log = folder / "store" / "security.log"
    header, seen = "X-Forwarded-For: 203.0.113.1, 192.0.2.9, 10.0.0.7", []
    for more in [["--trusted-proxies", "127.0.0.1,10.0.0.0/8"], []]:
        server = Server(binary, folder, flags + more)
        url = f"https://localhost:{server.port}/api/xml"
        send = ["curl", "-sS", "--cacert", certificates.ca, "-4", "-H", "Content-Type: text/xml", "-H", header]
        created, _ = run(*send, "--data-binary", "@-", url, feed=CREATE)
        session = re.search('Name="SessionID">([0-9A-F]{32})<', created).group(1)
        wrong = request("Authenticate", session, signing_in("not " + server.password))
        told, _ = run(*send, "--data-binary", "@-", url, feed=wrong)
        require(">10307<" in told, told)
        server.stop()
        failed = [line for line in map(json.loads, security_log.read_text().splitlines()) if line["kind"] == "sign_in_failed"]
        seen.append(failed[-1]["address"])
    require(seen == ["192.0.2.9", "127.0.0.1"], f"addresses in the security log: {seen}")


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    for kind in ["P-256", "rsa", "P-384"]:
        with tempfile.TemporaryDirectory(prefix="crmconf-tls-") as name:
            folder = pathlib.Path(name)
            certificates = Certificates(folder, kind)
            certificates.issue(10)
            flags = ["--tls-certificate", certificates.pem, "--tls-key", certificates.key]
            # So that a handshake that never ends is over soon.
            server = Server(binary, folder, [*flags, "--body-timeout-seconds", "2"])
            try:
                require(serial(server, certificates) == 10, "another certificate is shown")
                versions(server, certificates)
                curl(server, certificates)
                if kind == "P-256":
                    counts = changed_while_clients_work(server, certificates)
                    kept_out(server, certificates)
                plain_http(server, certificates)
                server.stop()
                if kind == "P-256":
                    refused_keys(binary, folder, certificates)
                    forwarded(binary, folder, certificates)
            finally:
                server.process.kill()
    print("TLS 1.3 and 1.2 alone, with three kinds of keys; no request of openssl, curl or Python failed while the "
          f"certificate changed ({counts['kept']} on one connection, {counts['new']} on new ones, "
          f"{counts['resumed']} resumed)")


if __name__ == "__main__":
    main()
