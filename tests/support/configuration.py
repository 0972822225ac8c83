"""Asterisk's configuration, parsed: what its contexts run, and the doors that need no password.

What is not understood becomes a way out of its own: support.reach fails then, it does not guess.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

Pairs = list[tuple[str, str]]
# Variables that say where somebody on the line may go.
LEADING = re.compile(r"_*(\w*CONTEXT|GOTO_ON_\w+|DYNAMIC_FEATURES\w*|\w+TRANSFER)")
READ = {"asterisk.conf", "extensions.conf", "sip.conf", "pjsip.conf", "voicemail.conf",
        "modules.conf", "manager.conf", "extconfig.conf"}  # fmt: skip
# Neither lets anybody in nor dials.
HARMLESS = {"cdr.conf", "cdr_sqlite3_custom.conf", "dnsmgr.conf", "indications.conf",
            "logger.conf", "musiconhold.conf", "res_config_sqlite3.conf", "rtp.conf"}  # fmt: skip
MODULES = re.compile(
    r"chan_(?!sip\b|pjsip\b)|pbx_(?!config\b)|res_(ari|agi|ael|clioriginate|manager|parking)"
    r"|res_pjsip_(messaging|endpoint_identifier_anonymous|config_wizard)"
)
# What is wrong in itself, wherever it stands in a file: options (and their values).
DOUBTS = {
    "modules.conf": re.compile(rf"autoload=(?!no$)|(?!noload).*(load|require)=({MODULES.pattern})"),
    "asterisk.conf": re.compile(r"(?!astdbdir=)"),
    "manager.conf": re.compile(r"(?!enabled=no$)"),
    "extconfig.conf": re.compile(r"extensions|sip|ps_|voicemail|\S+\.conf"),
    "pjsip.conf": re.compile(
        r"redirect_method=uri_pjsip"
        r"|type=(?!(system|global|transport|endpoint|auth|aor|registration|identify)$)"
    ),
}
# Why somebody is let in who has given no password, and comes from anywhere.
BY_NAME = "whoever writes this name is let in"


class Way(NamedTuple):
    """A way from a door to the outside, or to where the proof ends."""

    door: str
    path: tuple[str, ...]
    line: str
    why: str


def closed(text: str) -> str:
    """Return the beginning of a text up to the bracket that closes its first."""
    depth = 0
    for index, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if depth <= 0:
            return text[: index + 1]
    raise ValueError(f"unbalanced brackets: {text}")


def split(text: str, separator: str) -> list[str]:
    """Return the parts between separators that stand in no brackets."""
    parts, at = [""], 0
    while at < len(text):
        piece = closed(text[at:]) if text[at] in "([{" else text[at]
        if piece == separator:
            parts.append("")
        else:
            parts[-1] += piece
        at += len(piece)
    return [part.strip() for part in parts]


def branches(text: str) -> tuple[str, list[str]]:
    """Return a condition, and what is done if it is true, and if not."""
    condition, *rest = split(text, "?")
    return condition, split("?".join(rest), ":")


def calls(text: str) -> Iterator[tuple[str, str]]:
    """Yield the applications of a line, each with its arguments; a condition is one, too."""
    name, _, rest = text.strip().partition("(")
    application, arguments = name.strip().lower(), rest.rpartition(")")[0]
    if application in ("execif", "execiftime", "gotoif", "gotoiftime", "gosubif"):
        condition, choices = branches(arguments)
        yield "condition", condition
        for choice in choices:
            yield from calls(choice) if application[0] == "e" else [("goto", choice)]
    else:
        yield application, arguments


class Configuration:
    """The configuration, parsed, and who comes in by it without a password."""

    def __init__(self, config: Mapping[str, str]) -> None:
        """Read all the files; what is not understood becomes a way out of its own."""
        self.config = config
        self.ways: list[Way] = []
        self.phones: set[str] = set()
        self.values: dict[str, set[str]] = defaultdict(set)
        self.contexts: dict[str, Pairs] = defaultdict(list)
        for file in config.keys() - READ - HARMLESS:
            self._doubt(file, "", "a file that the proof does not know")
        for file, doubtful in DOUBTS.items():
            for name, pairs in self._sections(file):
                for option in (f"{key.lower()}={value.lower()}" for key, value in pairs):
                    if doubtful.match(option):
                        self._doubt(f"{file} [{name}]", option, "another door")
        for name, pairs in self._sections("extensions.conf"):
            for key, value in pairs:
                if name == "globals":
                    self.values[key].add(value)
                elif name != "general":
                    self.contexts[name].append((key.lower(), value))
        for context in self.contexts:
            for _, application, arguments in self.calls(context):
                self._remember(application, arguments)
        self.doors = dict.fromkeys([*self._sip(), *self._pjsip(), *self._voicemail()])

    def _doubt(self, door: str, line: str, why: str) -> None:
        self.ways.append(Way(door, (), line, why))

    def _sections(self, file: str) -> list[tuple[str, Pairs]]:
        found: list[tuple[str, Pairs]] = []
        for raw in self.config.get(file, "").splitlines():
            line = re.sub(r"(?<!\\);.*", "", raw).strip()
            header = re.fullmatch(r"\[([^\[\]]+)\](\(\+\))?", line)
            key, equals, value = line.partition("=")
            if header:
                found.append((header[1], []))
            elif equals and found and line[0] not in "#[":
                found[-1][1].append((key.strip(), value.removeprefix(">").strip()))
            elif line:
                self._doubt(file, line, "a line that the proof does not understand")
            if re.search(r";--(?!-)", raw):
                self._doubt(file, raw, "a comment of several lines")
        return found

    def calls(self, context: str) -> Iterator[tuple[str, str, str]]:
        """Yield what a context runs: the line, an application, its arguments."""
        for key, value in self.contexts.get(context, []):
            fields = value.split(",", 2 if key == "exten" else 1)
            if key in ("exten", "same") and fields[-2:][0].strip() != "hint":
                try:
                    yield from ((value, *call) for call in calls(fields[-1]))
                except ValueError as error:
                    yield value, str(error), ""

    def _remember(self, application: str, arguments: str) -> None:
        """Keep which values a variable may have; its name means the same in every context."""
        name, _, value = arguments.partition("=")
        if application == "set":
            bare = re.sub(r"^\w+\((\w+)(?:,.*)?\)$", r"\1", name.strip())
            self.values[bare.lstrip("_")].add(value.strip())
            if LEADING.fullmatch(bare) and bare.startswith("_"):
                self._doubt("the other end of a call", arguments, "inherits where it may go")
        elif application == "read":
            self.values[arguments.split(",")[0]].add("${}")

    def _sip(self) -> Iterator[tuple[str, str]]:
        sections = [(name, _lower(pairs)) for name, pairs in self._sections("sip.conf")]
        general = next((dict(pairs) for name, pairs in sections if name == "general"), {})
        default = general.get("context", "default")
        guests = general.get("allowguest", "yes") != "no"
        if sections and (guests or general.get("autocreatepeer", "no") != "no"):
            yield "a guest (sip.conf)", default
        for name, pairs in sections:
            options = {"context": default, **dict(pairs)}
            secret = options.get("secret", "") or options.get("md5secret", "")
            stranger = not secret or "invite" in options.get("insecure", "")
            if name == "general":
                del options["context"]  # where guests come
            elif not stranger and options.get("host") == "dynamic":
                self.phones.add(f"SIP/{name}")
            # A peer is known by its address, others by their From; who registers says his address.
            if name != "general" and (
                (stranger and options.get("type") != "peer")
                or (not secret and options.get("host") == "dynamic")
            ):
                self._doubt(f"{name} (sip.conf)", f"type={options.get('type')}", BY_NAME)
            yield from self._section(f"{name} (sip.conf)", options, pairs, stranger)

    def _pjsip(self) -> Iterator[tuple[str, str]]:
        sections = [(name, _lower(pairs)) for name, pairs in self._sections("pjsip.conf")]
        of = {(name, dict(pairs).get("type")): dict(pairs) for name, pairs in sections}
        for name, pairs in sections:
            options = {"context": "default", **dict(pairs)}
            if options.get("type") == "endpoint":
                auths = [(auth.strip(), "auth") for auth in options.get("auth", "").split(",")]
                logins = [of.get(auth, {}) for auth in auths]
                stranger = not all(
                    login.get("password") or login.get("md5_cred") for login in logins
                )
                aor = of.get((options.get("aors", ""), "aor"), {"contact": ""})
                if not stranger and "contact" not in aor:
                    self.phones.add(f"PJSIP/{name}")
                written = options.get("identify_by", "username,ip")
                if stranger and {word.strip() for word in written.split(",")} - {"", "ip"}:
                    self._doubt(f"{name} (pjsip.conf)", f"identify_by={written}", BY_NAME)
                yield from self._section(f"{name} (pjsip.conf)", options, pairs, stranger)
            elif options.get("type") == "identify":
                for key in sorted(options.keys() & {"match_header", "match_request_uri"}):
                    self._doubt(f"{name} (pjsip.conf)", f"{key}={options[key]}", BY_NAME)

    def _section(
        self, door: str, options: Mapping[str, str], pairs: Pairs, stranger: bool
    ) -> Iterator[tuple[str, str]]:
        for key, value in options.items():
            if stranger and key.endswith("context"):
                yield door, value
            elif key == "domain" and "," in value:
                yield door, value.split(",")[1].strip()
        for key, value in pairs:
            if key in ("setvar", "set_var"):
                name, _, given = value.partition("=")
                self.values[name.strip().lstrip("_")].add(given.strip())
                if LEADING.fullmatch(name.strip()) and (stranger or name.startswith("_")):
                    self._doubt(door, f"{key}={value}", "may go where this says")

    def _voicemail(self) -> Iterator[tuple[str, str]]:
        pattern = r"(?:^|[,|])\s*(callback|dialout|exitcontext)\s*=\s*([\w-]+)"
        for name, pairs in self._sections("voicemail.conf"):
            for key, value in pairs:
                for option, context in re.findall(pattern, f"{key}={value}", re.I):
                    yield f"voicemail [{name}] {option}", context


def _lower(pairs: Pairs) -> Pairs:
    return [(key.lower(), value) for key, value in pairs]
