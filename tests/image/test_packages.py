"""Asterisk for a release that has none: what is changed in Debian's source, and what is refused."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from image.errors import ImageError
from image.packages import command, source
from image.packages.command import Target

VERSION = "1:22.10.1+dfsg+~cs6.17.60671434-1"
CONTROL = """\
Source: asterisk
Uploaders:
 Jane Doe <jane@example.org>,
Build-Depends:
 autoconf,
 debhelper-compat (= 14),
 libcap-dev [linux-any],
{dropped} perl <!nodoc>,
 zlib1g-dev,
Homepage: https://www.asterisk.org/

Package: asterisk
Architecture: any
Depends:
 libnewt-dev,
Description: PBX

{packages}"""
CHANGELOG = f"""\
asterisk ({VERSION}) unstable; urgency=medium

  * new release
    GHSA-3g56-cgrh-95p5 GHSA-3rhj-hhw7-m6fw
    CVE-2026-12345

 -- Jane Doe <jane@example.org>  Mon, 20 Jul 2026 23:35:32 +0200

asterisk (1:22.10.0+dfsg-3) unstable; urgency=medium

  * closes GHSA-3g56-cgrh-95p5, and AST-2026-001

 -- Jane Doe <jane@example.org>  Wed, 08 Jul 2026 00:50:10 +0200

asterisk (1:22.9.0+dfsg-1) unstable; urgency=medium

  * old: CVE-2025-1

 -- Jane Doe <jane@example.org>  Wed, 01 Jul 2026 00:50:10 +0200
"""
TARGET = Target("trixie", "arm64")


def control(*, without: str = "") -> str:
    dropped = [f" {name},\n" for name in source.RECIPE["dropped"] if name != without]
    packages = [
        f"Package: {name}\nArchitecture: any\nDescription: x\n"
        for name in source.RECIPE["dropped_packages"]
        if name != without
    ]
    return CONTROL.format(dropped="".join(dropped), packages="\n".join(packages))


def of(version: str = VERSION) -> source.Source:
    return source.Source(version, [], control(), CHANGELOG)


def packed(folder: Path, *names: str) -> list[Path]:
    """Make a source package's files; of the texts these."""
    described = folder / "asterisk_22.dsc"
    described.write_text(f"Format: 3.0 (quilt)\nSource: asterisk\nVersion: {VERSION}\n")
    archive = folder / "asterisk_22.debian.tar.xz"
    with tarfile.open(archive, "w:xz") as tar:
        for name in names:
            text = {"control": control(), "changelog": CHANGELOG}[name].encode()
            member = tarfile.TarInfo(f"debian/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    return [described, archive]


def test_what_is_needed_is_read_from_the_source(tmp_path: Path) -> None:
    found = source.read(packed(tmp_path, "control", "changelog"))
    assert (found.version, found.upstream) == (VERSION, "22.10.1")
    assert (found.control, found.changelog) == (control(), CHANGELOG)


def test_another_kind_of_source_is_refused(tmp_path: Path) -> None:
    files = packed(tmp_path, "control", "changelog")
    with pytest.raises(ImageError, match=r"another kind of source"):
        source.read(files[:1])
    files[0].write_text("Source: asterisk\n")
    with pytest.raises(ImageError, match=r"says no version"):
        source.read(files)
    with pytest.raises(ImageError, match=r"changelog"):
        source.read(packed(tmp_path, "control"))


def test_the_control_file_loses_what_the_recipe_names_and_nothing_else() -> None:
    trimmed = source.trim(control())
    assert trimmed.needed == ["autoconf", "debhelper", "libcap-dev", "zlib1g-dev"]
    assert trimmed.dropped == [*source.RECIPE["dropped"], *source.RECIPE["dropped_packages"]]
    expected = CONTROL.format(dropped="", packages="").rstrip("\n") + "\n"
    assert trimmed.text == expected.replace("compat (= 14)", "compat (= 13)")


@pytest.mark.parametrize("name", ["libnewt-dev", "asterisk-dahdi"])
def test_a_recipe_that_the_source_has_outgrown_is_told(name: str) -> None:
    with pytest.raises(ImageError, match=rf"recipe\.yml: drops {name}, which"):
        source.trim(control(without=name))


def test_our_stanza_keeps_debian_s_date_so_that_the_bytes_are_the_same() -> None:
    text = source.stanza(of(), f"{VERSION}~gardeligne13.1", "trixie")
    ours = text.removesuffix(CHANGELOG)
    assert ours != text
    assert ours.startswith(f"asterisk ({VERSION}~gardeligne13.1) trixie;")
    assert ours.endswith(">  Mon, 20 Jul 2026 23:35:32 +0200\n\n")


def test_ours_is_older_than_the_same_of_the_next_release() -> None:
    ours = f"{VERSION}~gardeligne13.1"
    for older, newer in [(ours, VERSION), ("1:22.10.0+dfsg-3", ours)]:
        subprocess.run(["dpkg", "--compare-versions", older, "lt", newer], check=True)


def test_the_advisories_that_a_new_version_closes_are_named() -> None:
    new = ["GHSA-3g56-cgrh-95p5", "GHSA-3rhj-hhw7-m6fw", "CVE-2026-12345"]
    assert of().closed_since("1:22.10.0+dfsg-3") == new
    assert of().closed_since("1:22.9.0+dfsg-1") == [*new, "AST-2026-001"]
    assert of().closed_since(VERSION) == []
    assert of().closed_since("1:20.1-1") == []


def test_what_was_built_is_taken_again_only_where_nothing_differs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = {command.key(of(), TARGET), command.key(of(f"{VERSION}.1"), TARGET)}
    keys |= {command.key(of(), Target("trixie", "amd64"))}
    keys |= {command.key(of(), Target("bookworm", "arm64"))}
    monkeypatch.setitem(source.RECIPE, "dropped", [])
    keys |= {command.key(of(), TARGET)}
    assert len(keys) == 5
    assert command.key(of(), TARGET) in keys


def test_another_asterisk_than_the_proved_one_is_refused() -> None:
    command._check_known(of(), TARGET)
    with pytest.raises(ImageError, match=r"is Asterisk 23\.0\.1 now.*proved with 22\.10"):
        command._check_known(of("1:23.0.1~dfsg-1"), TARGET)


def modules(folder: Path, names: set[str]) -> None:
    """Make a package with modules."""
    root = folder / "root"
    place = root / "usr/lib/aarch64-linux-gnu/asterisk/modules"
    place.mkdir(parents=True)
    for name in names:
        (place / f"{name}.so").touch()
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text(
        "Package: asterisk-modules\nVersion: 1\nArchitecture: arm64\nMaintainer: x <x@x>\n"
        "Description: x\n"
    )
    subprocess.run(["dpkg-deb", "--build", root, folder], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(root)


def test_a_module_that_the_roles_load_must_be_there(tmp_path: Path) -> None:
    wanted = command.wanted("trixie")
    assert {"res_cdrel_custom", "chan_pjsip", "app_dial", "res_pjsip_exten_state"} <= wanted
    assert "chan_sip" not in wanted
    modules(tmp_path, wanted)
    command._check_modules(tmp_path, TARGET)
    modules(tmp_path, wanted - {"app_dial", "codec_gsm"})
    with pytest.raises(ImageError, match=r"app_dial, codec_gsm: not built"):
        command._check_modules(tmp_path, TARGET)
