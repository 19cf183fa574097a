"""Runs a SOAP client's story against the demo's store: over HTTP and TLS, through each port of the WSDL.

    soap_client.py BINARY COMMAND…

COMMAND is started with three words more: the server's URL, the port of the WSDL (Soap11 or Soap12), and a file with the
certificate to trust (PEM; over HTTP it is of no use). It prints a line for each step, and fails where one fails.
"""
import pathlib
import subprocess
import sys
import tempfile

from demo import demo
from tls import Certificates

STEPS = [
    "create session, authenticate",
    "add with a sealed password",
    "list with search, sort and page",
    "info, its password opened",
    "change",
    "delete",
    "a failure of each family",
    "two faults",
    "logout",
]
STORY_SECONDS_MAX = 300


def main(binary, *command):
    with tempfile.TemporaryDirectory() as folder:
        certificates = Certificates(pathlib.Path(folder), "prime256v1")
        certificates.issue(1)
        for scheme in ["http", "https"]:
            with demo(binary, certificates if scheme == "https" else None) as url:
                for port in ["Soap11", "Soap12"]:
                    words = [*command, url, port, str(certificates.ca)]
                    ran = subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=STORY_SECONDS_MAX)
                    assert ran.returncode == 0, f"{words}: exit status {ran.returncode}\n{ran.stdout}"
                    steps = ran.stdout.splitlines()
                    assert steps == STEPS, steps
                    print(f"{port} over {scheme}: {len(steps)} steps ({'; '.join(steps)})")


if __name__ == "__main__":
    main(*sys.argv[1:])
