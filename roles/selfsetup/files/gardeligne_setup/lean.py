"""ansible-playbook without what a run of the box on itself has no use for: half of a Pi's time.

usage: lean.py ANSIBLE-PLAYBOOK [ARGUMENT...]

Of each kind of module Ansible looks once in a run for all of its own code that the module imports,
and what that imports in turn, and packs it, as a host may have none. A Pi takes three seconds for
each kind, and every Python that runs modules here has that code (modules.py). A run that ends
within minutes need not look for memory that nobody uses any more either.
"""

from __future__ import annotations

import gc
import importlib
import runpy
import sys
from inspect import signature
from types import ModuleType
from typing import Any
from zipfile import ZipFile

# Where a module runs without that Python, it finds the box's own Ansible beside itself.
PACKAGE = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"


# How ansible-core 2.16 to 2.22 begins what looks for a module's imports.
KNOWN = ["name", "module_fqn", "module_data", "zf"]


def pack_nothing(packer: ModuleType) -> None:
    """Have Ansible pack a module alone (ansible.executor.module_common), if it is as we know it.

    An upgrade may bring a newer one: then it works as it does by itself, more slowly.
    """
    finder = getattr(packer, "recursive_finder", None)
    if finder is None or list(signature(finder).parameters)[:4] != KNOWN:
        return
    # From ansible-core 2.19 on it tells how the module wants its arguments. All have the same.
    metadata = getattr(packer, "_DEFAULT_LEGACY_METADATA", None)

    def found(_name: str, _full_name: str, _code: bytes, packed: ZipFile, *_: Any) -> object:
        packed.writestr("ansible/__init__.py", PACKAGE)
        return metadata

    packer.recursive_finder = found  # type: ignore[attr-defined]


if __name__ == "__main__":
    gc.disable()
    pack_nothing(importlib.import_module("ansible.executor.module_common"))
    sys.argv.pop(0)
    runpy.run_path(sys.argv[0], run_name="__main__")
