#!/usr/bin/env python3
"""Shows on the real binary what happens when the disk fails: failed syncs, failed writes, no space.

    faults.py BINARY        (needs strace, which makes chosen system calls fail)

In each case: what was answered with success is there after a restart; what was not is answered with 10104; reading goes
on; /readyz says why; and after the restart the unanswered change, sent again under its RequestKey, stands exactly once.
"""
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from chain_check import STOP_SECONDS_MAX, ask, wait_until_ready

ADDS_MAX = 80
LARGE_BYTES = 200_000
RECOVERY_SECONDS_MAX = 60
UNKNOWN = "outcome is not known"
REQUEST = """<Request Operation="{operation}"><InvokeID>1</InvokeID><SessionID>{session}</SessionID><OperationPayload>
{payload}</OperationPayload></Request>"""
ADD = """<Property Name="TelSysID">1</Property><Property Name="Description">fault {number}.</Property>
<Property Name="RequestKey">key {number}</Property><Property Name="CRMType">CrmAddin.SugarCrm.SugarCrmAddin</Property>
<Container Name="CRMConfiguration"><Property Name="JSONData">{{"ClientId":"{value}"}}</Property></Container>
<Container Name="CRMConfigurationCommon"><Property Name="JSONData">{{"Cached":"true"}}</Property></Container>"""


