"""Checks the lines of `crmconf export` without crmconf's code: crmconf export --data DIR | python3 check_export.py

Makes every event's hash again from its stored bytes; of a whole export (no --from) also every commit's, and so the chain
(needs PyPI's blake3). --until with a sequence may cut the last commit; cut it by a time."""
import base64, datetime, itertools, json, struct, sys
from blake3 import blake3

def derive(context, *parts):
    return blake3(b"".join(parts), derive_key_context=f"crmconf {context} v1").digest()

def root(leaves):  # RFC 6962's split: the left part is the largest power of two below the count
    half = 1 << (len(leaves) - 1).bit_length() - 1 if len(leaves) > 1 else 0
    return derive("node", root(leaves[:half]), root(leaves[half:])) if half else leaves[0]

def text(hash):
    return base64.urlsafe_b64encode(hash).rstrip(b"=").decode()

def events(lines):
    for number, line in enumerate(lines, 1):
        stored = line[line.index(b',"event":') + len(b',"event":'):-len(b"}\n")]  # the event's bytes as the log holds them
        told, leaf = json.loads(line), derive("event", stored)
        text(leaf) == told["event_hash"] or sys.exit(f"line {number}: event {told['sequence']} does not have its hash")
        yield told, leaf, len(stored)

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
store = previous = sequence = None
count = 0
for commit, group in itertools.groupby(events(sys.stdin.buffer), lambda event: event[0]["commit"]):
    group = list(group)
    first, leaves = group[0][0], [leaf for _, leaf, _ in group]
    sequences = [told["sequence"] for told, _, _ in group]
    start = first["sequence"] if sequence is None else sequence + 1
    sequences == list(range(start, start + len(group))) or sys.exit(f"commit {commit}: an event is missing, or stands twice")
    times = {(told["time"], told["time_us"], told["commit_hash"]) for told, _, _ in group}
    moment = (EPOCH + datetime.timedelta(microseconds=first["time_us"])).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    (len(times) == 1 and first["time"] == moment) or sys.exit(f"commit {commit}: its lines tell different times or hashes")
    if sequences[0] == 1:
        store = base64.urlsafe_b64decode(first["event"]["body"]["store"] + "==")
        previous = derive("store", store)
    if store:
        body = sum(4 + size for _, _, size in group)
        header = struct.pack(">4sH16sQQIIq32s32s", b"CRMC", 1, store, commit, sequences[0], len(group), body,
                             first["time_us"], previous, root(leaves))
        previous = derive("commit", header)
        text(previous) == first["commit_hash"] or sys.exit(
            f"commit {commit} does not have its hash: it, or one before it, was changed or cut")
    count, sequence = count + 1, sequences[-1]
print(f"{count} commits up to event {sequence}",
      f"head {text(previous)}" if store else "(begins within the log: its events were checked, not the chain)")
