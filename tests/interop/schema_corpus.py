"""The requests and responses of the corpus as documents: its placeholders filled with samples."""

import json
import pathlib
import re
from xml.etree import ElementTree

from corpus_files import PLACEHOLDER, Chapter, read

CORPUS = pathlib.Path(__file__).resolve().parents[1] / "corpus"
ACCOUNTS = dict.fromkeys(["admin", "editor", "client", "viewer", "auditor"], "")
SAMPLES = json.loads((CORPUS / "samples.json").read_text(encoding="utf-8")) | {"run": "7f3a90c1"}
KINDS = {
    "session": "5E4924352BA7E2038339957559C2DA75", "nonce": "5e4924352ba7e2038339957559c2da75", "key": "A" * 86 + "==",
    "configuration": "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e", "account": "J8rJXhmXdrvXdU8Gv4Zg0w",
    "masterkey": "498136b7272a2c3f", "version": "61", "count": "9", "message": "Why.", "text": "",
    "after": "62", "beyond": "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776d",
}
OURS = re.compile(r"<((?:[a-z]+:)?(?:Request|Response|Fail))\b.*</\1\s*>", re.DOTALL)


def filled(text):
    def one(found):
        inner = found[1]
        if inner.startswith("repeat:"):
            _, count, repeated = inner.split(":", 2)
            return int(count) * repeated
        if inner.startswith(("seal:", "opens:")):
            return "enc:v1:AAAAAAAAAAAAAAAAAAAAAA"
        asked = read(inner)
        if asked.gives or not asked.asks:
            return SAMPLES[asked.gives or asked.needs]
        kind, _, text = asked.asks.partition(":")
        return KINDS[kind] + text if kind == "message" else KINDS[kind]

    return PLACEHOLDER.sub(one, text)


def well_formed(text):
    try:
        ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return False
    return True


def cases():
    """Each case's name, the case, its request and its response; None for what is no well-formed document of ours."""
    for folder in sorted(path.parent for path in CORPUS.glob("*/chapter.json")):
        for case in Chapter(folder, ACCOUNTS).cases:
            found = [OURS.search(filled(text or "")) for text in [case.request, case.response]]
            documents = [match and well_formed(match[0]) and match[0] for match in found]
            yield f"{folder.name}/{case.name}", case, *[document or None for document in documents]
