#!/usr/bin/env python3
"""Shows templates from a DynamoDB table on the real binary, against dynalite, which nobody of us wrote.

    dynamodb.py BINARY DYNALITE        (BINARY built with the feature dynamodb; DYNALITE is its command)

Types come from items; an Add is checked by one; a changed item serves after the interval; a bad item is refused alone and
named; a table of several pages is read whole; while the table is away, refuses, or hangs, the last good set serves on,
with one line at the beginning, one at the end, and a metric; a start meanwhile is ready all the same and answers 31001.
The table is spoken to over plain HTTP, without any SDK.
"""
import http.client
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from chain_check import STOP_SECONDS_MAX, ask, wait_until_ready

TABLE = "crmconf-templates"
REFRESH_S = 1
WAIT_SECONDS_MAX = 60
# The server waits so long for the first reading.
FIRST_LOOK_SECONDS = 5
# One more page than DynamoDB puts into an answer of 1 MiB.
LARGE_ITEMS, LARGE_BYTES = 25, 100_000
SESSION_TOKEN = "canary-of-the-session-token"
SECRET_KEY = "canary-of-the-secret-key"


def require(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def wait(what, condition):
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not condition():
        require(time.monotonic() < deadline, f"{what} after {WAIT_SECONDS_MAX} s")
        time.sleep(0.05)


def template(crm_type, version, field="ClientId", filler=""):
    return json.dumps({
        "CRMType": crm_type, "Title": filler or crm_type, "Version": version,
        "CRMConfiguration": {"properties": {field: {"type": "string"}}},
        "CRMConfigurationCommon": {},
    })


class Dynalite:
    """The service, on a port that stays the same; its tables are in memory and go with it."""

    def __init__(self, command, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.command, self.log, self.process = command, folder / "dynalite.log", None

    def start(self):
        words = [*self.command, "--host", "127.0.0.1", "--port", str(self.port), "--createTableMs", "0",
                 "--deleteTableMs", "0"]
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        wait("dynalite does not answer", lambda: self.answers())

    def answers(self):
        require(self.process.poll() is None, f"dynalite ended: {self.log.read_text()}")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None

    def call(self, operation, body):
        signed = ("AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, "
                  "Signature=0")
        headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0",
                   "Authorization": signed, "X-Amz-Date": "20260101T000000Z"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", "/", json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def do(self, operation, body):
        status, answer = self.call(operation, body)
        require(status == 200, f"{operation} was answered with {status}: {answer}")
        return answer

    def create(self, key="CRMType"):
        self.do("CreateTable", {
            "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
        })
        active = lambda: self.do("DescribeTable", {"TableName": TABLE})["Table"]["TableStatus"] == "ACTIVE"
        wait("the table is not active", active)

    def put(self, key, text):
        self.put_attributes(key, {"Template": {"S": text}})

    def put_attributes(self, key, attributes):
        self.do("PutItem", {"TableName": TABLE, "Item": {"CRMType": {"S": key}, **attributes}})

    def delete(self, key):
        self.do("DeleteItem", {"TableName": TABLE, "Key": {"CRMType": {"S": key}}})


class Server:
    """The demo, with its templates from the table."""

    running = []

    def __init__(self, binary, folder, service, name):
        self.log, self.session = folder / f"{name}.log", None
        flags = ["--templates-dynamodb-table", TABLE, "--templates-dynamodb-region", "eu-central-1",
                 "--templates-dynamodb-endpoint", f"http://127.0.0.1:{service.port}",
                 "--templates-dynamodb-refresh-seconds", str(REFRESH_S)]
        command = [binary, "serve", "--demo", "--data", str(folder / name), "--listen", "127.0.0.1:0",
                   "--metrics-listen", "127.0.0.1:0", *flags]
        started = time.monotonic()
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT, env=ENVIRONMENT)
        self.running.append(self.process)
        self.port = wait_until_ready(self.process, self.log)
        self.start_seconds = time.monotonic() - started
        self.metrics_port = int(re.search(r"metrics are told address=127\.0\.0\.1:(\d+)", self.text()).group(1))
        created = self.call("CreateSession", "")
        self.session = re.search('Name="SessionID">([0-9A-F]{32})<', created).group(1)
        self.call("Authenticate", '<Property Name="UserName">admin</Property>'
                                  '<Property Name="Password">demo-admin</Property>')

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        require(self.process.wait(STOP_SECONDS_MAX) == 0, f"the server did not end in order: {self.text()}")

    @classmethod
    def kill_all(cls):
        for process in cls.running:
            process.kill()
            process.wait()

    def text(self):
        return self.log.read_text()

    def lines(self, *words):
        return sum(all(word in line for word in words) for line in self.text().splitlines())

    def call(self, operation, payload):
        session = f"<SessionID>{self.session}</SessionID>" if self.session else ""
        body = (f'<Request Operation="{operation}"><InvokeID>1</InvokeID>{session}<OperationPayload>{payload}'
                "</OperationPayload></Request>")
        return ask(self.port, "POST", "/api/xml", body.encode())[1]

    def version(self, crm_type):
        """The version of a type's template, or the code of the answer."""
        told = self.call("CRMTypeInfo", f'<Property Name="CRMType">{crm_type}</Property>')
        version = re.search('Name="Version">([^<]*)<', told)
        return version.group(1) if version else code(told)

    def add(self, crm_type, field, description):
        return code(self.call("CRMConfigurationAdd", f"""<Property Name="TelSysID">1</Property>
<Property Name="Description">{description}</Property><Property Name="CRMType">{crm_type}</Property>
<Container Name="CRMConfiguration"><Property Name="JSONData">{{"{field}":"x"}}</Property></Container>
<Container Name="CRMConfigurationCommon"><Property Name="JSONData">{{}}</Property></Container>"""))

    def metric(self, name):
        text = ask(self.metrics_port, "GET", "/metrics")[1]
        return float(re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE).group(1))


