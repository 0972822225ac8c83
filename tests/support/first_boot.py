"""What the program that finishes the first start is told of its card."""

from __future__ import annotations

from typing import Any

from support.example import ROOT

FILES = ROOT / "roles/sdcard/files"
CARD: dict[str, Any] = {
    "hostname": "gardeligne",
    "boot": "",
    "wifi": "",
    "driver": "chan_pjsip",
    "lines": [],
    "admin": "famille.martin@example.org",
    "patience": 0,
    "settings": "",
}
