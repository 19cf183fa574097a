"""Password fields through the API of the release binary: sealed by one implementation, opened by another.

    transit_api.py BINARY NODE_FOLDER [SEED]

Runs the program of docs/api.md as it stands, then crosses crmconf, cryptography and noble in all pairs, and sends what
no session may take. NODE_FOLDER holds the node_modules of tests/package.json.
"""

import contextlib
import io
import itertools
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from xml.etree import ElementTree

from demo import free_port
from sealing import Noble, Python, seeded, some_text

CANARY = "cAnArY7Zq9XwVu3TsRpLkJhGf"
SUGAR = "CrmAddin.SugarCrm.SugarCrmAddin"
START_TIMEOUT_S = 60


class Api:
    """A signed-in session, by the functions of the page's program."""

    def __init__(self, words, user):
        self.words, self.user = words, user
        self.session = f"<SessionID>{words['call']('CreateSession', '')['SessionID']}</SessionID>"
        prop = words["prop"]
        answer = self.ask("Authenticate", prop("UserName", user) + prop("Password", f"demo-{user}"))
        self.key = answer.get("TransportKey")

    def ask(self, operation, payload=""):
        return self.words["call"](operation, self.session, payload)

    def scope(self):
        return self.words["prop"]("TelSysID", "1")

    def configuration(self, value):
        document = json.dumps({"UserName": "crm", "Password": value})
        return f'<Container Name="CRMConfiguration">{self.words["prop"]("JSONData", document)}</Container>'

    def add(self, description, value):
        prop = self.words["prop"]
        common = f'<Container Name="CRMConfigurationCommon">{prop("JSONData", "{}")}</Container>'
        about = prop("Description", description) + prop("CRMType", SUGAR) + prop("ReturnID", "true")
        payload = self.scope() + about + self.configuration(value) + common
        return self.ask("CRMConfigurationAdd", payload)["CRMConfigurationID"]

    def change(self, found, value):
        identified = self.scope() + self.words["prop"]("CRMConfigurationID", found)
        return self.ask("CRMConfigurationChange", identified + self.configuration(value))

    def info(self, found):
        return self.ask("CRMConfigurationInfo", self.scope() + self.words["prop"]("CRMConfigurationID", found))


class Ours:
    """`crmconf call` as one end: adds with --seal, reads with --open."""

    name = "crmconf"

    def __init__(self, binary, folder, url, words):
        self.binary, self.folder, self.url, self.words = binary, folder, url, words

    def call(self, user, flag, operation, payload):
        password = self.folder / f"{user}.password"
        password.write_text(f"demo-{user}\n")
        request = f'<Request Operation="{operation}"><InvokeID>1</InvokeID><OperationPayload>{payload}</OperationPayload></Request>'
        ran = subprocess.run(
            [self.binary, "call", "--url", self.url, "--user", user, "--password-file", password, flag, "-"],
            input=request.encode(), capture_output=True, timeout=60,
        )
        assert ran.returncode == 0 and ran.stderr == b"", ran
        answer = ElementTree.fromstring(ran.stdout.decode())
        return {found.get("Name"): found.text or "" for found in answer.iter("Property")}


def texts(chance):
    """Texts that a password field of the built-in type takes, the longest of them of several blocks."""
    return [CANARY, some_text(chance, 1), some_text(chance, 20), "x" * 4000, "enc:v1:AAAA", "\u00df\U0001f511"]


