#!/usr/bin/env python3
"""Holds an implementation of password fields in transit, in a process that answers line by line, to the vectors and to
cryptography.

    sealing_lines.py COMMAND…        (needs cryptography)

A question is a line of four words, the last three in hexadecimal: `seal KEY FIELD TEXT`, `open KEY FIELD VALUE`,
`siv KEY STRING,STRING… TEXT`, `unsiv KEY STRING,STRING… OUTPUT`. An answer is `ok` and one such word, or `refused`.
"""
import base64
import subprocess
import sys

from sealing import Python, check_vectors, seeded, some_text

ROUNDS = 200


class Lines:
    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="ascii"
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0

    def ask(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().rstrip("\n").split(" ")
        assert answer[0] in ("ok", "refused"), answer
        return answer[1] if answer[0] == "ok" else None

    def texts(self, do, *texts):
        answer = self.ask(do, *(text.encode("utf-8").hex() for text in texts))
        return answer if answer is None else bytes.fromhex(answer).decode("utf-8")

    def seal(self, key, field, plain):
        return self.texts("seal", key, field, plain)

    def open(self, key, field, value):
        return self.texts("open", key, field, value)

    def siv(self, key, associated, plain):
        output = self.ask("siv", key, ",".join(associated), plain)
        assert self.ask("unsiv", key, ",".join(associated), output) == plain
        return output


def cross(chance, end, python):
    """Texts of every length through both, and values that no one may open."""
    for length in range(ROUNDS):
        key = base64.b64encode(chance.randbytes(64)).decode("ascii")
        field, plain = some_text(chance, 1), (some_text(chance) * length)[:length]
        value = python.seal(key, field, plain)
        assert end.seal(key, field, plain) == value and end.open(key, field, value) == plain, (key, field, plain)
        at = chance.randrange(len("enc:v1:"), len(value) - 1)
        altered = value[:at] + ("B" if value[at] == "A" else "A") + value[at + 1:]
        other = base64.b64encode(chance.randbytes(64)).decode("ascii")
        for wrong in [(key, field, altered), (key, field + ".", value), (other, field, value), (key, field, value[7:]),
                      (key, field, "enc:v1:AAAA"), (key, field, "enc:v1:"), (key, field, "enc:v1:!" + value[8:])]:
            assert end.open(*wrong) is None, wrong


def main(*command):
    with Lines(command) as end:
        count = check_vectors(end)
        cross(seeded("lines"), end, Python())
    print(f"{command[-1]}: {count} vectors, and {ROUNDS} texts as by cryptography")


if __name__ == "__main__":
    main(*sys.argv[1:])
