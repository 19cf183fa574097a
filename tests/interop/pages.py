#!/usr/bin/env python3
"""Runs the client of each page in docs/clients/ as it stands there, against the demo's store over HTTP and TLS.

    pages.py BINARY NODE_FOLDER

A page has one client of under 40 lines and says what it prints. That is held against what it does print, and what it
says it has added against what an independent request in raw XML finds. NODE_FOLDER holds the node_modules of
tests/package.json.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from typing import Callable
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from demo import demo
from pages_jvm_php import prepare_java, prepare_php
from sealing import ROOT, Python
from tls import Certificates

LINES_MAX = 39
RUN_SECONDS_MAX = 120
SUGAR = "CrmAddin.SugarCrm.SugarCrmAddin"
CRM_PASSWORD = "a password's <text> & \U0001f511"
SCOPE = {"TelSysID": "1", "PartIDInTelSys": "1"}
ID = re.compile(r"\b[0-9a-f]{16}:-?[0-9a-f]+:[0-9a-f]+:-?[0-9a-f]+\b")


@dataclass
class Client:
    """How the client of a page is run: the block's language, the name it is saved by, the command in front of that
    name, the variable of the environment that names the certificate to trust, and what has to be done before."""

    block: str
    file: str
    command: list
    trust: str
    prepare: Callable = lambda _options, _folder, _url, _ca: None


CLIENTS = {
    "python": Client("python", "client.py", [sys.executable], "REQUESTS_CA_BUNDLE"),
    "javascript": Client("js", "client.mjs", ["node"], "NODE_EXTRA_CA_CERTS"),
    "curl": Client("bash", "client.sh", ["bash"], "CURL_CA_BUNDLE"),
    "php": Client("php", "client.php", ["php"], "SSL_CERT_FILE", prepare_php),
    "java": Client("java", "Client.java", ["java", "@java.options"], "SSL_CERT_FILE", prepare_java),
}


def only_block(page, language):
    found = re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert len(found) == 1, f"{len(found)} blocks in {language}"
    return found[0]


def pinned(page):
    """Holds the versions that the page says to install to those that run here."""
    python = (ROOT / "tests" / "requirements.txt").read_text(encoding="utf-8")
    node = json.loads((ROOT / "tests" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    commands = re.findall(r"^    (?:pip|npm) install (.+)$", page, re.MULTILINE)
    for word in " ".join(commands).split():
        name, version = re.fullmatch(r"(.+?)(?:==|@)([\d.]+)", word).groups()
        assert f"\n{word} " in python or node.get(name) == version, f"{word} is not what is tested"


class Server:
    """Raw XML by Python's own libraries, as an account that may see password fields."""

    def __init__(self, url, context):
        self.url, self.context, self.session = url, context, ""
        self.session = f"<SessionID>{self.ask('CreateSession')[0]['SessionID']}</SessionID>"
        self.key = self.ask("Authenticate", UserName="client", Password="demo-client")[0]["TransportKey"]

    def ask(self, operation, **properties):
        """The properties of a successful answer, and those of its containers, one by one."""
        payload = "".join(f'<Property Name="{name}">{escape(text)}</Property>' for name, text in properties.items())
        body = (f'<Request Operation="{operation}"><InvokeID>1</InvokeID>{self.session}'
                f"<OperationPayload>{payload}</OperationPayload></Request>")
        request = urllib.request.Request(self.url + "/api/xml", body.encode(), {"Content-Type": "text/xml"})
        with urllib.request.urlopen(request, timeout=60, context=self.context) as response:
            answer = ElementTree.fromstring(response.read())
        assert answer.get("Result") == "Success", ElementTree.tostring(answer)
        success = answer.find("Success")
        return [{each.get("Name"): each.text or "" for each in part.findall("Property")}
                for part in [success, *success.findall("Container")]]


