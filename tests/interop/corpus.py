#!/usr/bin/env python3
"""Runs the corpus of the contract (tests/corpus/README.md) against a server: a second runner, in Python.

    corpus.py BINARY_OR_URL [CHAPTER...] [--setup NAME] [--way WAY] [--accounts FILE] [--corpus FOLDER]

A binary is started with the demo's store. Without chapters it runs all that need no server in a state of its own; with
--setup those that need that one. Exit status 1 if a case failed.
"""
import argparse
import base64
import binascii
import contextlib
import http.client
import io
import json
import pathlib
import re
import secrets
import select
import ssl
import sys
import urllib.parse
from xml.etree import ElementTree

from corpus_files import KINDS, NAME, PLACEHOLDER, WAYS, Chapter, Wrong
from demo import demo
from sealing import Python as Sealing

API = "urn:crmconf:api:1"
SOAP = {"soap11": "http://schemas.xmlsoap.org/soap/envelope/", "soap12": "http://www.w3.org/2003/05/soap-envelope"}
DEMO_ACCOUNTS = {name: {"UserName": name, "Password": f"demo-{name}"}
                 for name in ["admin", "editor", "client", "viewer", "auditor"]}
TEXT_XML = "text/xml; charset=utf-8"
# What nobody should find in an output: sessions, nonces, transport keys, sealed values.
SECRETS = re.compile(r"\b[0-9A-F]{32}\b|\b[0-9a-f]{32}\b|[A-Za-z0-9+/]{86}==|enc:v1:[\w-]*")
UNSEEN = {"SessionID", "TransportKey", "Nonce"}
TIMEOUT_S, PIECE = 60, 64 * 1024


class Difference(Exception):
    """What came is not what must come."""

    def __init__(self, where, expected, came):
        super().__init__(f"{where}\n      expected {masked(where, expected)}\n      came     {masked(where, came)}")
        self.told = ""


def masked(where, value):
    if any(f"[{name}]" in where for name in UNSEEN) and value and not value.startswith(("{{", "nothing")):
        return "(not shown)"
    shown = SECRETS.sub("(not shown)", "nothing" if value is None else repr(value))
    return shown if len(shown) <= 300 else f"{shown[:300]}… ({len(value)} characters)"


# Placeholders.

def escaped(value):
    return value.replace("&", "&amp;").replace("<", "&lt;")


class Names:
    """What the names stand for in one run."""

    def __init__(self, sealing, values):
        self.sealing, self.values = sealing, values

    def value(self, name):
        if name not in self.values:
            raise Difference(f"{{{{{name}}}}}", "a value", "nothing: the case that names it failed, or there is none")
        return self.values[name]

    def fill(self, text, escape=lambda value: value):
        def one(found):
            what, *rest = found[1].split(":", 3 if found[1].startswith("seal:") else 2)
            if what == "repeat":
                return rest[1] * int(rest[0])
            if what == "seal":
                return escape(self.sealing.seal(self.value(rest[0]), rest[1], rest[2]))
            return escape(self.value(found[1]))

        return PLACEHOLDER.sub(one, text)

    def hold(self, expected, came, where):
        """Holds a text that came against one of a response, whose placeholders may ask for a kind or name it."""
        whole = PLACEHOLDER.fullmatch(expected)
        inner = whole[1] if whole else ""
        naming = re.fullmatch(rf"({NAME})?=(.*)", inner)
        name, asked = (naming[1], naming[2]) if naming else (None, inner)
        if naming and asked in KINDS:
            right = came is not None and fits(asked, came)
        elif asked.startswith("after:"):
            right = came is not None and fits("version", came) and int(came) > int(self.value(asked[6:]))
        elif asked.startswith("opens:"):
            _, key, field, text = asked.split(":", 3)
            right = came is not None and self.opens(self.value(key), field, came) == text
        else:
            expected = self.fill(expected)
            right = expected == came
        if not right:
            raise Difference(where, expected, came)
        if name:
            self.values[name] = came

    def opens(self, key, field, value):
        from cryptography.exceptions import InvalidTag

        try:
            return self.sealing.open(key, field, value)
        except (InvalidTag, ValueError):
            return None


def fits(kind, value):
    if not re.fullmatch(KINDS[kind], value, re.DOTALL):
        return False
    with contextlib.suppress(binascii.Error):
        return kind != "key" or len(base64.b64decode(value, validate=True)) == 64
    return False


# What must be equal.

