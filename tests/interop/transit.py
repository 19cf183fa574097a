"""Password fields in transit between the release binary and implementations that are not ours, both ways.

    transit.py BINARY NODE_FOLDER [SEED]

The binary's end is `crmconf call --seal` and `crmconf call --open`, which speak here to a small server of this script's
own, so that every key and value can be chosen. What `--seal` sends must be, byte for byte, what Python's cryptography
and noble make of the same text, and both must open it; what either has sealed `--open` must show. NODE_FOLDER holds the
node_modules of tests/package.json.
"""

import base64
import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from sealing import Noble, Python, check_vectors, seeded, some_fields

ROUNDS = 12
FIELDS = 24
ACCOUNT_PASSWORD = "the account's own password"


def attribute(name):
    return quoteattr(name)


def prop(name, value):
    return f"<Property Name={attribute(name)}>{escape(value, {chr(13): '&#13;'})}</Property>"


class Api(http.server.BaseHTTPRequestHandler):
    """As much of the API as `crmconf call` needs; `server.given` says what is answered, `server.bodies` what came."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)
        operation = ElementTree.fromstring(body).get("Operation")
        answer = f'<Response Result="Success"><InvokeID>1</InvokeID><Success>{self.success(operation)}</Success></Response>'
        data = answer.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def success(self, operation):
        given = self.server.given
        if operation == "CreateSession":
            return prop("SessionID", "5E4924352BA7E2038339957559C2DA75")
        if operation == "Authenticate":
            return prop("TransportKey", given["key"])
        if operation == "CRMTypeInfo":
            field = lambda name, password: f"<Container>{prop('Name', name)}{prop('Password', password)}</Container>"
            fields = "".join(field(name, "true") for name in given["passwords"])
            fields += field("Endpoint", "false") + field("Last", "false")
            return f'<Container Name="CRMConfiguration">{fields}</Container>'
        if operation == "CRMConfigurationInfo":
            values = "".join(prop(name, value) for name, value in given["values"].items())
            return f'<Container Name="CRMConfiguration">{values}</Container>'
        assert operation in ("CRMConfigurationAdd", "Logout"), operation
        return ""

    def log_message(self, *_):
        pass


def call(binary, folder, port, words, request):
    """Runs `crmconf call`; the request goes in on standard input."""
    password = folder / "password"
    password.write_text(ACCOUNT_PASSWORD + "\n")
    ran = subprocess.run(
        [binary, "call", "--url", f"http://127.0.0.1:{port}", "--user", "editor", "--password-file", password, *words, "-"],
        input=request.encode(), capture_output=True, timeout=60,
    )
    assert ran.returncode == 0 and ran.stderr == b"", ran
    return ran.stdout.decode()


def add(fields, ascii_only):
    document = json.dumps({"Endpoint": "https://crm.example", **fields, "Last": [1, None]}, ensure_ascii=ascii_only)
    return (
        '<Request Operation="CRMConfigurationAdd">\r\n<InvokeID>11</InvokeID><SessionID/><OperationPayload>'
        f'{prop("CRMType", "Acme.Crm")}<Container Name="CRMConfiguration">{prop("JSONData", document)}</Container>'
        "</OperationPayload></Request>"
    )


def sealed_by_us(body):
    """The JSON of the Add that was sent."""
    texts = [p.text for p in ElementTree.fromstring(body).iter("Property") if p.get("Name") == "JSONData"]
    assert len(texts) == 1
    return json.loads(texts[0])


def round_trip(chance, binary, folder, server, ends):
    fields = some_fields(chance, FIELDS)
    key = base64.b64encode(chance.randbytes(64)).decode()
    server.given, server.bodies = {"key": key, "passwords": fields}, []
    port = server.server_address[1]
    call(binary, folder, port, ["--seal"], add(fields, ascii_only=chance.random() < 0.5))
    sent = [body for body in server.bodies if b"CRMConfigurationAdd" in body]
    assert len(sent) == 1
    document = sealed_by_us(sent[0])
    assert (document["Endpoint"], document["Last"]) == ("https://crm.example", [1, None])
    for field, plain in fields.items():
        value = document[field]
        for end in ends:
            assert end.open(key, field, value) == plain, (end.name, field)
            assert end.seal(key, field, plain) == value, (end.name, field)

    by = {field: chance.choice(ends) for field in fields}
    server.given["values"] = {field: by[field].seal(key, field, plain) for field, plain in fields.items()}
    info = '<Request Operation="CRMConfigurationInfo"><InvokeID>13</InvokeID><OperationPayload/></Request>'
    shown = ElementTree.fromstring(call(binary, folder, port, ["--open"], info))
    assert {p.get("Name"): p.text or "" for p in shown.iter("Property")} == fields


def refusals(chance, ends):
    """Neither opens what another session or another field has, or what was altered."""
    key, other = (base64.b64encode(chance.randbytes(64)).decode() for _ in range(2))
    for sealer in ends:
        value = sealer.seal(key, "Password", "a text of some length")
        altered = value[:-3] + ("A" if value[-3] != "A" else "B") + value[-2:]
        for end in ends:
            for wrong in [(other, "Password", value), (key, "ClientSecret", value), (key, "Password", altered)]:
                assert end.refuses(*wrong), (sealer.name, end.name)


def main():
    binary, modules = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    chance = seeded(sys.argv[3] if len(sys.argv) > 3 else "1")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder, Noble(modules, folder) as noble:
        ends = [Python(), noble]
        vectors = [check_vectors(end) for end in ends]
        refusals(chance, ends)
        for _ in range(ROUNDS):
            round_trip(chance, binary, pathlib.Path(folder), server, ends)
    server.shutdown()
    print(f"{vectors[0]} vectors hold for both, and {ROUNDS * FIELDS} random values crossed both ways between crmconf, "
          "cryptography and noble")


main()
