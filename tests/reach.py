"""Toll fraud is impossible: a proof over Asterisk's configuration as it is rendered.

`ways_out` begins where somebody comes in who has given no password (a line, a guest, a
voicemail box) and follows every jump to contexts, whole: which extension is meant is not looked
at, rather one too many. Whatever dials anything but the household's own phones on that way is a
way out. So is whatever is not understood: the proof fails, it does not guess.

What jumps, and who decides where to, is Asterisk's own code (13.14.1, 16.28.0, 22.10.0):
main/pbx_builtins.c, apps/app_dial.c (do_forward), apps/app_voicemail.c (exit, callback,
dialout), channels/chan_sip.c and res/res_pjsip_refer.c (TRANSFER_CONTEXT).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

Pairs = list[tuple[str, str]]

# Applications that go on to the next line, or end the call, or stay in the same context.
PLAIN = frozenset(
    ["amd", "answer", "busy", "congestion", "endwhile", "exitwhile", "hangup", "log", "noop",
     "playback", "playtones", "progress", "read", "resetcdr", "return", "ringing", "saydigits",
     "saynumber", "stackpop", "stopplaytones", "verbose", "voicemail", "voicemailmain", "wait",
     "waitexten", "while", "zapateller"]
)  # fmt: skip
# What Set() may write to beside variables.
WRITTEN = {"CALLERID", "CDR", "DB", "DB_DELETE", "GROUP", "TIMEOUT"}
SCOPES = {"GLOBAL", "LOCAL", "MASTER_CHANNEL", "SHARED"}
# Variables that say where somebody on the line may go.
LEADING = re.compile(r"_*(\w*CONTEXT|GOTO_ON_\w+|DYNAMIC_FEATURES\w*|\w+TRANSFER)")
# What Dial() may be told: what neither jumps nor gives a key to anybody; what jumps.
DIAL_PLAIN, DIAL_JUMPS = "gIiLmRr", "bBGFU"
NAME = re.compile(r"[\w-]+")
# Its value cannot hold the `?` and the target that a caller would like.
CONDITION = re.compile(r"\$(\[[^?]*[=<>].*\]|\{DB_EXISTS\(.*\)\})")
READ = {"asterisk.conf", "extensions.conf", "sip.conf", "pjsip.conf", "voicemail.conf",
        "modules.conf", "manager.conf", "extconfig.conf"}  # fmt: skip
# Neither lets anybody in nor dials.
HARMLESS = {"cdr.conf", "cdr_sqlite3_custom.conf", "dnsmgr.conf", "indications.conf",
            "logger.conf", "musiconhold.conf", "res_config_sqlite3.conf"}  # fmt: skip
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


class Out(NamedTuple):
    """What a line does, other than jump to a known context."""

    why: str
    follows: bool = False


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


class Exchange:
    """The configuration, parsed, and what can be reached in it."""

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

    # ------------------------------------------------------------ doors

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

    # ------------------------------------------------------------ ways

    def ways_from(self, door: str, start: str) -> tuple[list[Way], set[str]]:
        """Return the ways out of a context, and the contexts that can be come to from it."""
        ways: list[Way] = []
        paths: dict[str, tuple[str, ...]] = {start: (start,)}
        todo = [start]
        while todo:
            path = paths[todo.pop(0)]
            for line, step in self.steps(path[-1]):
                if isinstance(step, Out):
                    ways.append(Way(door, path, line, step.why))
                elif step not in paths:
                    paths[step] = (*path, step)
                    todo.append(step)
        return ways, set(paths)

    def steps(self, context: str) -> Iterator[tuple[str, str | Out]]:
        """Yield what the lines of a context lead to: another context, or out."""
        for key, value in self.contexts.get(context, []):
            if key == "include":
                yield value, re.split(r"[,|]", value)[0].strip()
            elif key not in ("exten", "same", "ignorepat"):
                yield f"{key} => {value}", Out("a line that the proof does not understand")
        for line, application, arguments in self.calls(context):
            try:
                yield from ((line, step) for step in self._does(application, arguments))
            except ValueError as error:
                yield line, Out(str(error))

    def _does(self, application: str, arguments: str) -> Iterator[str | Out]:
        """Yield the contexts that an application may go to."""
        if "SHELL(" in arguments:
            yield Out("runs a program")
        if application in ("goto", "gosub"):
            yield from self._jump(arguments)
        elif application == "dial":
            yield from self._dial(*[*split(arguments, ","), "", "", ""][:3])
        elif application == "set":
            yield from self._set(arguments)
        elif application == "condition":
            sure = CONDITION.fullmatch(arguments) and closed(arguments[1:]) == arguments[1:]
            if "$" in arguments and not sure:
                yield Out("a condition that may hold a target")
        elif application not in PLAIN or (application == "voicemail" and "d(" in arguments):
            yield Out(f"an application that the proof does not know: {application}")

    @staticmethod
    def _jump(target: str) -> Iterator[str | Out]:
        # The context comes first of three; a variable may hold commas, and so be three.
        parts = split(target, ",")
        if len(parts) > 2 and NAME.fullmatch(parts[0]):
            yield parts[0]
        elif len(parts) > 2 or "$" in target:
            yield Out(f"a computed jump: {target}")

    def _set(self, arguments: str) -> Iterator[str | Out]:
        name, _, value = arguments.partition("=")
        function, _, what = name.strip().removesuffix(")").partition("(")
        if function in SCOPES:
            function, what = what.partition(",")[0], ""  # SHARED() also names a channel
        if function == "CHANNEL" and what.startswith("hangup_handler_"):
            yield from self._jump(value)
        elif (what and function not in WRITTEN) or "$" in function or LEADING.fullmatch(function):
            yield Out(f"sets what may lead elsewhere: {name}")

    def _dial(self, where: str, _: str, options: str) -> Iterator[str | Out]:
        follows = False
        for text in self.expand(options):
            if not re.fullmatch(r"([A-Za-z](\([^()]*\))?)*", text):
                raise ValueError(f"Dial() with options that the proof does not know: {text}")
            given = re.findall(r"([A-Za-z])(?:\(([^()]*)\))?", text)
            follows |= "i" not in dict(given)
            for letter, argument in given:
                context, *more = argument.split("^")
                if letter == "U" or (letter in DIAL_JUMPS and len(more) > 1):
                    yield from self._jump(f"{context},s,1")
                elif letter not in DIAL_PLAIN + DIAL_JUMPS:
                    yield Out(f"Dial() with option {letter}")
        targets = [target for text in self.expand(where) for target in text.split("&") if target]
        for target in targets:
            local = re.fullmatch(r"Local/[^@$]+@([\w-]+)(/\w+)?", target)
            if local:
                yield local[1]
            elif target not in self.phones:
                yield Out(f"dials {target}", follows)
            elif follows:
                # do_forward(): a 302 for `Local/15@outside` or `PJSIP/15@free` is taken literally.
                yield Out(f"{target} may send the call on to anywhere (no option i)", follows)

    def expand(self, text: str, depth: int = 8) -> list[str]:
        """Return all that a text may be; what is not known stays as it is written."""
        before, dollar, rest = text.partition("$")
        if not dollar:
            return [text]
        value = closed(rest)
        inner, after = value[1:-1], rest[len(value) :]
        choices = self.values.get(inner, set())
        if inner.startswith("IF("):
            choices = {*[*branches(inner[3:-1])[1], ""][:2]}
        if not choices or not depth:
            return [text]
        texts = (before + choice + after for choice in sorted(choices))
        return [full for text in texts for full in self.expand(text, depth - 1)]


def _lower(pairs: Pairs) -> Pairs:
    return [(key.lower(), value) for key, value in pairs]


def ways_out(config: Mapping[str, str]) -> list[Way]:
    """Return the ways from outside to the outside: none, if nobody can phone at our cost."""
    exchange = Exchange(config)
    ways = [exchange.ways_from(door, start)[0] for door, start in exchange.doors]
    return [*exchange.ways, *(way for found in ways for way in found)]


def redirects(config: Mapping[str, str]) -> list[Way]:
    """Return where whoever is called may send the call on, the household's own calls included."""
    exchange = Exchange(config)
    steps = [(name, *step) for name in exchange.contexts for step in exchange.steps(name)]
    return [
        Way("whoever is called", (context,), line, step.why)
        for context, line, step in steps
        if isinstance(step, Out) and step.follows
    ]


def let_in_by_name(config: Mapping[str, str]) -> list[Way]:
    """Return who is let in for what a request says of itself: nobody, if all is well."""
    return [way for way in Exchange(config).ways if way.why == BY_NAME]