def run(client, folder, url, ca, *words, **environment):
    """Runs a page's client with nothing of this process's settings for it but those given."""
    ours = re.compile(r"CRM(CONF)?_|J(AVA|DK)_.*OPTIONS$|.*_proxy$", re.I)
    kept = {name: text for name, text in os.environ.items() if not ours.match(name)}
    # The shell's client takes the python3 that it finds.
    path = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
    # Java takes the encoding of the environment's words from the locale.
    given = {"PATH": path, "LC_ALL": "C.UTF-8", "CRMCONF_URL": url, "CRM_PASSWORD": CRM_PASSWORD}
    given |= {client.trust: str(ca)} | environment
    return subprocess.run(
        [*client.command, client.file, *words], cwd=folder, env=kept | given, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, encoding="utf-8", timeout=RUN_SECONDS_MAX,
    )


def refused(client, folder, url, ca, code, *words, **environment):
    """The client ends in failure, with the server's code and message, and shows no password."""
    ran = run(client, folder, url, ca, *words, **environment)
    assert ran.returncode != 0 and re.search(rf"\b{code} \w.*\.", ran.stderr), ran
    for secret in [CRM_PASSWORD, environment.get("CRMCONF_PASSWORD", "demo-editor")]:
        assert secret not in ran.stderr + ran.stdout, f"a password is shown with {code}"


def works(client, page, folder, url, ca, context):
    """Holds the page's client to what the page says, and the server to what the client says."""
    ran = run(client, folder, url, ca)
    assert ran.returncode == 0 and ran.stderr == "", ran
    assert ID.sub("ID", ran.stdout) == ID.sub("ID", only_block(page, "text")), ran.stdout
    [added] = ID.findall(ran.stdout)
    server = Server(url, context)
    about, configuration, _ = server.ask("CRMConfigurationInfo", **SCOPE, CRMConfigurationID=added)
    assert about["CRMType"] == SUGAR and configuration["UserName"] == "crm", (about, configuration)
    assert Python().open(server.key, "Password", configuration["Password"]) == CRM_PASSWORD
    total, *rows = server.ask("CRMConfigurationList", SearchQuery=about["Description"])
    assert total["Total"] == "1" and rows[0]["CRMConfigurationID"] == added, (total, rows)
    refused(client, folder, url, ca, 31000)
    refused(client, folder, url, ca, 10307, "another", CRMCONF_PASSWORD="not this one")
    refused(client, folder, url, ca, 10515, "another", CRMCONF_USER="client", CRMCONF_PASSWORD="demo-client")
    assert server.ask("CRMConfigurationList", SearchQuery="another")[0]["Total"] == "0"


def main(binary, modules):
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "clients").glob("[a-z]*.md")}
    assert pages.keys() == CLIENTS.keys(), f"pages {sorted(pages)}, and ways to run them {sorted(CLIENTS)}"
    with tempfile.TemporaryDirectory(prefix="crmconf-pages-") as name:
        folder = pathlib.Path(name)
        # A module finds its libraries from where it lies.
        (folder / "node_modules").symlink_to(pathlib.Path(modules).resolve() / "node_modules")
        certificates = Certificates(folder, "prime256v1")
        certificates.issue(1)
        for scheme in ["http", "https"]:
            tls = scheme == "https"
            with demo(binary, certificates if tls else None) as url:
                for language, client in CLIENTS.items():
                    pinned(pages[language])
                    code = only_block(pages[language], client.block)
                    lines = len(code.splitlines())
                    assert lines <= LINES_MAX, f"{language}: {lines} lines"
                    (folder / client.file).write_text(code, encoding="utf-8")
                    context = certificates.context() if tls else None
                    options = "".join(re.findall(r"^```options\n(.*?)^```$", pages[language], re.DOTALL | re.MULTILINE))
                    client.prepare(options, folder, url, certificates.ca)
                    works(client, pages[language], folder, url, certificates.ca, context)
                    print(f"{language}, {lines} lines, over {scheme}: prints what its page says, and the server has it")


if __name__ == "__main__":
    main(*sys.argv[1:])
