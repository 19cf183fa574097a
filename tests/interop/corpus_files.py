"""The files of the corpus of the contract, read as strictly as tests/corpus/README.md describes them."""

import json
import re

WAYS = ["xml", "xml-namespace", "soap11", "soap12"]
CHAPTER_MEMBERS = {"title", "section", "accounts", "setup", "cases"}
CASE_MEMBERS = {"name", "rule", "status", "headers", "http", "as_it_stands", "at_most"}
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


class Wrong(Exception):
    """The files are not as the README says; nothing is run."""


class Case:
    def __init__(self, folder, told):
        check_members(told, CASE_MEMBERS, {"name", "rule"}, folder.name)
        self.name, self.rule = told["name"], told["rule"]
        where = f"{folder.name}/{self.name}"
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", self.name) or not self.rule.strip():
            raise Wrong(f"{where}: a name is of a-z, 0-9 and -, and a rule is a sentence")
        self.http = told.get("http", {})
        check_members(self.http, HTTP_MEMBERS, set(), where)
        self.status, self.headers = told.get("status", 200), told.get("headers", {})
        self.at_most = told.get("at_most", 1)
        self.one_way = bool({"status", "http", "as_it_stands"} & told.keys())
        if told.get("as_it_stands", True) is not True:
            raise Wrong(f"{where}: as_it_stands is true or absent")
        self.request = file_text(folder / f"{self.name}.request.xml")
        self.response = file_text(folder / f"{self.name}.response.xml")
        if self.response is None or (self.request is None and "http" not in told):
            raise Wrong(f"{where}: it lacks its response, or its request")

    def asked(self):
        """What of the case is sent."""
        headers = self.http.get("headers", {})
        return [self.request or "", self.http.get("path", ""), self.http.get("content_type", ""), *headers.values()]


class Chapter:
    def __init__(self, folder, accounts):
        told = json.loads((folder / "chapter.json").read_text(encoding="utf-8"), object_pairs_hook=once)
        check_members(told, CHAPTER_MEMBERS, {"title", "section", "cases"}, folder.name)
        self.name, self.setup, self.accounts = folder.name, told.get("setup"), told.get("accounts", [])
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
            where, given = f"{self.name}/{case.name} ({way})", set()
            for text in case.asked():
                for inner in placeholders(text, where):
                    check_used(inner, names, where)
            for text in [case.response, *case.headers.values()]:
                for inner in placeholders(text, where):
                    if naming := re.fullmatch(rf"({NAME})?=(.*)", inner):
                        given |= {naming[1]} if naming[1] else set()
                        inner = naming[2]
                        if inner in KINDS:
                            continue
                    check_used(inner, names | given, where, in_response=True)
            names |= given


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


def check_used(inner, names, where, in_response=False):
    """A placeholder that stands for a value, or in a response for a condition on one."""
    if re.fullmatch(r"repeat:[0-9]+:.*", inner, re.DOTALL):
        return
    forms = [rf"({NAME})", rf"seal:({NAME}):[^:]+:.*"]
    forms += [rf"after:({NAME})", rf"opens:({NAME}):[^:]+:.*"] if in_response else []
    found = [match[1] for form in forms if (match := re.fullmatch(form, inner, re.DOTALL))]
    if not found:
        raise Wrong(f"{where}: unknown placeholder {{{{{inner}}}}}")
    if found[0] not in names:
        raise Wrong(f"{where}: nothing has the name {found[0]}")
