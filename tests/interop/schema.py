#!/usr/bin/env python3
"""Validates with xmllint what goes to and comes from the API against the schemas that it serves, in both namespaces.

    schema.py BINARY        (needs xmllint)

The published requests and responses; a request of each operation, and its answer; every response among the goldens; of the
corpus every response, and every request that is not about HTTP; and what the schema must refuse. What it accepts the server
must understand: whatever it answers, it is no HTTP error. (That a case of the corpus is answered as it says, corpus.py shows.)
"""
import html
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import schema_corpus
from demo import demo

ROOT = pathlib.Path(__file__).resolve().parents[2]
API = "urn:crmconf:api:1"
PUBLISHED_SESSION = "5E4924352BA7E2038339957559C2DA75"
SUGAR = "CrmAddin.SugarCrm.SugarCrmAddin"


def prop(name, value):
    return f'<Property Name="{html.escape(name)}">{html.escape(value, quote=False)}</Property>'


def part(name, text):
    return f'<Container Name="{name}">{prop("JSONData", text)}</Container>'


def request(operation, payload="", session=PUBLISHED_SESSION, more=""):
    return (f'<Request Operation="{operation}"><InvokeID>7</InvokeID><SessionID>{session}</SessionID>{more}'
            f"<OperationPayload>{payload}</OperationPayload></Request>")


def namespaced(text):
    return re.sub(r"<(Request|Response|Fail)\b", rf'<\1 xmlns="{API}"', text, count=1)


class Schema:
    """A schema, and the documents that are held against it all at once."""

    def __init__(self, folder, name, text):
        self.folder, self.path, self.count = folder / name, folder / f"{name}.xsd", 0
        self.folder.mkdir()
        self.path.write_text(text, encoding="utf-8")

    def take(self, document):
        self.count += 1
        (self.folder / f"{self.count:05}.xml").write_text(document, encoding="utf-8")

    def validate(self):
        files = sorted(self.folder.glob("*.xml"))
        ran = subprocess.run(["xmllint", "--noout", "--schema", self.path, *files], capture_output=True, text=True)
        assert ran.returncode == 0, "\n".join(line for line in ran.stderr.splitlines() if not line.endswith(" validates"))
        return len(files)

    def accepted(self, documents):
        """Those of these documents, by name, that hold."""
        folder = self.folder / "judged"
        folder.mkdir()
        files = {}
        for number, (name, document) in enumerate(documents):
            files[str(folder / f"{number:05}.xml")] = name
            (folder / f"{number:05}.xml").write_text(document, encoding="utf-8")
        ran = subprocess.run(["xmllint", "--huge", "--noout", "--schema", self.path, *files], capture_output=True, text=True)
        lines = ran.stderr.splitlines()
        holds = {files[line.removesuffix(" validates")] for line in lines if line.endswith(" validates")}
        fails = {files[line.removesuffix(" fails to validate")] for line in lines if line.endswith(" fails to validate")}
        assert not holds & fails and holds | fails == set(files.values()), "xmllint has not judged all"
        return holds

    def refuses(self, document):
        ran = subprocess.run(["xmllint", "--noout", "--schema", self.path, "-"], input=document, capture_output=True, text=True)
        return ran.returncode == 3


class Api:
    def __init__(self, url):
        self.url = url

    def get(self, path):
        return urllib.request.urlopen(self.url + path).read().decode()

    def send(self, document):
        """The answer; what the schema accepts is answered with 200."""
        asked = urllib.request.Request(self.url + "/api/xml", document.encode(), {"Content-Type": "text/xml"})
        try:
            return urllib.request.urlopen(asked).read().decode()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{error.code} {error.read()} to {document}") from error

    def sign_in(self, user):
        create = '<Request Operation="CreateSession"><InvokeID>1</InvokeID></Request>'
        session = re.search('Name="SessionID">([0-9A-F]{32})<', self.send(create))[1]
        self.send(request("Authenticate", prop("UserName", user) + prop("Password", f"demo-{user}"), session))
        return session


