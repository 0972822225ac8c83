#!/usr/bin/python
"""Write many files in one go: a module of its own for each takes a Pi seconds.

Runs on the appliance: Python 2.7 (Stretch) and from 3.6 on.
"""

import glob
import grp
import hashlib
import json
import os
import pwd
import stat
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_bytes, to_text

DOCUMENTATION = """
module: gardeligne_files
author: gardeligne
short_description: Files, folders and links, written in one go
description:
  - Makes folders, writes files, makes links, and removes what must not be there, in this order. A
    file that is as it should be is not touched; another is written beside its place and put there
    whole, so that nobody sees half of it, and a secret is never readable for others, not for a
    moment.
  - Where a file is asked for, a link is followed. What a folder holds beside is left alone.
options:
  files:
    description: Files, each with its C(path), its C(content) (a text, or what is written as JSON),
      and what differs from the C(owner), C(group) and C(mode) below. C(validate) is a command
      that is given the new file beside its place, and fails if it is wrong. With C(if_folder),
      the file is written only where its folder is there.
    type: list
    elements: dict
    default: []
  folders:
    description: Folders, each with its C(path) and C(mode) (0755); C(owner) and C(group) are left
      as they are where they are not said.
    type: list
    elements: dict
    default: []
  links:
    description: Links, by their paths, and where each leads. What is a file there is replaced.
    type: dict
    default: {}
  absent:
    description: Paths of files that must not be there, or patterns of such.
    type: list
    elements: path
    default: []
  hashes:
    description: By the paths of files that something else writes, what they are to be (SHA-256).
    type: dict
    default: {}
  owner: {description: Whose files are where they say nothing., type: str, default: root}
  group: {description: As C(owner)., type: str, default: root}
  mode: {description: "As C(owner), in octal digits.", type: str, default: "0644"}
"""
RETURN = """
wrong:
  description: Of the files in C(hashes) those that are not so.
  type: list
  elements: str
  returned: success
paths:
  description: What was changed.
  type: list
  elements: str
  returned: always
"""
ARGUMENTS = {
    "files": {"type": "list", "elements": "dict", "default": []},
    "folders": {"type": "list", "elements": "dict", "default": []},
    "links": {"type": "dict", "default": {}},
    "absent": {"type": "list", "elements": "path", "default": []},
    "hashes": {"type": "dict", "default": {}},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
    "mode": {"type": "str", "default": "0644"},
}


# What of a folder is as it is where an entry does not say it.
FOLDER = {"owner": None, "group": None, "mode": "0755"}


class Refused(Exception):
    """A path cannot be made what it should be."""


def number(known, name, field):
    """Return the number of a user or group: -1 for none that was said, None for an unknown one."""
    if name is None:
        return -1
    try:
        return known(name)[field]
    except KeyError:
        return None


def wanted(entry, defaults):
    """Return the numbers of user and group, and the mode, that an entry is to have."""
    owner, group, mode = (entry.get(name, defaults[name]) for name in ("owner", "group", "mode"))
    return number(pwd.getpwnam, owner, 2), number(grp.getgrnam, group, 2), int(str(mode), 8)


def text(content):
    """Return a content as it is written: what is no text as JSON."""
    if isinstance(content, (dict, list)):
        content = json.dumps(content, indent=4, sort_keys=True, separators=(",", ": ")) + "\n"
    return to_bytes(content)


def look(path):
    """Return what is known of a path: None where it is not there."""
    try:
        return os.lstat(path)
    except OSError:
        return None


def same(found, attributes):
    """Say whether owner, group and mode are as they should be."""
    have = (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))
    return all(want in (-1, is_so) for want, is_so in zip(attributes, have))


def check_known(path, entry, attributes, defaults):
    """Raise Refused where there is no such user or group."""
    for number, kind in zip(attributes, ("owner", "group")):
        if number is None:
            raise Refused("%s: there is no %s %s" % (path, kind, entry.get(kind) or defaults[kind]))


