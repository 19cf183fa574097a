#!/usr/bin/env python3
"""Runs the clients of docs/clients/php.md and docs/clients/java.md as they stand there, against the demo's store over
HTTP and TLS.

    pages_jvm_php.py BINARY        (needs php-cli and php-soap, a JDK and Debian's jaxws, and cryptography)

A page has one client of under 40 lines and says what it prints. That is held against what it does print, and what it
says it has added against what an independent request in raw XML finds.
"""
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from typing import Callable
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import soap_java
from demo import demo
from sealing import ROOT, Python
from tls import Certificates

LINES_MAX = 39
RUN_SECONDS_MAX = 120
SUGAR = "CrmAddin.SugarCrm.SugarCrmAddin"
CRM_PASSWORD = "a password's \"text\" \\ <text> & \U0001f511"
SCOPE = {"TelSysID": "1", "PartIDInTelSys": "1"}
ID = re.compile(r"\b[0-9a-f]{16}:-?[0-9a-f]+:[0-9a-f]+:-?[0-9a-f]+\b")


def prepare_php(_page, folder, _url, _ca):
    shutil.copy(ROOT / "tests" / "interop" / "siv.php", folder)


def prepare_java(page, folder, url, ca):
    """What the page has its reader do before the client is started; of TLS, what it says under Pitfalls."""
    store, classes = folder / "trust.p12", folder / "classes"
    for left in [store, classes]:
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    soap_java.tool("keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", ca, "-keystore", store,
                   "-storepass", "changeit")
    trust = ["-Djavax.net.ssl.trustStore=trust.p12", "-Djavax.net.ssl.trustStorePassword=changeit"]
    options = only_block(page, "options").splitlines() + trust
    (folder / "java.options").write_text("\n".join(options) + "\n", encoding="utf-8")
    soap_java.generated(url, classes, " ".join(trust).replace("trust.p12", str(store)))
    soap_java.compiled(classes, soap_java.SOURCES / "Siv.java", soap_java.SOURCES / "Texts.java")


@dataclass
class Client:
    """How the client of a page is run: the block's language, the name it is saved by, the command in front of that
    name, by which word of the environment it learns whom to trust, and what has to be done before."""

    block: str
    file: str
    command: list
    trust: str
    prepare: Callable


CLIENTS = {
    "php": Client("php", "client.php", ["php"], "SSL_CERT_FILE", prepare_php),
    "java": Client("java", "Client.java", ["java", "@java.options"], "SSL_CERT_FILE", prepare_java),
}


def only_block(page, language):
    found = re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert len(found) == 1, f"{len(found)} blocks in {language}"
    return found[0]


class Server:
    """Raw XML by Python's own libraries, as an account that may see password fields."""

    def __init__(self, url, ca):
        self.url, self.session = url, ""
        self.context = ssl.create_default_context(cafile=ca) if url.startswith("https:") else None
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
    # Java takes the encoding of the environment's words from the locale.
    given = {"CRMCONF_URL": url, "CRM_PASSWORD": CRM_PASSWORD, client.trust: str(ca), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [*client.command, client.file, *words], cwd=folder, env=kept | given | environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, encoding="utf-8", timeout=RUN_SECONDS_MAX,
    )


def refused(client, folder, url, ca, code, *words, **environment):
    """The client ends in failure, with the server's code and message, and shows no password."""
    ran = run(client, folder, url, ca, *words, **environment)
    assert ran.returncode != 0 and re.search(rf"\b{code} \w.*\.", ran.stderr), ran
    for secret in [CRM_PASSWORD, environment.get("CRMCONF_PASSWORD", "demo-editor")]:
        assert secret not in ran.stderr + ran.stdout, f"a password is shown with {code}"


def works(client, page, folder, url, ca):
    """Holds the page's client to what the page says, and the server to what the client says."""
    ran = run(client, folder, url, ca)
    assert ran.returncode == 0 and ran.stderr == "", ran
    assert ID.sub("ID", ran.stdout) == ID.sub("ID", only_block(page, "text")), ran.stdout
    [added] = ID.findall(ran.stdout)
    server = Server(url, ca)
    about, configuration, _ = server.ask("CRMConfigurationInfo", **SCOPE, CRMConfigurationID=added)
    assert about["CRMType"] == SUGAR and configuration["UserName"] == "crm", (about, configuration)
    assert Python().open(server.key, "Password", configuration["Password"]) == CRM_PASSWORD
    total, *rows = server.ask("CRMConfigurationList", SearchQuery=about["Description"])
    assert total["Total"] == "1" and rows[0]["CRMConfigurationID"] == added, (total, rows)
    refused(client, folder, url, ca, 31000)
    refused(client, folder, url, ca, 10307, "another", CRMCONF_PASSWORD="not this one")
    refused(client, folder, url, ca, 10515, "another", CRMCONF_USER="client", CRMCONF_PASSWORD="demo-client")
    assert server.ask("CRMConfigurationList", SearchQuery="another")[0]["Total"] == "0"


def main(binary):
    clients = ROOT / "docs" / "clients"
    pages = {language: (clients / f"{language}.md").read_text(encoding="utf-8") for language in CLIENTS}
    with tempfile.TemporaryDirectory(prefix="crmconf-pages-") as name:
        folder = pathlib.Path(name)
        certificates = Certificates(folder, "prime256v1")
        certificates.issue(1)
        for scheme in ["http", "https"]:
            with demo(binary, certificates if scheme == "https" else None) as url:
                for language, client in CLIENTS.items():
                    code = only_block(pages[language], client.block)
                    lines = len(code.splitlines())
                    assert lines <= LINES_MAX, f"{language}: {lines} lines"
                    (folder / client.file).write_text(code, encoding="utf-8")
                    client.prepare(pages[language], folder, url, certificates.ca)
                    works(client, pages[language], folder, url, certificates.ca)
                    print(f"{language}, {lines} lines, over {scheme}: prints what its page says, and the server has it")


if __name__ == "__main__":
    main(*sys.argv[1:])
