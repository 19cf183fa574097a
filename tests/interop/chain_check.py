#!/usr/bin/env python3
"""Shows that an auditor without our code can check the chain, and that the check notices and places every alteration.

    chain_check.py BINARY CHECKER

Fills two stores of `BINARY serve --demo` over raw HTTP until the journal is in its third file, stops them, and runs the
Python CHECKER: each must pass, and tell the same head as `BINARY verify` and journal/head. Then copies are altered: a
bit flipped, commits and files removed, swapped, or taken from the other store. Each must be refused with the place.

The same of what `BINARY export` prints: check_export.py beside CHECKER must find the same head in it, and every line that
was altered, left out or doubled; the few lines of Python in docs/export.md must find every event that was altered.
"""
import http.client
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
# Files hold 1 MiB, 2 MiB and so on: these fill two and begin a third.
ADDS = 17
VALUE_BYTES = 200_000
# What each commit begins with and how long it is: magic, format, store, number, first sequence, count of events, length
# of the body, time, previous hash, root of the events; then its hash, then the body.
HEADER = struct.Struct(">4sH16sQQIIq32s32s")
HASH_BYTES = 32

ADD = """<Request Operation="CRMConfigurationAdd"><InvokeID>1</InvokeID><SessionID>{session}</SessionID><OperationPayload>
<Property Name="TelSysID">1</Property><Property Name="Description">chain {number}</Property>
<Property Name="CRMType">CrmAddin.SugarCrm.SugarCrmAddin</Property>
<Container Name="CRMConfiguration"><Property Name="JSONData">{{"ClientId":"{value}"}}</Property></Container>
<Container Name="CRMConfigurationCommon"><Property Name="JSONData">{{"Cached":"true"}}</Property></Container>
</OperationPayload></Request>"""


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {"Content-Type": "text/xml; charset=utf-8"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def wait_until_ready(server, log, before=0):
    """Waits until the server answers; the port that it found, as told in its log, of which the first bytes are older."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"the server ended at its start with exit status {server.returncode}")
        told = re.search(rb"listening address=127\.0\.0\.1:(\d+)\n", log.read_bytes()[before:])
        try:
            if told is not None and ask(int(told.group(1)), "GET", "/readyz")[0] == 200:
                return int(told.group(1))
        except OSError:
            pass
        time.sleep(0.05)
    return sys.exit(f"the server was not ready after {START_SECONDS_MAX} s")


def send(port, what, body):
    status, text = ask(port, "POST", "/api/xml", body.encode())
    if status != 200 or 'Result="Success"' not in text:
        sys.exit(f"{what} was answered with {status}: {text}")
    return text


def fill(port):
    """Signs in and adds configurations."""
    created = send(port, "CreateSession", '<Request Operation="CreateSession"><InvokeID>1</InvokeID></Request>')
    session = re.search('Name="SessionID">([0-9A-F]{32})<', created).group(1)
    send(port, "Authenticate", f'<Request Operation="Authenticate"><InvokeID>1</InvokeID><SessionID>{session}</SessionID>'
         '<OperationPayload><Property Name="UserName">admin</Property><Property Name="Password">demo-admin</Property>'
         "</OperationPayload></Request>")
    for number in range(ADDS):
        send(port, "Add", ADD.format(session=session, number=number, value="x" * VALUE_BYTES))


def make_store(binary, data, log):
    command = [binary, "serve", "--demo", "--data", str(data), "--listen", "127.0.0.1:0"]
    with open(log, "wb") as output:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            fill(wait_until_ready(server, log))
            server.send_signal(signal.SIGTERM)
            if server.wait(STOP_SECONDS_MAX) != 0:
                sys.exit(f"the server stopped with exit status {server.returncode}, not 0")
        finally:
            if server.poll() is None:
                server.kill()
                server.wait()
            if sys.exc_info()[0] is not None:
                print(log.read_text(errors="replace")[-2000:])


def check(checker, data):
    return subprocess.run([sys.executable, checker, str(data)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60)


def verified(binary, data):
    ended = subprocess.run([binary, "verify", "--data", str(data)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           timeout=60)
    if ended.returncode != 0:
        sys.exit(f"verify refuses a store that nobody touched: {ended.stdout}{ended.stderr}")
    return ended.stdout


def flip(data, name, offset):
    path = data / "journal" / name
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x01
    path.write_bytes(content)


def commits(data):
    """The file, beginning and end of each commit, in order."""
    found = []
    for path in sorted((data / "journal").glob("*.crmj")):
        content, at = path.read_bytes(), 0
        while content[at:at + 4] == b"CRMC":
            end = at + HEADER.size + HASH_BYTES + HEADER.unpack_from(content, at)[6]
            found.append((path.name, at, end))
            at = end
    return found


def cut_out(data, place, close_up):
    """Takes a commit out of its file: what follows moves up, or zeros stand there."""
    name, start, end = place
    path = data / "journal" / name
    content = path.read_bytes()
    gap = b"\0" * (end - start)
    rest = content[end:] + gap if close_up else gap + content[end:]
    path.write_bytes(content[:start] + rest)


def swap(data, one, two):
    journal = data / "journal"
    (journal / one).rename(journal / "aside")
    (journal / two).rename(journal / one)
    (journal / "aside").rename(journal / two)


def alterations(data, other):
    """What is done to a copy: its name, the change, and the file and byte that the checker must name."""
    places = commits(data)
    names = sorted({name for name, _, _ in places})
    first, second, third = names
    middle = next(place for place in places if place[0] == second and place[1] > 0)
    last = places[-1]
    for name, start, end in (places[0], middle, last):
        for offset in (start, start + HEADER.size, start + HEADER.size + HASH_BYTES, (start + end) // 2, end - 1):
            yield f"a bit at {offset}", lambda copy, name=name, at=offset: flip(copy, name, at), (name, start)
    yield "the last commit removed", lambda copy: cut_out(copy, last, True), last
    yield "a middle commit removed", lambda copy: cut_out(copy, middle, True), middle
    yield "a middle commit zeroed", lambda copy: cut_out(copy, middle, False), middle
    yield "the first file removed", lambda copy: (copy / "journal" / first).unlink(), (first, None)
    yield "the second file removed", lambda copy: (copy / "journal" / second).unlink(), (second, None)
    ends = max(end for name, _, end in places if name == second)
    yield "the last file removed", lambda copy: (copy / "journal" / third).unlink(), (second, ends)
    yield "two files swapped", lambda copy: swap(copy, first, second), (first, 0)
    for text in ("", "x", "crmconf journal head v1\ncommit x\nsequence 1\nhash x\n"):
        yield f"journal/head of {len(text)} bytes", lambda copy, text=text: (copy / "journal/head").write_text(text), ("head", None)
    for name in names:
        yield ("a file of another store", lambda copy, name=name: shutil.copy(other / "journal" / name, copy / "journal"),
               (second, 0) if name == first else (name, 0))


def agree(binary, checker, data):
    """The checker, verify and journal/head tell one head."""
    whole = check(checker, data)
    print("untouched:", whole.stdout.strip() or whole.stderr.strip())
    if whole.returncode != 0:
        sys.exit("the checker refuses a store that nobody touched")
    heads = {
        "the checker": re.search(r"head ([\w-]{43})$", whole.stdout.strip()),
        "verify": re.search(r"^head hash ([\w-]{43})$", verified(binary, data), re.MULTILINE),
        "journal/head": re.search(r"^hash ([\w-]{43})$", (data / "journal/head").read_text(), re.MULTILINE),
    }
    if None in heads.values() or len({found.group(1) for found in heads.values()}) != 1:
        sys.exit(f"the heads differ, or are written differently: {heads}")


def read_lines(program, lines, *arguments):
    return subprocess.run([sys.executable, *program, *arguments], input=b"".join(lines), capture_output=True, timeout=60)


def exported(binary, data, *part):
    ended = subprocess.run([binary, "export", "--data", str(data), *part], stdin=subprocess.DEVNULL, capture_output=True,
                           timeout=60)
    if ended.returncode != 0 or ended.stderr:
        sys.exit(f"export: status {ended.returncode}, {ended.stderr.decode()}")
    return ended.stdout.splitlines(keepends=True)


def check_export(binary, docs, data):
    """The exported lines carry the chain, and both ways of reading them that are documented notice what was altered."""
    whole, few = [str(docs / "check_export.py")], ["-c", re.search(r"```python\n(.*?)```", (docs / "export.md").read_text(),
                                                                   re.DOTALL).group(1)]
    lines = exported(binary, data)
    head = re.search(r"^head hash ([\w-]{43})$", verified(binary, data), re.MULTILINE).group(1)
    read = read_lines(whole, lines)
    print("exported:", read.stdout.decode().strip() or read.stderr.decode().strip())
    if read.returncode != 0 or not read.stdout.decode().strip().endswith(f"head {head}"):
        sys.exit("check_export.py does not find the head that verify tells")
    if read_lines(few, lines).returncode != 0:
        sys.exit("the lines in docs/export.md refuse an export that nobody touched")
    last = len(lines) - 1
    for place in (0, 1, last // 2, last):
        changed = lines[place].replace(b'"body":{', b'"body":{ ', 1)
        otherwise = re.sub(rb'"time_us":(\d)', rb'"time_us":1\1', lines[place], count=1)
        for what, altered in (("body", lines[:place] + [changed] + lines[place + 1:]),
                              ("time", lines[:place] + [otherwise] + lines[place + 1:]),
                              ("line left out", lines[:place] + lines[place + 1:]),
                              ("line doubled", lines[:place + 1] + lines[place:])):
            # That the last line is missing is told by the head alone.
            seen = read_lines(whole, altered)
            if seen.returncode == 0 and head in seen.stdout.decode():
                sys.exit(f"line {place + 1}, {what}: not noticed by check_export.py")
            if what == "body" and read_lines(few, altered).returncode == 0:
                sys.exit(f"line {place + 1}, {what}: not noticed by the lines in docs/export.md")
    part = exported(binary, data, "--from", "3")
    if part != lines[2:] or read_lines(whole, part).returncode != 0:
        sys.exit("a part is not the same lines, or is refused")
    print(f"{len(lines)} exported lines carry the chain, and every alteration of them was noticed")


def main():
    binary, checker = sys.argv[1:]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="crmconf-chain-"))
    try:
        data, other, copy = folder / "data", folder / "other", folder / "copy"
        for store in (data, other):
            make_store(binary, store, folder / f"{store.name}.log")
            agree(binary, checker, store)
            check_export(binary, pathlib.Path(checker).parent, store)
        count = 0
        for name, alter, (file, at, *_) in alterations(data, other):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(data / "journal", copy / "journal")
            alter(copy)
            altered = check(checker, copy)
            place = f"{copy}/journal/{file}" + ("" if at is None else f", byte {at},")
            if altered.returncode == 0 or not altered.stderr.startswith(place):
                sys.exit(f"{name}: not refused with {place}: {altered.stdout}{altered.stderr}")
            print(f"{name}: {altered.stderr.strip()[len(str(copy)) + 1:]}")
            count += 1
        print(f"the chain holds over {len(commits(data))} commits, and all {count} alterations were noticed and placed")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