def operations(session):
    """A request of each operation, as an Administrator sends it, in an order in which each finds what it needs."""
    scope = prop("TelSysID", "1") + prop("PartIDInTelSys", "1") + prop("DeviceNumber", "01234567101")
    parts = part("CRMConfiguration", '{"UserName":"crm"}') + part("CRMConfigurationCommon", '{"Cached":"true"}')
    add = scope + prop("Description", "&lt; a \u00fc") + prop("CRMType", SUGAR) + prop("ReturnID", "true") + parts
    found = lambda answer: scope + prop("CRMConfigurationID", re.search('Name="CRMConfigurationID">([^<]+)<', answer)[1])
    grant = '<Container Name="Grant">' + prop("Role", "Viewer") + prop("TelSysID", "1") + "</Container>"
    anna = prop("UserName", "anna")
    csv = prop("CSV", "TelSysID,PartIDInTelSys,DeviceNumber,Description,CMEnvironmentID\r\n77,,,seventy-seven,e\r\n")
    paged = "<Offset>0</Offset><Limit>10</Limit>"
    yield "CreateSession", lambda _: '<Request Operation="CreateSession"><InvokeID>1</InvokeID></Request>'
    yield "Authenticate", lambda _: request("Authenticate", prop("UserName", "a") + prop("Password", "b"))
    yield "CRMConfigurationAdd", lambda _: request("CRMConfigurationAdd", add, session)
    yield "CRMConfigurationInfo", lambda answer: request("CRMConfigurationInfo", found(answer), session)
    yield "CRMConfigurationChange", lambda answer: request(
        "CRMConfigurationChange", found(answer) + prop("Description", "other") + prop("ReturnID", "true"), session)
    fields = prop("CRMConfigurationFields", "CRMConfiguration,CRMConfigurationCommon,CMEnvironmentID,Version")
    yield "CRMConfigurationShred", lambda answer: request("CRMConfigurationShred", found(answer) + prop("ReturnID", "true"), session)
    yield "CRMConfigurationList", lambda answer: request("CRMConfigurationList", fields + prop("Sort", "Description:ASC"), session, paged)
    yield "CRMConfigurationDelete", lambda answer: request("CRMConfigurationDelete", found(answer), session)
    yield "AccountAdd", lambda _: request("AccountAdd", anna + prop("Password", "a long password") + grant, session)
    yield "AccountInfo", lambda _: request("AccountInfo", anna, session)
    yield "AccountChange", lambda _: request("AccountChange", anna + prop("DisplayName", "Anna"), session)
    yield "AccountList", lambda _: request("AccountList", "", session)
    yield "AccountDelete", lambda _: request("AccountDelete", anna, session)
    yield "AccountErase", lambda _: request("AccountErase", anna, session)
    yield "PasswordChange", lambda _: request("PasswordChange", prop("OldPassword", "wrong") + prop("NewPassword", "longer still"), session)
    yield "MasterKeyList", lambda _: request("MasterKeyList", "", session)
    yield "MasterKeyRotate", lambda _: request("MasterKeyRotate", prop("ValidateOnly", "true"), session)
    yield "DestructionResume", lambda _: request("DestructionResume", prop("ValidateOnly", "true"), session)
    yield "DirectoryImport", lambda _: request("DirectoryImport", csv, session)
    yield "DirectoryList", lambda _: request("DirectoryList", "", session)
    yield "CRMTypeList", lambda _: request("CRMTypeList", "", session)
    yield "CRMTypeInfo", lambda _: request("CRMTypeInfo", prop("CRMType", SUGAR), session)
    yield "Logout", lambda _: request("Logout", "", session)


def goldens():
    """Every response among the goldens, its placeholders and line breaks as they stand."""
    for path in sorted((ROOT / "snapshots").rglob("*.snap")):
        text = path.read_text(encoding="utf-8").split("\n---\n", 1)[-1]
        for found in re.findall(r"<Response\b.*?</Response>", text, re.DOTALL):
            yield found.replace("\n", "")