def code(answer):
    """The code of a refusal; `Success` where there is none."""
    if 'Result="Success"' in answer:
        return "Success"
    found = re.search(r"<ErrorCode>(\d+)<|Name=\"ErrorCode\">(\d+)<|ErrorCode=\"(\d+)\"", answer)
    require(found, f"no code in {answer}")
    return next(filter(None, found.groups()))


def items(service, server):
    """Types, Adds, changes, bad items and pages."""
    require(server.version("Acme.A") == "1" and server.version("Acme.None") == "31005", "types are not the items")
    require(server.add("Acme.A", "ClientId", "fits") == "Success", "an Add by a template of the table failed")
    require(server.add("Acme.A", "Other", "does not") == "31006", "a field that the template does not know was taken")
    service.put("Acme.A", template("Acme.A", "2", "Other"))
    wait("a changed item does not serve", lambda: server.version("Acme.A") == "2")
    require(server.add("Acme.A", "Other", "fits now") == "Success", "an Add by the changed template failed")

    bad = {
        "Acme.Missing": ({}, "has no attribute Template"),
        "Acme.Number": ({"Template": {"N": "1"}}, "is no string"),
        "Acme.Else": ({"Template": {"S": template("Acme.Other", "1")}}, "the item's key must be the same"),
        "Acme.Half": ({"Template": {"S": template("Acme.Half", "1")[:40]}}, "no valid JSON"),
        "Acme.Long": ({"Template": {"S": template("Acme.Long", "1", filler="x" * 131_072)}}, "it may have 131072"),
    }
    for key, (attributes, _) in bad.items():
        service.put_attributes(key, attributes)
    # Good before: its last good version goes on serving.
    service.put("Acme.A", "broken")
    for key, (_, why) in bad.items():
        wait(f"{key} is not refused by name", lambda: server.lines("ERROR", "template refused", key, why) == 1)
        require(server.version(key) == "31001", f"{key} is answered as something else than 31001")
    wait("the broken item is not told", lambda: server.lines("ERROR", "Acme.A", "last good version") == 1)
    require(server.version("Acme.A") == "2", "the last good version does not serve")
    require(server.metric('crmconf_templates{state="refused"}') == len(bad) + 1, "the metric of refused templates")
    require(server.metric('crmconf_templates{state="in_use"}') == 1, "the metric of templates in use")
    for key in bad:
        service.delete(key)
    service.put("Acme.A", template("Acme.A", "3"))
    wait("the mended item does not serve", lambda: server.version("Acme.A") == "3")
    wait("removed items are known still", lambda: all(server.version(key) == "31005" for key in bad))

    for number in range(LARGE_ITEMS):
        service.put(f"Large.{number}", template(f"Large.{number}", "1", filler="x" * LARGE_BYTES))
    page = service.do("Scan", {"TableName": TABLE})
    require("LastEvaluatedKey" in page and page["Count"] < LARGE_ITEMS, "the table has one page only")
    wait("not all pages are read", lambda: server.metric('crmconf_templates{state="in_use"}') == LARGE_ITEMS + 1)
    for number in range(LARGE_ITEMS):
        service.delete(f"Large.{number}")
    wait("removed items serve", lambda: server.metric('crmconf_templates{state="in_use"}') == 1)


