#!/usr/bin/env python3
"""Shows that an auditor without our code can check the chain, and that the check notices a changed byte.

    chain_check.py BINARY CHECKER

Starts `BINARY serve --demo` on a data folder of its own, adds a few configurations over raw HTTP, stops it, and runs
the Python CHECKER on the folder: it must pass, and tell the same head as `BINARY verify` and journal/head. Then flips
one byte at several places of a copy: each must be noticed.
"""
import http.client
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
ADDS = 5

ADD = """<Request Operation="CRMConfigurationAdd"><InvokeID>1</InvokeID><SessionID>{session}</SessionID><OperationPayload>
<Property Name="TelSysID">1</Property><Property Name="Description">chain {number}</Property>
<Property Name="CRMType">CrmAddin.SugarCrm.SugarCrmAddin</Property>
<Container Name="CRMConfiguration"><Property Name="JSONData">{{"ClientId":"{number}"}}</Property></Container>
<Container Name="CRMConfigurationCommon"><Property Name="JSONData">{{"Cached":"true"}}</Property></Container>
</OperationPayload></Request>"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {"Content-Type": "text/xml; charset=utf-8"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def wait_until_ready(port, server):
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"the server ended at its start with exit status {server.returncode}")
        try:
            if ask(port, "GET", "/readyz")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    sys.exit(f"the server was not ready after {START_SECONDS_MAX} s")


def send(port, what, body):
    status, text = ask(port, "POST", "/api/xml", body.encode())
    if status != 200 or 'Result="Success"' not in text:
        sys.exit(f"{what} was answered with {status}: {text}")
    return text


def fill(port):
    """Signs in and adds configurations."""
    created = send(port, "CreateSession", '<Request Operation="CreateSession"><InvokeID>1</InvokeID></Request>')
    session = re.search('Name="SessionID">([0-9A-F]{32})<', created).group(1)
    send(port, "Authenticate", f'<Request Operation="Authenticate"><InvokeID>1</InvokeID><SessionID>{session}</SessionID>'
         '<OperationPayload><Property Name="UserName">admin</Property><Property Name="Password">demo-admin</Property>'
         "</OperationPayload></Request>")
    for number in range(ADDS):
        send(port, "Add", ADD.format(session=session, number=number))


def make_store(binary, data, log):
    port = free_port()
    command = [binary, "serve", "--demo", "--data", str(data), "--listen", f"127.0.0.1:{port}"]
    with open(log, "wb") as output:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_until_ready(port, server)
            fill(port)
            server.send_signal(signal.SIGTERM)
            if server.wait(STOP_SECONDS_MAX) != 0:
                sys.exit(f"the server stopped with exit status {server.returncode}, not 0")
        finally:
            if server.poll() is None:
                server.kill()
                server.wait()
            if sys.exc_info()[0] is not None:
                print(log.read_text(errors="replace")[-2000:])


def check(checker, data):
    return subprocess.run([sys.executable, checker, str(data)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60)


def verified(binary, data):
    ended = subprocess.run([binary, "verify", "--data", str(data)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           timeout=60)
    if ended.returncode != 0:
        sys.exit(f"verify refuses a store that nobody touched: {ended.stdout}{ended.stderr}")
    return ended.stdout


def flip(journal, offset):
    content = bytearray(journal.read_bytes())
    content[offset] ^= 0x01
    journal.write_bytes(content)


def main():
    binary, checker = sys.argv[1:]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="crmconf-chain-"))
    try:
        data, copy = folder / "data", folder / "copy"
        make_store(binary, data, folder / "log")
        whole = check(checker, data)
        print("untouched:", whole.stdout.strip() or whole.stderr.strip())
        if whole.returncode != 0:
            sys.exit("the checker refuses a store that nobody touched")

        heads = {
            "the checker": re.search(r"head ([\w-]{43})$", whole.stdout.strip()),
            "verify": re.search(r"^head hash ([\w-]{43})$", verified(binary, data), re.MULTILINE),
            "journal/head": re.search(r"^hash ([\w-]{43})$", (data / "journal/head").read_text(), re.MULTILINE),
        }
        if None in heads.values() or len({found.group(1) for found in heads.values()}) != 1:
            sys.exit(f"the heads differ, or are written differently: {heads}")

        name = pathlib.Path("journal") / "00000001.crmj"
        # Segments are filled with zeros ahead of the commits; only what was written is altered.
        written = len((data / name).read_bytes().rstrip(b"\0"))
        places = [10, written // 10, written // 3, written // 2, written * 3 // 4]
        for offset in places:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(data, copy)
            flip(copy / name, offset)
            altered = check(checker, copy)
            print(f"byte {offset} of {written} flipped:", (altered.stdout + altered.stderr).strip().splitlines()[-1:])
            if altered.returncode == 0:
                sys.exit(f"the checker did not notice the byte flipped at {offset}")
        print(f"the chain of the store holds, and {len(places)} alterations of {len(places)} were noticed")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