def compare(expected, came, names, namespace, where=""):
    tag = expected.tag if namespace is None else f"{{{namespace}}}{expected.tag}"
    where += "/" + expected.tag.rpartition("}")[2] + (f"[{expected.get('Name')}]" if expected.get("Name") else "")
    if tag != came.tag:
        raise Difference(where, tag, came.tag)
    for name in sorted(expected.attrib.keys() | came.attrib.keys()):
        if name not in expected.attrib:
            raise Difference(f"{where}/@{name}", None, came.get(name))
        names.hold(expected.get(name), came.get(name), f"{where}/@{name}")
    texts = [[element.text or "", *(child.tail or "" for child in element)] for element in [expected, came]]
    if len(expected) or len(came):
        texts = [[text if text.strip(" \t\r\n") else "" for text in some] for some in texts]
    for number, (one, other) in enumerate(zip(expected, came), 1):
        names.hold(texts[0][number - 1], texts[1][number - 1], where)
        compare(one, other, names, namespace, where if one.get("Name") else f"{where}/{number}:")
    if len(expected) != len(came):
        more = [described(list(element)[min(len(expected), len(came)):]) for element in [expected, came]]
        raise Difference(where, *more)
    names.hold(texts[0][-1], texts[1][-1], where)


def described(elements):
    return ElementTree.tostring(elements[0], "unicode") if elements else None


def document(text):
    """The root of a document, in which names with a prefix (SOAP's codes) stand with their namespace."""
    bound = [("xml", "http://www.w3.org/XML/1998/namespace"), ("", "")]

    def named(text):
        prefix, _, local = text.strip().rpartition(":")
        return f"{{{dict(bound)[prefix]}}}{local}"

    source = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    for event, what in ElementTree.iterparse(source, ("start-ns", "end-ns", "end")):
        if event == "start-ns":
            bound.append(what)
        elif event == "end-ns":
            bound.pop()
        else:
            if what.tag in ["faultcode", "{http://www.w3.org/2003/05/soap-envelope}Value"]:
                what.text = named(what.text)
            if "qname" in what.attrib:
                what.set("qname", named(what.get("qname")))
            root = what
    return root


def response_in(way, body):
    """The response, out of its envelope."""
    root = document(body)
    if way in SOAP:
        inner = list(root)
        if root.tag != f"{{{SOAP[way]}}}Envelope" or [child.tag for child in inner] != [f"{{{SOAP[way]}}}Body"]:
            raise Difference("/Envelope", f"an envelope of {way} with a body", ElementTree.tostring(root, "unicode"))
        if len(inner[0]) != 1:
            raise Difference("/Envelope/Body", "one child", str(len(inner[0])))
        return inner[0][0]
    return root


# Requests.

