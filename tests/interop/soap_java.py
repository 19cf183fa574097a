#!/usr/bin/env python3
"""The whole story of a configuration through JAX-WS, with the types that wsimport makes of the served WSDL: SOAP 1.1
and 1.2, HTTP and TLS.

    soap_java.py BINARY        (needs a JDK, Debian's jaxws, and cryptography)

What is generated lies in a folder that goes away.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

import sealing_lines
import soap_client
from demo import demo

SOURCES = pathlib.Path(__file__).resolve().parent / "java"
# Its manifest names all that it needs.
RUNTIME = "/usr/share/java/jaxws-rt.jar"
# Debian's SAAJ, which else warns at every message that it was found by an old name.
SAAJ = "-Djavax.xml.soap.SAAJMetaFactory=com.sun.xml.messaging.saaj.soap.SAAJMetaFactoryImpl"
TOOL_SECONDS_MAX = 300


def tool(*words, **environment):
    ran = subprocess.run([*map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         env=os.environ | environment, timeout=TOOL_SECONDS_MAX)
    assert ran.returncode == 0, f"{words}: exit status {ran.returncode}\n{ran.stdout}"
    return ran.stdout


def generated(url, classes, options=""):
    """Makes the types of the served WSDL, compiled; it has SOAP 1.2, which wsimport calls an extension."""
    classes.mkdir()
    tool("wsimport", "-quiet", "-extension", "-p", "crmconf.api", "-d", classes, f"{url}/api/soap?wsdl",
         WSIMPORT_OPTS=options)


def compiled(classes, *sources):
    tool("javac", "-encoding", "UTF-8", "-cp", f"{classes}:{RUNTIME}", "-d", classes, *sources)


def main(binary):
    with tempfile.TemporaryDirectory(prefix="crmconf-java-") as folder:
        classes = pathlib.Path(folder, "classes")
        with demo(binary) as url:
            generated(url, classes)
        compiled(classes, *sorted(SOURCES.glob("*.java")))
        command = ["java", SAAJ, "-cp", f"{classes}:{RUNTIME}"]
        sealing_lines.main(*command, "SivLines")
        soap_client.main(binary, *command, "Story")


if __name__ == "__main__":
    main(sys.argv[1])