def require(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def under_strace(folder, faults, path, command):
    """The command, with system calls on that path failing."""
    # With -D the process that we start is the server itself, so that it gets our signals.
    calls = ",".join(fault.split(":")[0] for fault in faults)
    strace = ["strace", "-D", "-f", "-qq", "-o", str(folder / "strace"), "-P", str(path), "-e", f"trace={calls}"]
    for fault in faults:
        strace += ["-e", f"inject={fault}"]
    return strace + command


class Server:
    """The demo, under strace where system calls are to fail."""

    def __init__(self, binary, folder, faults=(), path=None):
        self.data, self.log = folder / "data", folder / "log"
        command = [binary, "serve", "--demo", "--data", str(self.data), "--listen", "127.0.0.1:0"]
        if faults:
            command = under_strace(folder, faults, path, command)
        with open(self.log, "ab") as output:
            before = output.tell()
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            self.port = wait_until_ready(self.process, self.log, before)
            self.session = self.sign_in()
        except BaseException:
            print(self.log.read_text(errors="replace")[-3000:])
            self.process.kill()
            raise

    def send(self, operation, payload, session=""):
        body = REQUEST.format(operation=operation, session=session or self.session, payload=payload)
        status, text = ask(self.port, "POST", "/api/xml", body.encode())
        require(status == 200, f"{operation} was answered with HTTP {status}: {text}")
        return text

    def sign_in(self):
        body = '<Request Operation="CreateSession"><InvokeID>1</InvokeID></Request>'
        created = ask(self.port, "POST", "/api/xml", body.encode())[1]
        session = re.search('Name="SessionID">([0-9A-F]{32})<', created).group(1)
        credentials = '<Property Name="UserName">admin</Property><Property Name="Password">demo-admin</Property>'
        require('Result="Success"' in self.send("Authenticate", credentials, session), "signing in failed")
        return session

    def add(self, number, size):
        """None for a success, else the error message; only 10104 is expected."""
        text = self.send("CRMConfigurationAdd", ADD.format(number=number, value="x" * size))
        if 'Result="Success"' in text:
            return None
        require(">10104<" in text, f"Add {number} was answered with {text}")
        return re.search('Name="ErrorMessage">([^<]*)<', text).group(1)

    def descriptions(self):
        return re.findall(r">(fault \d+)\.<", self.send("CRMConfigurationList", ""))

    def ready(self):
        return ask(self.port, "GET", "/readyz")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(STOP_SECONDS_MAX)
        require(status == 0, f"the server stopped with exit status {status}, not 0")


def fill_until_refused(server, size):
    """Adds until one is refused; the numbers that succeeded, and the message of the one that did not."""
    for number in range(ADDS_MAX):
        message = server.add(number, size)
        if message is not None:
            return list(range(number)), message
    return sys.exit(f"FAILED: {ADDS_MAX} Adds succeeded although the disk fails")


def all_there(server, done, when):
    found = server.descriptions()
    lost = [number for number in done if found.count(f"fault {number}") != 1]
    require(not lost, f"{when}: Adds {lost} were answered with success and are not there once")


def case(binary, name, faults, file, size, expected, recovers=False):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="crmconf-faults-"))
    server = None
    try:
        # The store is set up before anything fails.
        server = Server(binary, folder)
        server.stop()
        server = Server(binary, folder, faults, folder / "data" / file)
        done, message = fill_until_refused(server, size)
        refused = len(done)
        require(re.search(expected, message), f"{name}: the refusal says {message!r}, not {expected!r}")
        all_there(server, done, f"{name}, reading while changes are refused")
        status, why = server.ready()
        require(status == 503 and len(why) > len("not ready: \n"), f"{name}: /readyz says {status} {why!r}")
        again = server.add(refused + 1, size)
        if recovers:
            # The file is tried again after a pause.
            deadline = time.monotonic() + RECOVERY_SECONDS_MAX
            while again is not None and time.monotonic() < deadline:
                time.sleep(0.2)
                again = server.add(refused + 1, size)
            require(again is None, f"{name}: there is room again and changes are refused: {again}")
            require(server.ready()[0] == 200, f"{name}: there is room again and /readyz fails")
            done.append(refused + 1)
        else:
            require(again is not None, f"{name}: a change was taken after a failure that leaves the outcome open")
        server.stop()
        server = Server(binary, folder)
        all_there(server, done, f"{name}, after the restart")
        require(server.add(refused, size) is None, f"{name}: the change cannot be repeated after the restart")
        all_there(server, [*done, refused], f"{name}, after the repetition")
        require(server.ready()[0] == 200, f"{name}: not ready after the restart")
        server.stop()
        verified = subprocess.run([binary, "verify", "--sled", "--data", str(server.data)], capture_output=True, text=True)
        require(verified.returncode == 0, f"{name}: verify says {verified.stdout}{verified.stderr}")
        print(f"{name}: {len(done)} changes answered and kept; then {message!r}; {why.strip()!r}", flush=True)
    except SystemExit:
        if server is not None:
            print(server.log.read_text(errors="replace")[-3000:])
        raise
    finally:
        if server is not None and server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def restart_case(binary, name, fault, file):
    """A start on a disk that is still full refuses, moves nothing, and refuses again; with room all is there."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="crmconf-faults-"))
    server = None
    try:
        server = Server(binary, folder)
        done = [0, 1, 2]
        for number in done:
            require(server.add(number, 10) is None, f"{name}: an Add was refused before anything failed")
        # Killed, so that sled lacks what it had not written by then, and has to be filled.
        server.process.kill()
        server.process.wait()
        command = [binary, "serve", "--data", str(server.data), "--listen", "127.0.0.1:0"]
        for attempt in range(3):
            command_failing = under_strace(folder, [fault], server.data / file, command)
            ended = subprocess.run(command_failing, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            said = ended.stdout + ended.stderr
            require(ended.returncode == 1, f"{name}, start {attempt}: exit status {ended.returncode}: {said}")
            require("was left as it is" in said and "No space left on device" in said, f"{name}, start {attempt}: {said}")
            for left in ["sled.aside", "sled.opening"]:
                require(not (server.data / left).exists(), f"{name}, start {attempt}: {left} stands there")
        server = Server(binary, folder)
        all_there(server, done, f"{name}, with room again")
        server.stop()
        log = server.log.read_text(errors="replace")
        require("rebuilt from the journal" not in log, f"{name}: sled was blamed for the full disk: {log}")
        print(f"{name}: three starts refused, nothing moved, and all is there with room again", flush=True)
    finally:
        if server is not None and server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    (binary,) = sys.argv[1:]
    journal, following = "journal/00000001.crmj", "journal/00000002.crmj.new"
    refused = "not available; nothing was changed"
    # The next file is tried for at half of the present one, and again after a pause each; the third attempt succeeds.
    # The first sync of a start is that of the journal's end, written again.
    case(binary, "one failed sync", ["fdatasync:error=EIO:when=4"], journal, 10, UNKNOWN)
    case(binary, "every sync fails", ["fdatasync:error=EIO:when=6+"], journal, 10, UNKNOWN)
    case(binary, "a failed write", ["pwrite64:error=EIO:when=3"], journal, 10, UNKNOWN)
    case(binary, "a write without space", ["pwrite64:error=ENOSPC:when=3+"], journal, 10, UNKNOWN)
    case(binary, "no space for the next file", ["pwrite64:error=ENOSPC:when=1..2"], following, LARGE_BYTES, refused, True)
    case(binary, "sync of the next file", ["fdatasync:error=EIO:when=1..2"], following, LARGE_BYTES, refused, True)
    case(binary, "sled without space", ["pwrite64:error=ENOSPC:when=6+"], "sled/db", LARGE_BYTES, refused)
    restart_case(binary, "a restart without space for the marker", "openat:error=ENOSPC", "sled.opening")
    restart_case(binary, "a restart with half a marker written", "write:error=ENOSPC", "sled.opening")
    restart_case(binary, "a restart without space for sled", "pwrite64:error=ENOSPC", "sled/db")


if __name__ == "__main__":
    main()
