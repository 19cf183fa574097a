"""The demo's store, served by the release binary, for scripts that are its clients."""

import contextlib
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

START_SECONDS_MAX = 60


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def demo(binary, certificates=None):
    """Serves the demo's store as long as the block runs, under TLS where there are certificates; gives its URL."""
    with tempfile.TemporaryDirectory(prefix="crmconf-demo-") as folder:
        if certificates is None:
            with serving(binary, folder, "--demo") as url:
                yield url
            return
        with serving(binary, folder, "--demo"):
            pass
        # The demo itself speaks plain HTTP only. Its store is one as any other once its key lies elsewhere.
        key = pathlib.Path(folder, "data", "master.key").rename(pathlib.Path(folder, "key"))
        pair = ["--tls-certificate", certificates.pem, "--tls-key", certificates.key]
        with serving(binary, folder, "--master-key-file", key, *pair, ca=certificates.ca) as url:
            yield url


@contextlib.contextmanager
def serving(binary, folder, *flags, ca=None):
    port = free_port()
    url = f"{'https' if ca else 'http'}://localhost:{port}"
    context = ssl.create_default_context(cafile=ca) if ca else None
    command = [binary, "serve", "--data", f"{folder}/data", "--listen", f"127.0.0.1:{port}", *map(str, flags)]
    log = pathlib.Path(folder, "log")
    with log.open("ab") as lines:
        server = subprocess.Popen(command, stdout=lines, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not ready(url, context):
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(START_SECONDS_MAX) == 0, log.read_text()


def ready(url, context):
    try:
        # None of the environment's proxies: the server is on this machine.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        return direct.open(url + "/readyz", timeout=5).status == 200
    except (OSError, urllib.error.URLError):
        return False
