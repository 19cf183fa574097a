#!/usr/bin/env python3
"""The whole story of a configuration through zeep, with the types of the served WSDL: SOAP 1.1 and 1.2, HTTP and TLS.

    soap_zeep.py BINARY

zeep knows nothing of the API but its WSDL. Each step prints a line.
"""
import copy
import json
import pathlib
import sys
import tempfile

import requests
import zeep
import zeep.exceptions
import zeep.transports
from lxml import etree

from demo import demo
from sealing import Python
from tls import Certificates

SUGAR = "CrmAddin.SugarCrm.SugarCrmAddin"
PLAIN = "a password's text"


class Api:
    """A session through one port of the WSDL."""

    def __init__(self, client, port):
        self.port = client.bind("CRMConfigurationsService", port)
        self.count, self.session, self.key = 0, None, None

    def execute(self, operation, properties=None, containers=None, **more):
        """Has an operation executed; the response as zeep has read it."""
        self.count += 1
        payload = {
            "Property": [{"Name": name, "_value_1": value} for name, value in (properties or {}).items()],
            "Container": [
                {"Name": name, "Property": [{"Name": "JSONData", "_value_1": json.dumps(value)}]}
                for name, value in (containers or {}).items()
            ],
        }
        response = self.port.Execute(
            Operation=operation, InvokeID=f"{operation} {self.count}", SessionID=self.session,
            OperationPayload=payload, **more,
        )
        assert response.InvokeID == f"{operation} {self.count}", response
        return response

    def succeed(self, *words, **more):
        response = self.execute(*words, **more)
        assert response.Result == "Success", response
        return response.Success

    def fail(self, code, *words, **more):
        response = self.execute(*words, **more)
        assert response.Result == "Fail", response
        assert values(response.Fail)["ErrorCode"] == str(code), response

    def sign_in(self, user):
        self.session = values(self.succeed("CreateSession"))["SessionID"]
        answer = self.succeed("Authenticate", {"UserName": user, "Password": f"demo-{user}"})
        self.key = answer and values(answer)["TransportKey"]


def values(element):
    return {each.Name: each["_value_1"] for each in element.Property}


def story(client, port):
    """Every step once; returns how many there were."""
    seal, api, steps = Python(), Api(client, port), []
    api.sign_in("editor")
    steps.append("create session, authenticate")
    scope = {"TelSysID": "1", "PartIDInTelSys": "1", "DeviceNumber": "01234567101"}
    configuration = {"UserName": "crm", "Password": seal.seal(api.key, "Password", PLAIN)}
    about = scope | {"Description": f"by zeep, {port}", "CRMType": SUGAR, "ReturnID": "true"}
    added = api.succeed("CRMConfigurationAdd", about, {"CRMConfiguration": configuration, "CRMConfigurationCommon": {}})
    named = scope | {"CRMConfigurationID": values(added)["CRMConfigurationID"]}
    steps.append("add with a sealed password")
    for number in range(3):
        api.succeed("CRMConfigurationAdd", about | {"Description": f"another {number}, {port}"},
                    {"CRMConfiguration": {}, "CRMConfigurationCommon": {}})
    search = scope | {"SearchQuery": f", {port}", "Sort": "Description:DESC"}
    page = api.succeed("CRMConfigurationList", search, Offset=1, Limit=2)
    assert values(page) == {"Offset": "1", "Total": "4"}, page
    assert [values(row)["Description"] for row in page.Container] == [f"another 2, {port}", f"another 1, {port}"], page
    steps.append("list with search, sort and page")
    info = api.succeed("CRMConfigurationInfo", named)
    assert values(info)["Description"] == f"by zeep, {port}", info
    shown = {part.Name: values(part) for part in info.Container}["CRMConfiguration"]
    assert seal.open(api.key, "Password", shown["Password"]) == PLAIN and shown["UserName"] == "crm", shown
    steps.append("info, its password opened")
    api.succeed("CRMConfigurationChange", named | {"Description": f"changed, {port}", "ReturnID": "true"})
    assert values(api.succeed("CRMConfigurationInfo", named))["Description"] == f"changed, {port}"
    steps.append("change")
    assert api.succeed("CRMConfigurationDelete", named) is None
    api.fail(31003, "CRMConfigurationInfo", named)
    steps.append("delete")
    failures(api, client, port, about)
    steps.append("a failure of each family")
    faults(client, port)
    steps.append("two faults")
    assert api.succeed("Logout") is None
    steps.append("logout")
    return steps