def crossings(chance, ends, ours, editor, client):
    """Every text added by every end, and opened by every end in another session."""
    count = 0
    for number, (plain, sealer) in enumerate(itertools.product(texts(chance), [*ends, ours])):
        description = f"crossing {number}"
        if sealer is ours:
            if plain.startswith("enc:v1:"):
                continue  # `--seal` takes it for sealed already, as its help says.
            document = editor.words["prop"]("JSONData", json.dumps({"UserName": "crm", "Password": plain}))
            prop = editor.words["prop"]
            payload = (
                editor.scope() + prop("Description", description) + prop("CRMType", SUGAR) + prop("ReturnID", "true")
                + f'<Container Name="CRMConfiguration">{document}</Container>'
                + f'<Container Name="CRMConfigurationCommon">{prop("JSONData", "{}")}</Container>'
            )
            found = ours.call("editor", "--seal", "CRMConfigurationAdd", payload)["CRMConfigurationID"]
        else:
            found = editor.add(description, sealer.seal(editor.key, "Password", plain))
        value = client.info(found)["Password"]
        assert value.startswith("enc:v1:") and value != editor.info(found)["Password"], "each session has its own"
        for opener in ends:
            assert opener.open(client.key, "Password", value) == plain, (sealer.name, opener.name)
        identified = editor.scope() + editor.words["prop"]("CRMConfigurationID", found)
        shown = ours.call("client", "--open", "CRMConfigurationInfo", identified)["Password"]
        assert shown == plain, (sealer.name, "crmconf")
        count += 1
    return count


def refused(ask, value):
    """The value is refused with 31006 and not repeated."""
    try:
        ask(value)
    except RuntimeError as error:
        told = str(error)
        assert ": 31006 " in told and "Password" in told, told
        assert CANARY not in told and (len(value) < 10 or value not in told), told
        return
    raise AssertionError(f"{value} was taken")


def refusals(end, editor, other):
    found = editor.add(f"refusals {id(end)}", end.seal(editor.key, "Password", CANARY))
    before = editor.ask("CRMConfigurationList")["Total"]
    good = end.seal(editor.key, "Password", CANARY)
    altered = good[:-3] + ("A" if good[-3] != "A" else "B") + good[-2:]
    wrong = [
        "", CANARY, "enc:v1:", "enc:v2:" + good[7:], good + "=", good[:-1], altered, " " + good, "enc:v1:AAAA",
        end.seal(other.key, "Password", CANARY),
        end.seal(editor.key, "ClientSecret", CANARY),
    ]
    for value in wrong:
        refused(lambda value: editor.add("refused", value), value)
        refused(lambda value: editor.change(found, value), value)
    assert editor.ask("CRMConfigurationList")["Total"] == before
    assert end.open(editor.key, "Password", editor.info(found)["Password"]) == CANARY
    return len(wrong)


def unseen(viewer, editor, data, log):
    """Whoever may not see password fields gets none, and no file or log line has the text."""
    total = int(editor.ask("CRMConfigurationList")["Total"])
    assert total > 0 and viewer.key is None
    listed = viewer.ask("CRMConfigurationList", viewer.words["prop"]("CRMConfigurationFields", "CRMConfiguration"))
    assert "Password" not in listed and "UserName" in listed, listed
    info = viewer.info(listed["CRMConfigurationID"])
    assert "Password" not in info and info["UserName"] == "crm", info
    for path in [log, *(path for path in data.rglob("*") if path.is_file())]:
        assert CANARY.encode() not in path.read_bytes(), path


def run(binary, modules, chance, folder, url, data, log):
    python = Python()
    words = python.words
    words["URL"] = url
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        words["main"]()
    assert printed.getvalue() == "the plain text\n", printed.getvalue()
    (folder / "node").mkdir()
    with Noble(modules, folder / "node") as noble:
        editor, client, viewer = (Api(words, user) for user in ["editor", "client", "viewer"])
        ours = Ours(binary, folder, url, words)
        crossed = crossings(chance, [python, noble], ours, editor, client)
        wrong = [refusals(end, editor, Api(words, "editor")) for end in [python, noble]]
        unseen(viewer, editor, data, log)
    print(f"the page's program ran as it stands; {crossed} values crossed the API between crmconf, cryptography and noble; "
          f"{sum(wrong)} wrong ones were refused")


def ready(port, server):
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    return False


def main():
    binary, modules = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    chance = seeded(sys.argv[3] if len(sys.argv) > 3 else "1")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        data, log, port = folder / "data", folder / "server.log", free_port()
        with open(log, "wb") as output:
            server = subprocess.Popen(
                [binary, "serve", "--demo", "--data", data, "--listen", f"127.0.0.1:{port}"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )
        try:
            if not ready(port, server):
                sys.exit(f"the server did not start\n{log.read_text()}")
            run(binary, modules, chance, folder, f"http://127.0.0.1:{port}/api/xml", data, log)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=60)


main()
