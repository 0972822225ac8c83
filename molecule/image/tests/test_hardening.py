"""A card's kernel and SSH server are as dev-sec's baselines ask, but for what docs/card.md says.

https://github.com/dev-sec/linux-baseline (2026-05-26) and ssh-baseline (2024-08-21): their values.
"""

from __future__ import annotations

from pathlib import Path

from testinfra.host import Host

PAGE = Path(__file__).parents[3] / "docs/card.md"
KERNEL = {
    "fs.protected_fifos": "2",
    "fs.protected_hardlinks": "1",
    "fs.protected_regular": "2",
    "fs.protected_symlinks": "1",
    "fs.suid_dumpable": "0",
    "kernel.core_pattern": "|/bin/false",
    "kernel.modules_disabled": "1",
    "kernel.randomize_va_space": "2",
    "kernel.sysrq": "0",
    "kernel.yama.ptrace_scope": "2",
    "net.ipv4.conf.all.accept_redirects": "0",
    "net.ipv4.conf.all.accept_source_route": "0",
    "net.ipv4.conf.all.arp_announce": "2",
    "net.ipv4.conf.all.arp_ignore": "1",
    "net.ipv4.conf.all.forwarding": "0",
    "net.ipv4.conf.all.log_martians": "1",
    "net.ipv4.conf.all.rp_filter": "1",
    "net.ipv4.conf.all.secure_redirects": "0",
    "net.ipv4.conf.all.send_redirects": "0",
    "net.ipv4.conf.all.shared_media": "1",
    "net.ipv4.icmp_echo_ignore_broadcasts": "1",
    "net.ipv4.icmp_ignore_bogus_error_responses": "1",
    "net.ipv4.icmp_ratelimit": "100",
    "net.ipv4.icmp_ratemask": "88089",
    "net.ipv4.ip_forward": "0",
    "net.ipv4.tcp_rfc1337": "1",
    "net.ipv4.tcp_syncookies": "1",
    "net.ipv4.tcp_timestamps": "0",
    "net.ipv6.conf.all.accept_ra": "0",
    "net.ipv6.conf.all.accept_redirects": "0",
    "net.ipv6.conf.all.accept_source_route": "0",
    "net.ipv6.conf.all.autoconf": "0",
    "net.ipv6.conf.all.forwarding": "0",
    "net.ipv6.conf.all.router_solicitations": "0",
    "net.ipv6.conf.default.accept_ra_defrtr": "0",
    "net.ipv6.conf.default.accept_ra_pinfo": "0",
    "net.ipv6.conf.default.accept_ra_rtr_pref": "0",
    "net.ipv6.conf.default.dad_transmits": "0",
    "net.ipv6.conf.default.max_addresses": "1",
}
# In the words of `sshd -T`.
SSH = {
    "addressfamily": "any",
    "allowagentforwarding": "no",
    "allowtcpforwarding": "no",
    "ciphers": "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,"
    "aes256-ctr,aes192-ctr,aes128-ctr",
    "clientalivecountmax": "3",
    "clientaliveinterval": "300",
    "debianbanner": "no",
    "gatewayports": "no",
    "gssapiauthentication": "no",
    "hostbasedauthentication": "no",
    "ignorerhosts": "yes",
    "ignoreuserknownhosts": "yes",
    "kexalgorithms": "sntrup761x25519-sha512@openssh.com,curve25519-sha256@libssh.org,"
    "diffie-hellman-group-exchange-sha256",
    "listenaddress": "one that is named",
    "logingracetime": "30",
    "loglevel": "VERBOSE",
    "macs": "hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,umac-128-etm@openssh.com,"
    "hmac-sha2-512,hmac-sha2-256",
    "maxauthtries": "2",
    "maxsessions": "10",
    "maxstartups": "10:30:60",
    "passwordauthentication": "no",
    "permitemptypasswords": "no",
    "permitrootlogin": "no",
    "permittunnel": "no",
    "permituserenvironment": "no",
    "printlastlog": "no",
    "printmotd": "no",
    "pubkeyauthentication": "yes",
    "strictmodes": "yes",
    "tcpkeepalive": "no",
    "x11forwarding": "no",
}


def explained() -> set[str]:
    """Return the settings that the page's table names."""
    table = PAGE.read_text().split("## Hardening")[1].split("\n## ")[0]
    return {word for line in table.splitlines() if line[:3] == "| `" for word in line.split("`")}


def test_the_kernel_is_as_the_baseline_asks(host: Host) -> None:
    # The tool of that name is not on every release.
    paths = {name: "/proc/sys/" + name.replace(".", "/") for name in KERNEL}
    found = {name: host.file(path).content_string.strip() for name, path in paths.items()}
    assert {name for name, value in found.items() if value != KERNEL[name]} == {
        name for name in explained() if name in KERNEL
    }


def test_the_ssh_server_is_as_the_baseline_asks(host: Host) -> None:
    said = host.check_output("/usr/sbin/sshd -T").splitlines()
    found = dict(line.lower().split(" ", 1) for line in said)
    # Forky's server has no GSSAPI, and says of one setting "false".
    found = {"gssapiauthentication": "no", **found}
    found = {name: {"false": "no"}.get(value, value) for name, value in found.items()}
    wrong = {name for name, value in SSH.items() if found.get(name) != value.lower()}
    assert wrong == {name for name in explained() if name in SSH}
