"""How to get at RAPL's counters: the commands for this system, and why they are as they are."""

from __future__ import annotations

import sys

RULE = "/etc/udev/rules.d/70-rapl.rules"
# A group instead of everybody: who reads a processor's energy often enough can tell what others
# compute, down to their keys (Platypus, CVE-2020-8694; of AMD CVE-2020-12912). Rights of files
# in /sys last until the next start, so a rule of udev's sets them whenever the driver is loaded.
_RULE_TEXT = (
    'SUBSYSTEM=="powercap", KERNEL=="intel-rapl:*", ACTION=="add", '
    'RUN+="/bin/chgrp rapl /sys%p/energy_uj", RUN+="/bin/chmod g+r /sys%p/energy_uj"'
)
GROUP_COMMANDS = f"""\
let a group read them, and be in it (once; then log out and in again):
  sudo groupadd --force --system rapl && sudo usermod -aG rapl "$USER"
  echo '{_RULE_TEXT}' | sudo tee {RULE}
  sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=powercap --action=add
A group, not everybody (chmod a+r): the counter's steps tell what other users and virtual machines
compute, even keys (Platypus, CVE-2020-8694), so Linux lets root alone read it since 5.10.
In a container: docker run -v /sys/devices/virtual/powercap/intel-rapl:/host/powercap:ro \
--group-add "$(getent group rapl | cut -d: -f3)" ..."""

ELSEWHERE = {
    "darwin": (
        "macOS has no RAPL files. On Apple silicon a counter plug-in may read "
        "zeus-apple-silicon (no root needed); docs/counter-plugins.md has one. `sudo powermetrics` "
        "shows power to look at. Or a smart plug: docs/meters.md"
    ),
    "win32": (
        "Windows shows RAPL to drivers alone. Take a smart plug (docs/meters.md), or a counter "
        "plug-in for a tool that you trust (docs/counter-plugins.md); WSL has no RAPL either"
    ),
}


def remedy(reason: str) -> tuple[str, str | None]:
    """What a counter's reason says was found, and what helps: on this system, as commands."""
    found, _, short = reason.partition("; ")
    if "permission denied" in found:
        return found, GROUP_COMMANDS
    return found, ELSEWHERE.get(sys.platform, short or None)
