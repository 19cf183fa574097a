"""The files of the corpus of the contract, read as strictly as tests/corpus/README.md describes them."""

import json
import re
import typing

WAYS = ["xml", "xml-namespace", "soap11", "soap12"]
CHAPTER_MEMBERS = {"title", "section", "accounts", "setup", "cases"}
CASE_MEMBERS = {"name", "rule", "status", "headers", "http", "as_it_stands", "at_most", "guard"}
HTTP_MEMBERS = {"method", "path", "content_type", "headers"}
PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
NAME = r"[A-Za-z][A-Za-z0-9_.-]*"
HEXADECIMAL = r"-?[1-9a-f][0-9a-f]*|0"
KINDS = {
    "session": r"[0-9A-F]{32}", "nonce": r"[0-9a-f]{32}", "key": r"[A-Za-z0-9+/]{86}==",
    "configuration": rf"[0-9a-f]{{16}}:(?:{HEXADECIMAL}):[1-9a-f][0-9a-f]*:(?:{HEXADECIMAL})",
    "account": r"[A-Za-z0-9_-]{22}", "masterkey": r"[0-9a-f]{16}", "version": r"[1-9][0-9]*",
    "count": r"0|[1-9][0-9]*", "message": r".+", "text": r".*",
}
AT_MOST_MAX = 100


class Wrong(Exception):
    """The files are not as the README says; nothing is run."""


class Case:
    def __init__(self, folder, told):
        check_members(told, CASE_MEMBERS, {"name", "rule"}, folder.name)
        self.name, self.rule = told["name"], told["rule"]
        self.where = where = f"{folder.name}/{self.name}"
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", self.name) or not self.rule.strip():
            raise Wrong(f"{where}: a name is of a-z, 0-9 and -, and a rule is a sentence")
        self.http = told.get("http", {})
        check_members(self.http, HTTP_MEMBERS, set(), where)
        self.status, self.headers = told.get("status", 200), told.get("headers", {})
        self.at_most = told.get("at_most", 1)
        self.one_way = bool({"status", "http", "as_it_stands"} & told.keys())
        self.guard = "guard" in told
        if any(told.get(flag, True) is not True for flag in ["as_it_stands", "guard"]):
            raise Wrong(f"{where}: as_it_stands and guard are true or absent")
        if self.at_most not in range(1, AT_MOST_MAX + 1):
            raise Wrong(f"{where}: at_most is a number from 1 to {AT_MOST_MAX}")
        self.request = file_text(folder / f"{self.name}.request.xml")
        self.response = file_text(folder / f"{self.name}.response.xml")
        if self.response is None or (self.request is None and "http" not in told):
            raise Wrong(f"{where}: it lacks its response, or its request")

    def asked(self):
        """What of the case is sent."""
        headers = self.http.get("headers", {})
        return [self.request or "", self.http.get("path", ""), self.http.get("content_type", ""), *headers.values()]

    def expected(self):
        """What is held against the answer."""
        return [self.response, *self.headers.values()]

    def names(self):
        """The names that must have values before the case is sent, and those that it gives."""
        needed, given = set(), set()
        for in_response, texts in enumerate([self.asked(), self.expected()]):
            for inner in [inner for text in texts for inner in placeholders(text, self.where)]:
                if (found := read(inner, in_response)) is None:
                    raise Wrong(f"{self.where}: unknown placeholder {{{{{inner}}}}}")
                needed |= {found.needs} - given
                given |= {found.gives}
        return needed - {None}, given - {None}


class Chapter:
    def __init__(self, folder, accounts):
        if not (folder / "chapter.json").exists():
            raise Wrong(f"{folder.name}: a folder without chapter.json")
        told = json.loads((folder / "chapter.json").read_text(encoding="utf-8"), object_pairs_hook=once)
        check_members(told, CHAPTER_MEMBERS, {"title", "section", "cases"}, folder.name)
        self.name, self.setup, self.accounts = folder.name, told.get("setup"), told.get("accounts", [])
        self.called = re.sub("^[0-9]+-", "", self.name)
        self.cases = [Case(folder, case) for case in told["cases"]]
        names = [case.name for case in self.cases]
        if len(set(names)) != len(names) or not set(self.accounts) <= accounts.keys():
            raise Wrong(f"{folder.name}: a case stands there twice, or an account is unknown")
        files = {f"{name}.{part}.xml" for name in names for part in ["request", "response"]} | {"chapter.json"}
        # A folder there holds what the chapter's setup needs.
        if stray := {path.name for path in folder.iterdir() if path.is_file()} - files:
            raise Wrong(f"{folder.name}: no case has {sorted(stray)}")
        for way in WAYS:
            self.check_placeholders(way, accounts)

    def in_way(self, way):
        return [case for case in self.cases if way == "xml" or not case.one_way]

    def check_placeholders(self, way, accounts):
        """Every placeholder is one, and every name stands for something where it is used."""
        names = {"run", "telsys"} | {f"{account}.{what}" for account in accounts for what in ["user", "password"]}
        names |= {f"{account}.{what}" for account in self.accounts for what in ["session", "key"]}
        for case in self.in_way(way):
            needed, given = case.names()
            if unknown := needed - names:
                raise Wrong(f"{case.where} ({way}): nothing has the names {sorted(unknown)}")
            names |= given


def chapters(corpus, accounts):
    """The chapters in a folder, in the order of their names."""
    all_of_them = [Chapter(path, accounts) for path in sorted(corpus.iterdir()) if path.is_dir()]
    called = [chapter.called for chapter in all_of_them]
    if twice := {name for name in called if called.count(name) > 1}:
        raise Wrong(f"two chapters have the names {sorted(twice)}, their numbers aside")
    return all_of_them


def once(pairs):
    if len(dict(pairs)) != len(pairs):
        raise Wrong(f"a member stands there twice: {[name for name, _ in pairs]}")
    return dict(pairs)


def check_members(told, known, needed, where):
    if not isinstance(told, dict) or not needed <= told.keys() <= known:
        raise Wrong(f"{where}: members are missing or unknown: {sorted(told)}")


def file_text(path):
    return path.read_bytes().decode("utf-8") if path.exists() else None


def placeholders(text, where):
    if "{{" in PLACEHOLDER.sub("", text):
        raise Wrong(f"{where}: a placeholder does not end")
    return PLACEHOLDER.findall(text)


class Placeholder(typing.NamedTuple):
    """What one asks for, the name that it gives to what came, and the name whose value it needs."""

    asks: str
    gives: str | None = None
    needs: str | None = None


def read(inner, in_response=True):
    """A placeholder; None where it is none."""
    if match := re.fullmatch(rf"{NAME}|repeat:[0-9]+:.*|seal:({NAME}):[^:]+:.*", inner, re.DOTALL):
        return Placeholder("", None, match[1] or (inner if ":" not in inner else None))
    if not in_response:
        return None
    if match := re.fullmatch(rf"opens:({NAME}):[^:]+:.*", inner, re.DOTALL):
        return Placeholder(inner, None, match[1])
    if match := re.fullmatch(rf"(?:({NAME})?=)?((?:after|beyond):({NAME}))", inner):
        return Placeholder(match[2], match[1], match[3])
    match = re.fullmatch(rf"({NAME})?=({'|'.join(KINDS)}|message:.+)", inner, re.DOTALL)
    return match and Placeholder(match[2], match[1])