def failures(api, client, port, about):
    parts = {"CRMConfiguration": {}, "CRMConfigurationCommon": {}}
    add = "CRMConfigurationAdd"
    # The directory comes behind the grants: only who may write everywhere is told what is not in it.
    admin = Api(client, port)
    admin.sign_in("admin")
    api.fail(10511, add, about | {"TelSysID": "999"}, parts)
    for code, properties, containers in [
        (10107, {name: value for name, value in about.items() if name != "Description"}, parts),
        (10108, about | {"Nothing": "of the kind"}, parts),
        (11012, about | {"TelSysID": "one"}, parts),
        (11013, about | {"TelSysID": "999"}, parts),
        (11131, about | {"PartIDInTelSys": "999"}, parts),
        (11161, about | {"DeviceNumber": "999"}, parts),
        (31000, about | {"Description": f"another 1, {port}"}, parts),
        (31005, about | {"CRMType": "Nobody.Has.It"}, parts),
        (31006, about, parts | {"CRMConfiguration": {"Password": "in clear"}}),
        (31007, about, parts | {"CRMConfigurationCommon": {"Nothing": "of the kind"}}),
    ]:
        admin.fail(code, add, properties, containers)
    api.fail(10313, "AccountList")
    viewer = Api(client, port)
    sign_in_without_key(viewer)
    viewer.fail(10515, add, about, parts)
    nobody = Api(client, port)
    nobody.fail(10301, "CRMConfigurationList")
    nobody.session = "0" * 32
    nobody.fail(10302, "CRMConfigurationList")
    nobody.session = values(nobody.succeed("CreateSession"))["SessionID"]
    nobody.fail(10305, "CRMConfigurationList")
    nobody.fail(10307, "Authenticate", {"UserName": "editor", "Password": "not this one"})


def sign_in_without_key(api):
    """A viewer is given no key."""
    api.session = values(api.succeed("CreateSession"))["SessionID"]
    assert api.succeed("Authenticate", {"UserName": "viewer", "Password": "demo-viewer"}) is None


def faults(client, port):
    """What is no request, and a header block that must be understood: zeep reads the faults."""
    service = client.bind("CRMConfigurationsService", port)
    binding, address = service._binding, service._binding_options["address"]
    envelope = client.create_message(service, "Execute", Operation="Logout", InvokeID="1")
    envelope[-1].append(copy.deepcopy(envelope[-1][0]))
    media = "text/xml" if port == "Soap11" else "application/soap+xml"
    reply = client.transport.post_xml(address, envelope, {"Content-Type": f"{media}; charset=utf-8"})
    fault = faulted(lambda: binding.process_reply(client, binding.get("Execute"), reply))
    assert [each.tag for each in fault.detail] == ["{urn:crmconf:api:1}Fail"], fault
    assert "10102" in "".join(fault.detail.itertext()), fault
    block = etree.Element("{urn:nobody}Security")
    block.set(f"{{{envelope.nsmap[envelope.prefix]}}}mustUnderstand", "1")
    fault = faulted(lambda: service.Execute(Operation="Logout", InvokeID="1", _soapheaders=[block]))
    assert fault.code.endswith("MustUnderstand"), fault.code


def faulted(call):
    try:
        call()
    except zeep.exceptions.Fault as fault:
        return fault
    raise AssertionError("no fault came")


def main(binary):
    with tempfile.TemporaryDirectory() as folder:
        certificates = Certificates(pathlib.Path(folder), "prime256v1")
        certificates.issue(1)
        for scheme in ["http", "https"]:
            with demo(binary, certificates if scheme == "https" else None) as url:
                session = requests.Session()
                # What the environment names for other servers would count before this.
                session.trust_env, session.verify = False, str(certificates.ca)
                transport = zeep.transports.Transport(session=session)
                client = zeep.Client(url + "/api/soap?wsdl", transport=transport)
                for port in ["Soap11", "Soap12"]:
                    steps = story(client, port)
                    print(f"zeep {zeep.__version__}, {port} over {scheme}: {len(steps)} steps ({'; '.join(steps)})")


if __name__ == "__main__":
    main(sys.argv[1])
