"""The two other ends of password fields in transit, as docs/api.md shows them: Python's cryptography and noble in Node.

Both run the page's own code, word for word: what its readers copy is what is tested.
"""

import json
import pathlib
import random
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = json.loads((ROOT / "tests" / "fixtures" / "transit" / "vectors.json").read_text(encoding="utf-8"))
# What texts are made of: what XML, JSON and base64url each have to do something about, and every length of UTF-8.
CHARACTERS = "aZ09 -_=+/&<>\"'\\]\t\n\r\u00df\u0301\u20ac\u2028\ufeff\ufffd\U0001f511\U0010fffd"


def example(language):
    """The block of code in that language which defines how to seal and to open."""
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    found = [block for block in blocks if re.search(r"\b(def|function) seal\(", block)]
    assert len(found) == 1, f"docs/api.md has {len(found)} examples in {language}"
    return found[0]


class Python:
    """The example of the page for Python."""

    name = "cryptography"

    def __init__(self):
        self.words = {"__name__": "example"}
        exec(compile(example("python"), "docs/api.md", "exec"), self.words)

    def seal(self, key, field, plain):
        return self.words["seal"](key, field, plain)

    def open(self, key, field, value):
        return self.words["open_sealed"](key, field, value)

    def refuses(self, key, field, value):
        from cryptography.exceptions import InvalidTag

        try:
            self.open(key, field, value)
        except InvalidTag:
            return True
        return False

    def siv(self, key, associated, plain):
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        siv, associated, plain = AESSIV(bytes.fromhex(key)), list(map(bytes.fromhex, associated)), bytes.fromhex(plain)
        output = siv.encrypt(plain, associated)
        assert siv.decrypt(output, associated) == plain
        return output.hex()


class Noble:
    """The example of the page for JavaScript, in a process that transit.mjs answers from."""

    name = "noble"

    def __init__(self, modules, folder):
        # A module finds its libraries from where it lies.
        folder = pathlib.Path(folder)
        (folder / "node_modules").symlink_to(pathlib.Path(modules).resolve() / "node_modules")
        (folder / "example.mjs").write_text(example("js"), encoding="utf-8")
        driver = (ROOT / "tests" / "interop" / "transit.mjs").read_text(encoding="utf-8")
        (folder / "transit.mjs").write_text(driver, encoding="utf-8")
        self.process = subprocess.Popen(
            ["node", str(folder / "transit.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            encoding="ascii",
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0

    def ask(self, **asked):
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "node has ended"
        return json.loads(answer)

    def seal(self, key, field, plain):
        return self.ask(do="seal", key=key, field=field, plain=plain)["value"]

    def open(self, key, field, value):
        return self.ask(do="open", key=key, field=field, value=value)["plain"]

    def refuses(self, key, field, value):
        return "error" in self.ask(do="open", key=key, field=field, value=value)

    def siv(self, key, associated, plain):
        return self.ask(do="siv", key=key, associated=associated, plain=plain)["output"]


def check_vectors(end):
    """Holds one end to RFC 5297's vectors and to the recorded values; returns how many there were."""
    for vector in VECTORS["rfc5297"]:
        assert end.siv(vector["key"], vector["associated"], vector["plain"]) == vector["output"], vector["name"]
    for vector in VECTORS["sealed"]:
        key, field, plain, value = (vector[name] for name in ["key", "field", "plain", "value"])
        assert end.seal(key, field, plain) == value, vector
        assert end.open(key, field, value) == plain, vector
    return len(VECTORS["rfc5297"]) + len(VECTORS["sealed"])


def some_text(chance, shortest=0):
    return "".join(chance.choices(CHARACTERS, k=chance.randint(shortest, 40)))


def some_fields(chance, count):
    """Password fields by name: names that XML and JSON have to escape among them, and no line ends, which an attribute
    of the answer does not keep by itself."""
    name = lambda number: f"P{number}" + some_text(chance).translate(dict.fromkeys(map(ord, "\t\n\r")))
    return {name(number): some_text(chance) for number in range(count)}


def seeded(seed):
    return random.Random(f"transit {seed}")
