"""What is handed over to the telephones of the house: once, for a while, and to nobody else."""

from __future__ import annotations

import os
import pwd
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from ipaddress import IPv4Network
from pathlib import Path

import handover
import pytest

ME = pwd.getpwuid(os.getuid())
BODY = "<config>mot de passe : été</config>\n"
OFFER = {"names": r"linphone\.xml", "body": BODY, "what": "linphone.xml, téléphone 001"}


def offered(folder: Path, **changes: object) -> str:
    life = float(str(changes.pop("life", 60)))
    return handover.put({**OFFER, **changes}, str(folder), ME, life)


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """Serve a folder to 127.0.0.1 and to nobody else; yield the port."""
    server = handover.Server(str(folder), [IPv4Network("127.0.0.1/32")], port=0)
    server.timeout = 0.05
    thread = threading.Thread(target=handover.serve, args=[server])
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        for file in folder.iterdir():
            file.unlink()
        thread.join(timeout=20)
        assert not thread.is_alive()


def fetch(port: int, path: str, method: str = "GET", source: str = "127.0.0.1") -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_a_file_is_handed_over_once(tmp_path: Path) -> None:
    token, _other = offered(tmp_path), offered(tmp_path)
    with served(tmp_path) as port:
        assert fetch(port, f"/{token}/linphone.xml") == (200, BODY)
        assert fetch(port, f"/{token}/linphone.xml") == (404, handover.REFUSAL)


@pytest.mark.slow
def test_of_many_that_ask_at_once_one_gets_it(tmp_path: Path) -> None:
    token, _other = offered(tmp_path), offered(tmp_path)
    with served(tmp_path) as port, ThreadPoolExecutor(16) as phones:
        answers = list(phones.map(lambda _: fetch(port, f"/{token}/linphone.xml")[0], range(16)))
    assert sorted(answers) == [200] + [404] * 15


@pytest.mark.parametrize(
    "path",
    ["/", "", "/x", "/{other}/linphone.xml", "/{token}", "/{token}/", "/{token}/cfg.xml",
     "/{token}/../{token}/linphone.xml", "/{hash}/linphone.xml", "/%00/linphone.xml"],
)  # fmt: skip
def test_a_wrong_word_or_name_gets_nothing_and_spoils_nothing(tmp_path: Path, path: str) -> None:
    token = offered(tmp_path)
    words = {"token": token, "other": "a" * 16, "hash": next(tmp_path.iterdir()).name}
    with served(tmp_path) as port:
        assert fetch(port, path.format(**words)) == (404, handover.REFUSAL)
        assert fetch(port, f"/{token}/linphone.xml")[0] == 200


def test_nothing_but_get_is_understood(tmp_path: Path) -> None:
    token = offered(tmp_path)
    with served(tmp_path) as port:
        for method in "HEAD", "POST", "PUT", "DELETE":
            assert fetch(port, f"/{token}/linphone.xml", method)[0] == 501
        assert fetch(port, f"/{token}/linphone.xml")[0] == 200


def test_a_grandstream_asks_by_several_names(tmp_path: Path) -> None:
    token = offered(tmp_path, names=r"cfg(?:[0-9a-f]{12})?\.xml")
    with served(tmp_path) as port:
        assert fetch(port, f"/{token}/cfg000b820102ab")[0] == 404
        assert fetch(port, f"/{token}/cfg000b820102ab.xml")[0] == 200


def test_after_its_time_a_file_is_refused_and_gone(tmp_path: Path) -> None:
    token, _other = offered(tmp_path, life=0.3), offered(tmp_path)
    with served(tmp_path) as port:
        time.sleep(0.4)
        assert fetch(port, f"/{token}/linphone.xml") == (404, handover.REFUSAL)
        assert len(list(tmp_path.iterdir())) == 1


def test_who_is_not_in_the_house_is_not_even_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = offered(tmp_path)
    with served(tmp_path) as port:
        with pytest.raises(ConnectionError):
            fetch(port, f"/{token}/linphone.xml", source="127.0.0.2")
        assert fetch(port, f"/{token}/linphone.xml")[0] == 200
    assert "refusé à 127.0.0.2, hors de la maison" in capsys.readouterr().out


def test_it_ends_when_all_is_handed_over(tmp_path: Path) -> None:
    tokens = [offered(tmp_path), offered(tmp_path)]
    server = handover.Server(str(tmp_path), [IPv4Network("127.0.0.1/32")], port=0)
    server.timeout = 0.05
    thread = threading.Thread(target=handover.serve, args=[server])
    thread.start()
    for token in tokens:
        assert thread.is_alive()
        assert fetch(server.server_address[1], f"/{token}/linphone.xml")[0] == 200
    thread.join(timeout=5)
    assert not thread.is_alive()


@pytest.mark.slow
def test_it_ends_when_the_time_is_over(tmp_path: Path) -> None:
    offered(tmp_path, life=0.5)
    with served(tmp_path):
        time.sleep(1)
        assert [
            thread for thread in threading.enumerate() if thread.name.startswith("Thread")
        ] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_telephone_that_says_nothing_keeps_no_other_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover.Handler, "timeout", 1)
    token = offered(tmp_path)
    with served(tmp_path) as port, socket.create_connection(("127.0.0.1", port)) as silent:
        assert fetch(port, f"/{token}/linphone.xml")[0] == 200
        silent.settimeout(5)
        assert silent.recv(1) == b""


def test_what_is_said_names_who_and_what_and_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token, _other = offered(tmp_path), offered(tmp_path)
    with served(tmp_path) as port:
        fetch(port, f"/{token}/linphone.xml")
        fetch(port, f"/{token}/linphone.xml")
        with socket.create_connection(("127.0.0.1", port)) as strange:
            strange.sendall(f"GET /{token} nonsense HTTP/9\r\n\r\n".encode())
            strange.recv(1000)
    said = capsys.readouterr()
    assert said.out.splitlines()[:2] == [
        "remis à 127.0.0.1 : linphone.xml, téléphone 001",
        "refusé à 127.0.0.1",
    ]
    assert token not in said.out + said.err
    assert "passe" not in said.out + said.err


def test_words_cannot_be_guessed_and_are_not_kept(tmp_path: Path) -> None:
    tokens = {offered(tmp_path) for _ in range(200)}
    assert len(tokens) == 200
    assert all(re.fullmatch("[a-z2-7]{16}", token) for token in tokens)
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
        assert not any(token in file.name + file.read_text() for token in tokens)


def test_systemd_is_told_when_it_answers(tmp_path: Path) -> None:
    """The program as it is started, with nothing to hand over: it is ready, and ends at once."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        folder = tmp_path / "offers"
        folder.mkdir()
        program = f"import handover; handover.FOLDER = {str(folder)!r}; handover.PORT = 0"
        subprocess.run(
            [sys.executable, "-c", f"{program}; raise SystemExit(handover.main([]))"],
            check=True,
            env={
                "PYTHONPATH": str(Path(handover.__file__).parent),
                "NOTIFY_SOCKET": str(tmp_path / "notify"),
                "PATH": os.environ["PATH"],
            },
            timeout=20,
        )
        assert systemd.recv(100) == b"READY=1"