def away(service, server):
    """The service goes away and comes back, first without the table."""
    reachable = lambda: server.metric("crmconf_templates_reachable")
    require(reachable() == 1 and server.lines("cannot be read") == 0, "the table counts as away while it is there")
    read = server.lines("INFO", "templates read")
    service.stop()
    wait("the metric does not tell that the table is away", lambda: reachable() == 0)
    time.sleep(REFRESH_S * 4)
    require(server.lines("ERROR", "cannot be read", "what was last read goes on serving") == 1,
            "the beginning is not told once")
    require(server.version("Acme.A") == "3", "the last good set does not serve")
    require(server.add("Acme.A", "ClientId", "while away") == "Success", "an Add while the table is away failed")
    service.start()
    # The service is there and refuses, since its table is not: the same failing goes on.
    time.sleep(REFRESH_S * 3)
    require(reachable() == 0 and server.lines("cannot be read") == 1, "a missing table is told anew, or is none")
    service.create()
    service.put("Acme.A", template("Acme.A", "4"))
    wait("what came back does not serve", lambda: server.version("Acme.A") in ("4", "31005") and reachable() == 1)
    wait("the item that came back does not serve", lambda: server.version("Acme.A") == "4")
    require(server.lines("INFO", "templates read") == read + 1, "the end is not told once")


def started_while_away(binary, folder, service):
    """Starts while the service is gone, and while it hangs."""
    service.stop()
    server = Server(binary, folder, service, "gone")
    told = lambda: server.lines("ERROR", "cannot be read", "31001")
    wait("what is not reached is not told", lambda: told() == 1)
    require(server.version("Acme.A") == "31001", "a type that was never read is answered as something else")
    require(server.add("Acme.A", "ClientId", "early") == "31001", "an Add without templates is not answered 31001")
    require(server.metric("crmconf_templates_reachable") == 0, "the metric")
    service.start()
    service.create()
    service.put("Acme.A", template("Acme.A", "5"))
    wait("the table does not serve once it is there", lambda: server.version("Acme.A") == "5")
    require(server.add("Acme.A", "ClientId", "early") == "Success", "an Add after the recovery failed")
    server.stop()

    # It takes connections, and says nothing.
    service.process.send_signal(signal.SIGSTOP)
    server = Server(binary, folder, service, "hangs")
    require(server.start_seconds < FIRST_LOOK_SECONDS + 10, f"the start took {server.start_seconds:.0f} s")
    require(server.lines("cannot be read yet") == 1, "the first reading is not told to take long")
    require(server.version("Acme.A") == "31001", "a type that was never read is answered as something else")
    service.process.send_signal(signal.SIGCONT)
    wait("the table does not serve once it answers", lambda: server.version("Acme.A") == "5")
    # An end does not wait for it either.
    service.process.send_signal(signal.SIGSTOP)
    time.sleep(REFRESH_S * 2)
    ended = time.monotonic()
    server.stop()
    require(time.monotonic() - ended < 10, "the end waited for the table")
    service.process.send_signal(signal.SIGCONT)
    return [folder / "gone.log", folder / "hangs.log"]


