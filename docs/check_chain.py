"""Checks a crmconf journal without crmconf's code: python3 check_chain.py DATA_FOLDER (needs PyPI's blake3)."""
import base64, pathlib, struct, sys
from blake3 import blake3
HEADER = struct.Struct(">4sH16sQQIIq32s32s")  # magic, format, store, number, first, count, body, time, previous, root

def derive(context, *parts):
    return blake3(b"".join(parts), derive_key_context=f"crmconf {context} v1").digest()

def root(leaves):  # RFC 6962's split: the left part is the largest power of two below the count
    half = 1 << (len(leaves) - 1).bit_length() - 1 if len(leaves) > 1 else 0
    return derive("node", root(leaves[:half]), root(leaves[half:])) if half else leaves[0]

def text(hash):
    return base64.urlsafe_b64encode(hash).rstrip(b"=").decode()

def check(folder):
    head = folder / "head"  # its last words: commit N sequence N hash H; read first, since a server may go on writing
    synced = head.read_text(errors="replace").split() if head.exists() else []
    if head.exists() and (len(synced) != 10 or not synced[-5].isdigit()):
        sys.exit(f"{head}: the file is damaged; without it the rest can be checked, but not that nothing is missing at the end")
    number, sequence, last, previous, home, files = 0, 1, None, None, None, sorted(folder.glob("*.crmj"))
    for n, file in enumerate(files or [folder / "none"], 1):
        file.name == f"{n:08}.crmj" or sys.exit(f"{folder / f'{n:08}.crmj'}: the file is missing")
    known, end = int(synced[-5]) if synced else 0, (files[0], 0)
    for file in files:
        data, at = file.read_bytes(), 0
        while any(data[at:at + 4096]) or any(data[at:]):
            try:
                magic, form, store, no, first, count, length, time, before, events = HEADER.unpack_from(data, at)
                assert (magic, form) == (b"CRMC", 1), "no commit begins here"
                own, body = data[at + HEADER.size:][:32], data[at + HEADER.size + 32:][:length]
                assert own == derive("commit", data[at:at + HEADER.size]), "the header does not have its hash"
                leaves, rest = [], body
                while rest:
                    size = struct.unpack(">I", rest[:4])[0]
                    assert len(rest) >= 4 + size, "an event's length leads out of the body"
                    leaves, rest = leaves + [derive("event", rest[4:4 + size])], rest[4 + size:]
                assert len(body) == length and len(leaves) == count and root(leaves) == events, "the events differ"
                assert (no, first) == (number + 1, sequence), "a commit or event is missing, or stands twice"
                assert before == (previous or derive("store", store)) and store == (home or store), "the chain is broken"
                assert last is None or time > last, "times do not rise"
                assert no != known or text(own) == synced[-1], "journal/head knows another commit of this number"
            except (AssertionError, struct.error) as fault:
                sys.exit(f"{file}, byte {at}, where commit {number + 1} should stand: {fault}")
            number, sequence, last, previous, home = no, first + count, time, own, store
            at += HEADER.size + 32 + length
            end = (file, at)
    if number < known:
        sys.exit(f"{end[0]}, byte {end[1]}, where commit {number + 1} should stand: journal/head knows commit {known}")
    print(f"{number} commits, {sequence - 1} events, head {text(previous or b'')}")
check(pathlib.Path(sys.argv[1]) / "journal")
