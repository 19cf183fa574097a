"""Runs every command of the operator's guide, top to bottom in one shell, against the release binary.

    guide.py BINARY

The guide's own words are run as they stand: what is given from here are places in a folder of its own and free ports,
which is what the guide's first commands ask its reader for. A command that fails fails the test, with its block.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

from demo import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "operations.md"
# All of it takes some seconds; this is for a machine that is busy with something else.
TIMEOUT_S = 300


def blocks(text):
    """The guide's shell blocks, each with the number of its first line."""
    for match in re.finditer(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        yield text.count("\n", 0, match.start()) + 2, match.group(1)


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    found = list(blocks(GUIDE.read_text(encoding="utf-8")))
    assert len(found) > 10, "the guide's commands were not found"
    script = "set -euo pipefail\n"
    for line, block in found:
        script += f"echo '== operations.md, line {line}'\n{block}"
    script += "echo '== the end'\n"
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        # The guide installs target/release/crmconf of the folder it is read in.
        (home / "target" / "release").mkdir(parents=True)
        (home / "target" / "release" / "crmconf").symlink_to(binary)
        places = {name: str(home / name.lower()) for name in ["PREFIX", "CONF", "LOGS", "BACKUP"]}
        places["DATA"] = str(home / "lib" / "store")
        places["LISTEN"] = f"127.0.0.1:{free_port()}"
        places["METRICS"] = f"127.0.0.1:{free_port()}"
        kept = {name: os.environ[name] for name in ["PATH", "HOME", "LANG"] if name in os.environ}
        shell = subprocess.Popen(
            ["bash", "-c", script],
            cwd=home, env=kept | places, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )
        try:
            output, _ = shell.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            output = "it did not end in time"
        finally:
            # The server that the guide started is in the shell's session, whatever became of the shell.
            try:
                os.killpg(shell.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if shell.returncode != 0 or not output.endswith("== the end\n"):
            log = home / "logs" / "server.log"
            told = log.read_text()[-2000:] if log.exists() else ""
            sys.exit(f"{output}\nthe guide's commands fail, exit status {shell.returncode}\n{told}")
    print(f"{len(found)} blocks of the operator's guide ran as they stand")


main()