WRONG = [
    '<Request Operation="Nothing"><InvokeID>1</InvokeID></Request>',
    "<Request><InvokeID>1</InvokeID></Request>",
    '<Request Operation="Logout"/>',
    '<Request Operation="Logout"><InvokeID/></Request>',
    f'<Request Operation="Logout"><InvokeID>{"x" * 257}</InvokeID></Request>',
    '<Request Operation="Logout"><InvokeID>1</InvokeID><SessionID>x</SessionID></Request>',
    '<Request Operation="Logout"><InvokeID>1</InvokeID><InvokeID>1</InvokeID></Request>',
    '<Request Operation="Logout"><InvokeID>1</InvokeID><Other/></Request>',
    '<Request Operation="Logout" Other="x"><InvokeID>1</InvokeID></Request>',
    '<Request Operation="Logout"><InvokeID>1</InvokeID><Limit>-1</Limit></Request>',
    request("Logout", "<Property>x</Property>"),
    request("Logout", '<Property Name="">x</Property>'),
    request("Logout", '<Property Name="a"><b/></Property>'),
    request("Logout", "<Container><Property Name=\"a\">x</Property></Container>"),
    request("Logout", '<Container Name="a"><Container Name="b"/></Container>'),
    '<Response Result="Maybe"><InvokeID/></Response>',
    '<Response Result="Fail"><InvokeID/><Fail/><Success/></Response>',
]


# What succeeds though the schema refuses it: it has an order of children, and is not told of attributes that count nothing.
LENIENT = {"10-envelope/ignored-attributes", "30-add/containers-first"}


def corpus(bare, within):
    """Holds the corpus' responses against the schemas, and each request that they accept to its being understood."""
    requests, responses = [], 0
    for name, case, request, response in schema_corpus.cases():
        if response is None:
            assert ":Fault>" in case.response, name
            continue
        responses += 1
        if f'"{API}"' in response:
            within.take(response)
        else:
            bare.take(response)
            within.take(namespaced(response))
        if request is not None and not case.http:
            requests.append((name, case, request))
    for schema, form in [(bare, str), (within, namespaced)]:
        documents = [(name, form(request)) for name, _, request in requests if f'"{API}"' not in request]
        accepted = schema.accepted(documents)
        for name, case, _ in requests:
            # 429: understood, and not its turn.
            assert case.status in [200, 429] or name not in accepted, f"the schema accepts {name}: {case.status}"
        successes = {name for name, case, _ in requests if 'Result="Success"' in case.response}
        refused = successes & dict(documents).keys() - accepted
        assert refused == LENIENT, refused ^ LENIENT
    return f"{len(accepted)} of {len(documents)} requests of the corpus, its {responses} responses"


def main(binary):
    with tempfile.TemporaryDirectory() as folder, demo(binary) as url:
        api = Api(url)
        wsdl = api.get("/api/soap?wsdl")
        types = re.search(r"<xs:schema.*</xs:schema>", wsdl, re.DOTALL)[0]
        bare = Schema(pathlib.Path(folder), "bare", api.get("/api/schema.xsd"))
        within = Schema(pathlib.Path(folder), "namespaced", types)

        def both(document):
            bare.take(document)
            within.take(namespaced(document))

        for path in sorted((ROOT / "tests" / "fixtures" / "seed").glob("*.xml")):
            both(path.read_text(encoding="utf-8"))
        asked, named = set(), re.findall('<xs:enumeration value="([A-Za-z]+)"><xs:annotation>', types)
        for form in [str, namespaced]:
            # Whatever must be signed in to is, as whoever may do everything.
            session, answer = api.sign_in("admin"), ""
            schema = within if form is namespaced else bare
            for operation, make in operations(session):
                document = form(make(answer))
                told = api.send(document)
                schema.take(document)
                schema.take(told)
                answer = told if "CRMConfigurationID" in told else answer
                asked.add(operation)
        assert asked == set(named), asked ^ set(named)
        responses = list(goldens())
        assert len(responses) > 50, len(responses)
        for response in responses:
            (within if f'xmlns="{API}"' in response else bare).take(response)
        told = corpus(bare, within)
        for document in WRONG:
            assert bare.refuses(document), document
            assert within.refuses(namespaced(document)), document
        print(f"xmllint: {bare.validate()} documents hold against the schema in no namespace, {within.validate()} against that "
              f"of the WSDL ({len(asked)} operations, {len(responses)} goldens, {told}); {len(WRONG)} wrong ones are refused "
              "by both")


if __name__ == "__main__":
    main(sys.argv[1])