def settings(binary, folder, service):
    """What config check tells of the table, and what is refused."""
    def check(*flags, environment=None):
        if "--templates-dynamodb-endpoint" not in flags:
            flags = ("--templates-dynamodb-endpoint", f"http://127.0.0.1:{service.port}", *flags)
        command = [binary, "config", "check", "--data", str(folder / "none"), "--listen", "127.0.0.1:0",
                   "--templates-dynamodb-table", TABLE, "--templates-dynamodb-region", "eu-central-1", *flags]
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                             env=environment or ENVIRONMENT)
        return ran.returncode, ran.stdout + ran.stderr

    status, told = check()
    require(status == 0 and f"templates_dynamodb_table {TABLE}: templates that can be used: 1" in told, told)
    status, told = check("--templates-folder", str(folder))
    require(status == 2 and "both given" in told, told)
    none = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("AWS_")}
    none |= {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(folder)}
    status, told = check(environment=none)
    require(status == 0 and "finds no credentials" in told, told)
    # It speaks TLS, by the roots that the machine trusts: nobody vouches for this certificate.
    encrypted = Dynalite([*service.command, "--ssl"], folder)
    encrypted.start()
    try:
        status, told = check("--templates-dynamodb-endpoint", f"https://127.0.0.1:{encrypted.port}")
        require(status == 0 and "invalid peer certificate" in told, told)
        status, told = check("--templates-dynamodb-endpoint", f"http://127.0.0.1:{encrypted.port}")
        require(status == 0 and "the request failed on its way" in told, told)
    finally:
        encrypted.stop()
    service.do("DeleteTable", {"TableName": TABLE})
    wait("the table is not gone", lambda: service.do("ListTables", {})["TableNames"] == [])
    status, told = check()
    require(status == 0 and "ResourceNotFoundException" in told, told)
    service.create("Key")
    service.do("PutItem", {"TableName": TABLE, "Item": {"Key": {"S": "Acme.A"}, "Template": {"S": "{}"}}})
    status, told = check()
    require(status == 0 and "the table's key must be CRMType" in told, told)


def main():
    binary, command = sys.argv[1], shlex.split(sys.argv[2])
    folder = pathlib.Path(tempfile.mkdtemp(prefix="crmconf-dynamodb-"))
    service = Dynalite(command, folder)
    try:
        service.start()
        service.create()
        service.put("Acme.A", template("Acme.A", "1"))
        server = Server(binary, folder, service, "store")
        require(server.lines("INFO", "templates read", "usable=1", "refused=0") == 1, "the first reading is not told")
        items(service, server)
        away(service, server)
        server.stop()
        logs = [server.log, *started_while_away(binary, folder, service)]
        settings(binary, folder, service)
        for log in logs:
            text = log.read_text()
            require(SECRET_KEY not in text and SESSION_TOKEN not in text, f"a credential stands in {log}")
            require("panicked" not in text, f"a panic stands in {log}")
    finally:
        service.stop()
        Server.kill_all()
        shutil.rmtree(folder, ignore_errors=True)
    print("templates from DynamoDB: items, changes, bad items, pages, away and back, late starts, settings")


ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CRMCONF_"))} | {
    "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_SESSION_TOKEN": SESSION_TOKEN,
}

if __name__ == "__main__":
    main()
