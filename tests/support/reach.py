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
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from support.configuration import BY_NAME, LEADING, Configuration, Way, branches, closed, split

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
# What Dial() may be told: what neither jumps nor gives a key to anybody; what jumps.
DIAL_PLAIN, DIAL_JUMPS = "gIiLmRr", "bBGFU"
NAME = re.compile(r"[\w-]+")
# Its value cannot hold the `?` and the target that a caller would like.
CONDITION = re.compile(r"\$(\[[^?]*[=<>].*\]|\{DB_EXISTS\(.*\)\})")


class Out(NamedTuple):
    """What a line does, other than jump to a known context."""

    why: str
    follows: bool = False


class Exchange(Configuration):
    """What can be reached in a configuration."""

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
