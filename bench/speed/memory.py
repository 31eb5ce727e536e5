"""The most memory that processes held, and the time they took, as Linux counts them."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

FORGET_PEAK = "5"
"""proc(5), /proc/[pid]/clear_refs: resets VmHWM to what the process holds now."""


def list_family(pid: int) -> list[int]:
    """Return the process and all that it started, directly or not."""
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(one for child in children for one in list_family(int(child)))]
    return []


def forget_peaks(parts: Mapping[str, int]) -> dict[str, int]:
    """Let the peaks of these processes begin anew; return what each family holds now, in bytes."""
    for pid in parts.values():
        for one in list_family(pid):
            with suppress(OSError):
                Path(f"/proc/{one}/clear_refs").write_text(FORGET_PEAK)
    return read_peaks(parts)


def read_peaks(parts: Mapping[str, int]) -> dict[str, int]:
    """Return the peak of the largest process of each family, in bytes; 0 where it is gone."""
    return {
        name: max((_read_peak(one) for one in list_family(pid)), default=0)
        for name, pid in parts.items()
    }


def read_processor_s(parts: Mapping[str, int]) -> dict[str, float]:
    """Return the seconds that a processor has worked for each family."""
    return {name: sum(map(_read_time, list_family(pid))) for name, pid in parts.items()}


def _read_time(pid: int) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _read_peak(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
