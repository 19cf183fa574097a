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
import typing
import urllib.parse
from xml.etree import ElementTree

from corpus_files import KINDS, PLACEHOLDER, WAYS, Wrong, chapters, read
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
# Elements in which white space alone counts; in all others it is nothing.
SOAP_12_TEXTS = {f"{{{SOAP['soap12']}}}{name}" for name in ["Text", "Value"]}
EXACT = {"Property", "InvokeID", "SessionID", "faultcode", "faultstring"}
TIMEOUT_S, PIECE = 60, 64 * 1024
TELSYS_FROM, TELSYS_END = 1_000_000, 2_147_000_000


class Difference(Exception):
    """What came is not what must come."""

    def __init__(self, where, expected, came):
        super().__init__(where, expected, came)
        self.where, self.expected, self.came = where, expected, came

    def told(self, names):
        shown = [self.shown(value, names) for value in [self.expected, self.came]]
        return f"{names.masked(self.where)}\n      expected {shown[0]}\n      came     {shown[1]}"

    def shown(self, value, names):
        if any(f"[{name}]" in self.where for name in UNSEEN) and value and not value.startswith(("{{", "nothing")):
            return "(not shown)"
        shown = "nothing" if value is None else repr(names.masked(value))
        return shown if len(shown) <= 300 else f"{shown[:300]}… ({len(value)} characters)"


# Placeholders.

def escaped(value):
    return value.replace("&", "&amp;").replace("<", "&lt;")


class Names:
    """What the names stand for in one run, and what of that nobody should find in an output."""

    def __init__(self, sealing, values, secrets):
        self.sealing, self.values, self.secrets = sealing, values, set(secrets)

    def value(self, name):
        if name not in self.values:
            raise Difference(f"{{{{{name}}}}}", "a value", "nothing: the body that gives it differs")
        return self.values[name]

    def masked(self, text):
        for secret in sorted(self.secrets, key=len, reverse=True):
            for spelt in {secret, escaped(secret)}:
                text = text.replace(spelt, "(not shown)")
        return SECRETS.sub("(not shown)", text)

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
        found = whole and read(whole[1])
        if found and found.asks:
            right = came is not None and self.is_as_asked(found, came)
        else:
            expected = self.fill(expected)
            right = expected == came
        if not right:
            raise Difference(where, expected, came)
        if found and found.gives:
            self.values[found.gives] = came
            if found.asks in ["session", "key"]:
                self.secrets.add(came)

    def is_as_asked(self, found, came):
        what, _, rest = found.asks.partition(":")
        if what == "message":
            return bool(came) and rest in came
        if what == "beyond":
            return came > self.value(found.needs)
        if what == "after":
            return fits("version", came) and int(came) > int(self.value(found.needs))
        if what == "opens":
            _, field, text = rest.split(":", 2)
            return self.opens(self.value(found.needs), field, came) == text
        return fits(what, came)

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
    if expected.tag not in EXACT | SOAP_12_TEXTS:
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
        prefix, _, local = (text or "").strip().rpartition(":")
        return f"{{{dict(bound)[prefix]}}}{local}" if prefix in dict(bound) else text

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

class NotSignedIn(Exception):
    """An account of the chapter cannot be signed in."""


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
            connection.putheader("Content-Length", str(len(body or b"")))
            connection.endheaders()
            # A server may answer by the headers alone, and close. Under TLS what is there to be read may be a ticket.
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                for start in range(0, len(body or b""), PIECE):
                    if start and not self.secure and select.select([connection.sock], [], [], 0)[0]:
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
        try:
            answer = ElementTree.fromstring(self.send("POST", "/api/xml", {"Content-Type": TEXT_XML}, body.encode())[2])
        except (OSError, http.client.HTTPException, ElementTree.ParseError) as error:
            raise NotSignedIn(f"{operation}: {type(error).__name__}: {error}") from error
        told = {found.get("Name"): found.text or "" for found in answer.iter("Property")}
        if answer.get("Result") != "Success":
            raise NotSignedIn(f"{operation} failed: {told.get('ErrorCode')}")
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
    """Sends a case's request; the differences between the answer and the response, and what the answer says of an error."""
    path, media, body = framed(way, case.request or "")
    headers = {"Content-Type": names.fill(case.http.get("content_type", media))}
    headers |= {name: names.fill(value) for name, value in case.http.get("headers", {}).items()}
    sent = names.fill(body, escaped).encode() if case.request is not None else None
    path = names.fill(case.http.get("path", path))
    status, found, answer = server.send(case.http.get("method", "POST"), path, headers, sent)
    differences, told, before = [], {}, dict(names.values)
    if status != case.status:
        differences.append(Difference("the status", str(case.status), str(status)))
    try:
        came = response_in(way, answer)
        told = {one.get("Name"): one.text or "" for one in came.iter() if one.get("Name", "").startswith("Error")}
        expected = document(re.sub(r"\{\{repeat:.*?\}\}", lambda one: names.fill(one[0]), case.response))
        compare(expected, came, names, API if way in ["xml-namespace", "soap12"] else None)
        if any(secret in told.get("ErrorMessage", "") for secret in names.secrets):
            raise Difference("ErrorMessage", "no session, key or password", "one")
    except ElementTree.ParseError as error:
        differences.append(Difference("the body", "XML", f"{answer[:200]!r}: {error}"))
    except Difference as difference:
        # Names are given by a body that is as it must be.
        names.values = before
        differences.append(difference)
    media, _, charset = (found.get("Content-Type") or "").lower().partition(";")
    wanted = "application/soap+xml" if way == "soap12" or f'"{SOAP["soap12"]}"' in case.response else "text/xml"
    if media.strip() != wanted or ("charset" in charset and not re.search(r'charset="?utf-8"?\s*(;|$)', charset)):
        differences.append(Difference("the header Content-Type", wanted, found.get("Content-Type")))
    for name, value in case.headers.items():
        try:
            names.hold(value, found.get(name), f"the header {name}")
        except Difference as difference:
            differences.append(difference)
    return differences, told