class Server:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port, self.base = parts.hostname, parts.port, parts.path.rstrip("/")
        self.secure = parts.scheme == "https"

    def send(self, method, path, headers, body):
        """The status, the headers and the body of the answer."""
        context = {"context": ssl.create_default_context()} if self.secure else {}
        kind = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
        connection = kind(self.host, self.port, timeout=TIMEOUT_S, **context)
        with contextlib.closing(connection):
            connection.putrequest(method, self.base + path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            # A server may answer by the headers alone, and close.
            with contextlib.suppress(ConnectionError):
                for start in range(0, len(body or b""), PIECE):
                    if start and select.select([connection.sock], [], [], 0)[0]:
                        break
                    connection.send(body[start:start + PIECE])
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def call(self, operation, session, **properties):
        """A request of the runner's own; the properties of the answer."""
        payload = "".join(f'<Property Name="{name}">{escaped(value)}</Property>' for name, value in properties.items())
        session = f"<SessionID>{session}</SessionID>" if session else ""
        body = (f'<Request Operation="{operation}"><InvokeID>1</InvokeID>{session}'
                f"<OperationPayload>{payload}</OperationPayload></Request>")
        answer = ElementTree.fromstring(self.send("POST", "/api/xml", {"Content-Type": TEXT_XML}, body.encode())[2])
        told = {found.get("Name"): found.text or "" for found in answer.iter("Property")}
        if answer.get("Result") != "Success":
            raise SystemExit(f"{operation} failed: {told.get('ErrorCode')} {told.get('ErrorMessage')}")
        return told


def framed(way, request):
    """Path, Content-Type and body of a request in one of the ways."""
    if way in ["xml-namespace", "soap12"]:
        request = request.replace("<Request", f'<Request xmlns="{API}"', 1)
    if way not in SOAP:
        return "/api/xml", TEXT_XML, request
    envelope = f'<e:Envelope xmlns:e="{SOAP[way]}"><e:Body>{request}</e:Body></e:Envelope>'
    return "/api/soap", "application/soap+xml; charset=utf-8" if way == "soap12" else TEXT_XML, envelope


def ask(server, case, names, way):
    """Sends a case's request and holds the answer against its response."""
    path, media, body = framed(way, case.request or "")
    headers = {"Content-Type": names.fill(case.http.get("content_type", media))}
    headers |= {name: names.fill(value) for name, value in case.http.get("headers", {}).items()}
    sent = names.fill(body, escaped).encode() if case.request is not None else None
    path = names.fill(case.http.get("path", path))
    status, found, answer = server.send(case.http.get("method", "POST"), path, headers, sent)
    try:
        came = response_in(way, answer)
    except ElementTree.ParseError as error:
        raise Difference("the body", "XML", f"{status} {answer[:200]!r}: {error}") from error
    told = {one.get("Name"): one.text for one in came.iter() if one.get("Name", "").startswith("Error")}
    try:
        expected = document(re.sub(r"\{\{repeat:.*?\}\}", lambda one: names.fill(one[0]), case.response))
        compare(expected, came, names, API if way in ["xml-namespace", "soap12"] else None)
        if status != case.status:
            raise Difference("the status", str(case.status), str(status))
        media, _, charset = (found.get("Content-Type") or "").lower().partition(";")
        wanted = "application/soap+xml" if way == "soap12" or SOAP["soap12"] in expected.tag else "text/xml"
        if media.strip() != wanted or ("charset" in charset and not re.search(r'charset="?utf-8"?\s*(;|$)', charset)):
            raise Difference("the header Content-Type", wanted, found.get("Content-Type"))
        for name, value in case.headers.items():
            names.hold(value, found.get(name), f"the header {name}")
    except Difference as difference:
        difference.told = f"\n      it says  {' '.join(map(str, told.values()))}" if told else ""
        raise


def run_case(server, case, names, way):
    """None, or how the last answer differs."""
    for _ in range(case.at_most):
        before = dict(names.values)
        try:
            return ask(server, case, names, way)
        except Difference as difference:
            problem = f"{difference}{difference.told}"
        except (OSError, http.client.HTTPException) as error:
            problem = f"{type(error).__name__}: {error}"
        names.values = before
    return problem


def run_chapter(server, chapter, way, sealing, accounts):
    """Says how the chapter went in that way; returns how many cases failed."""
    values = {"run": secrets.token_hex(4), "telsys": str(1_000_000 + secrets.randbelow(2_000_000_000))}
    cases, failed = chapter.in_way(way), []
    for name, account in accounts.items():
        values |= {f"{name}.user": account["UserName"], f"{name}.password": account["Password"]}
    for name in chapter.accounts:
        session = server.call("CreateSession", None)["SessionID"]
        answer = server.call("Authenticate", session, **accounts[name])
        values[f"{name}.session"] = session
        values |= {f"{name}.key": answer["TransportKey"]} if "TransportKey" in answer else {}
    names = Names(sealing, values)
    for case in cases:
        if (problem := run_case(server, case, names, way)) is not None:
            failed.append(f"    {case.name}: {case.rule}\n      at       {problem}")
    for name in chapter.accounts:
        with contextlib.suppress(SystemExit):  # A case may have ended the session.
            server.call("Logout", values[f"{name}.session"])
    told = f"{len(failed)} of {len(cases)} cases FAILED" if failed else f"{len(cases)} cases hold"
    print(f"{chapter.name} {way}: {told}", *failed, sep="\n", flush=True)
    return len(failed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("chapters", nargs="*")
    parser.add_argument("--setup")
    parser.add_argument("--way", choices=WAYS, action="append")
    parser.add_argument("--accounts", type=pathlib.Path)
    parser.add_argument("--corpus", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[1] / "corpus")
    given = parser.parse_args()
    accounts = json.loads(given.accounts.read_text(encoding="utf-8")) if given.accounts else DEMO_ACCOUNTS
    try:
        all_of_them = [Chapter(path.parent, accounts) for path in sorted(given.corpus.glob("*/chapter.json"))]
        if unknown := set(given.chapters) - {chapter.name for chapter in all_of_them}:
            raise Wrong(f"there is no chapter {sorted(unknown)}")
    except (Wrong, json.JSONDecodeError, UnicodeDecodeError) as error:
        sys.exit(f"{given.corpus}: {error}")
    chapters = [chapter for chapter in all_of_them
                if chapter.setup == given.setup and (not given.chapters or chapter.name in given.chapters)]
    if not chapters:
        sys.exit("there is no such chapter for a server in that state")
    url = re.match("https?://", given.server)
    with contextlib.nullcontext(given.server) if url else demo(pathlib.Path(given.server).resolve()) as url:
        runs = [(chapter, way) for chapter in chapters for way in given.way or WAYS if chapter.in_way(way)]
        failed = sum(run_chapter(Server(url), *run, Sealing(), accounts) for run in runs)
    print(f"{failed} failed" if failed else f"the corpus holds: {len(chapters)} chapters, {len(runs)} runs")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