def put(path, content, attributes, check):
    """Put a file with these bytes at a path, whole or not at all; `check` is given it first."""
    user, group, mode = attributes
    handle, beside = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".gardeligne-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchown(file.fileno(), user, group)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        check(beside)
        os.rename(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def make_folder(entry, defaults, dry):
    """Make a folder with those above it; say whether anything changed."""
    path, attributes = entry["path"], wanted(entry, defaults)
    found = look(path)
    if found and stat.S_ISLNK(found.st_mode):
        found = os.stat(path)
    if found and not stat.S_ISDIR(found.st_mode):
        raise Refused("%s: is no folder" % path)
    if found and same(found, attributes):
        return False
    if dry:
        return True
    check_known(path, entry, attributes, defaults)
    if not found:
        os.makedirs(path)
    os.chown(path, attributes[0], attributes[1])
    os.chmod(path, attributes[2])
    return True


def make_file(entry, defaults, dry, run):
    """Write a file if it differs; return what it held and holds, or None if it was right."""
    if entry.get("if_folder") and not os.path.isdir(os.path.dirname(entry["path"])):
        return None
    path, attributes = os.path.realpath(entry["path"]), wanted(entry, defaults)
    content = text(entry["content"])
    found, before = look(path), b""
    if found:
        if not stat.S_ISREG(found.st_mode):
            raise Refused("%s: is no file" % path)
        with open(path, "rb") as file:
            before = file.read()
        if before == content and same(found, attributes):
            return None
    if not dry:
        check_known(path, entry, attributes, defaults)
        if not os.path.isdir(os.path.dirname(path)):
            raise Refused("%s: its folder is not there" % path)

        def check(beside):
            if entry.get("validate"):
                code, out, err = run(entry["validate"] + [beside])
                if code:
                    raise Refused("%s: %s" % (path, (err or out).strip().replace(beside, path)))

        put(path, content, attributes, check)
    return before, content


def make_link(path, to, dry):
    """Make a link; say whether it was not there, or led elsewhere."""
    found = look(path)
    if found and stat.S_ISDIR(found.st_mode):
        raise Refused("%s: is a folder, and no link" % path)
    if found and stat.S_ISLNK(found.st_mode) and os.readlink(path) == to:
        return False
    if not dry:
        if found:
            os.unlink(path)
        os.symlink(to, path)
    return True


def remove(path, dry):
    """Remove a file; say whether it was there."""
    found = look(path)
    if not found:
        return False
    if stat.S_ISDIR(found.st_mode):
        raise Refused("%s: is a folder, and not removed" % path)
    if not dry:
        os.unlink(path)
    return True


def has(path, sha256):
    """Say whether a file has this hash."""
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest() == sha256
    except EnvironmentError:
        return False


def work(module):
    """Do what the arguments say."""
    asked, dry = module.params, module.check_mode
    paths, differences = [], []

    try:
        for entry in asked["folders"]:
            if make_folder(entry, FOLDER, dry):
                paths.append(entry["path"])
        for entry in asked["files"]:
            made = make_file(entry, asked, dry, module.run_command)
            if made is None:
                continue
            paths.append(entry["path"])
            before, after = (to_text(part, errors="surrogate_or_replace") for part in made)
            header = {"before_header": entry["path"], "after_header": entry["path"]}
            differences.append(dict(header, before=before, after=after))
        paths += [path for path, to in sorted(asked["links"].items()) if make_link(path, to, dry)]
        for absent in asked["absent"]:
            paths += [path for path in sorted(glob.glob(absent)) if remove(path, dry)]
    except (Refused, EnvironmentError) as error:
        module.fail_json(msg="%s" % error, paths=paths, changed=bool(paths))
    wrong = sorted(path for path, sha256 in asked["hashes"].items() if not has(path, sha256))
    result = {"changed": bool(paths), "paths": paths, "wrong": wrong}
    if module._diff:
        result["diff"] = differences
    module.exit_json(**result)


if __name__ == "__main__":
    work(AnsibleModule(ARGUMENTS, supports_check_mode=True))