def run_case(server, case, names, way):
    """None, or how the last answer differs."""
    for _ in range(case.at_most):
        try:
            differences, told = ask(server, case, names, way)
        except (OSError, http.client.HTTPException) as error:
            problem = names.masked(f"{type(error).__name__}: {error}")
            continue
        if not differences:
            return None
        problem = differences[0].told(names)
        if told:
            problem += f"\n      it says  {names.masked(' '.join(told.values()))}"
    return problem


class Count(typing.NamedTuple):
    held: int = 0
    failed: int = 0
    not_sent: int = 0

    def __add__(self, other):
        return Count(*map(sum, zip(self, other)))

    def __str__(self):
        told = f"{self.failed} of {sum(self)} cases FAILED" if self.failed else f"{self.held} cases hold"
        return told + (f", {self.not_sent} not sent" if self.not_sent else "")


def run_cases(server, cases, names, way):
    """Runs them; how many held, failed and were not sent, and what is to be told."""
    count, told = Count(), []
    for number, case in enumerate(cases):
        if missing := case.names()[0] - names.values.keys():
            count += Count(not_sent=1)
            told.append(f"    {case.name}: not sent, since nothing gave {', '.join(sorted(missing))}")
        elif (problem := run_case(server, case, names, way)) is None:
            count += Count(held=1)
            continue
        else:
            count += Count(failed=1)
            told.append(f"    {case.name}: {case.rule}\n      at       {problem}")
        if case.guard:
            rest = len(cases) - number - 1
            return count + Count(not_sent=rest), [*told, f"    the {rest} behind it are not sent: they might do harm"]
    return count, told


def run_chapter(server, chapter, way, sealing, accounts):
    """Says how the chapter went in that way; returns how many cases held, failed and were not sent."""
    telsys = TELSYS_FROM + secrets.randbelow(TELSYS_END - TELSYS_FROM)
    names = Names(sealing, {"run": secrets.token_hex(4), "telsys": str(telsys)}, [])
    for name, account in accounts.items():
        names.values |= {f"{name}.user": account["UserName"], f"{name}.password": account["Password"]}
        names.secrets.add(account["Password"])
    cases, signed_in = chapter.in_way(way), []
    try:
        for name in chapter.accounts:
            session = server.call("CreateSession", None).get("SessionID", "")
            answer = server.call("Authenticate", session, **accounts[name])
            signed_in.append(session)
            names.values[f"{name}.session"] = session
            names.values |= {f"{name}.key": answer["TransportKey"]} if "TransportKey" in answer else {}
            names.secrets |= {session, *answer.values()} - {""}
        count, told = run_cases(server, cases, names, way)
    except NotSignedIn as error:
        count, told = Count(not_sent=len(cases)), [f"    {name} could not be signed in: {names.masked(str(error))}"]
    for session in signed_in:
        with contextlib.suppress(NotSignedIn):  # A case may have ended the session.
            server.call("Logout", session)
    print(f"{chapter.name} {way}: {count}", *told, sep="\n", flush=True)
    return count


def chosen(all_of_them, named, setup):
    """The chapters that are named, with or without their numbers, or else all; of those, the ones with that setup."""
    if unknown := set(named) - {name for chapter in all_of_them for name in [chapter.name, chapter.called]}:
        raise Wrong(f"there is no chapter {sorted(unknown)}")
    wanted = [chapter for chapter in all_of_them if not named or {chapter.name, chapter.called} & set(named)]
    if not (found := [chapter for chapter in wanted if chapter.setup == setup]):
        raise Wrong("there is no such chapter for a server in that state")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("chapters", nargs="*")
    parser.add_argument("--setup")
    parser.add_argument("--way", choices=WAYS, action="append")
    parser.add_argument("--accounts", type=pathlib.Path)
    parser.add_argument("--corpus", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[1] / "corpus")
    given = parser.parse_args()
    accounts = DEMO_ACCOUNTS | (json.loads(given.accounts.read_text(encoding="utf-8")) if given.accounts else {})
    try:
        wanted = chosen(chapters(given.corpus, accounts), given.chapters, given.setup)
    except (Wrong, json.JSONDecodeError, UnicodeDecodeError) as error:
        sys.exit(f"{given.corpus}: {error}")
    url = re.match("https?://", given.server)
    with contextlib.nullcontext(given.server) if url else demo(pathlib.Path(given.server).resolve()) as url:
        runs = [(chapter, way) for chapter in wanted for way in given.way or WAYS if chapter.in_way(way)]
        count = sum((run_chapter(Server(url), *run, Sealing(), accounts) for run in runs), Count())
    holds = count.failed + count.not_sent == 0
    print(f"the corpus holds: {len(wanted)} chapters, {len(runs)} runs" if holds else count)
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
