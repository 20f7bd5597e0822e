"""redoubt simulate --live: archived logs are those of the same run without it, byte for byte; online logs grow as a
database's do, with an open header while they are current, over the blocks of earlier sequences.
"""
import filecmp
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import databases
from independent_reader import run

REDOUBT = os.environ["REDOUBT"]


def same_as_still(seed, parent):
    """None, or how the logs of a live run differ."""
    words = databases.cluster(seed, 30, "--types", "plain")
    for directory, *more in (("still",), ("live", "--live", "--archive-delay", "0")):
        code, out, err = run(REDOUBT, "simulate", f"{parent}/{directory}", *words, *more)
        if code != 0:
            return f"simulate exits {code}: {err}"
    logs = sorted(p.name for p in pathlib.Path(f"{parent}/still").glob("*.dbf"))
    archived = sorted(p.name for p in pathlib.Path(f"{parent}/live/archive").iterdir())
    if logs != archived:
        return f"logs {logs}, archived {archived}"
    if pathlib.Path(f"{parent}/still/incarnation_2").exists():
        later = filecmp.dircmp(f"{parent}/still/incarnation_2", f"{parent}/live/incarnation_2/archive")
        if [n for n in later.left_only if n.endswith(".dbf")] or later.right_only or later.diff_files:
            return f"incarnation_2: {later.left_only}, {later.right_only}, {later.diff_files}"
    different = [n for n in logs if not filecmp.cmp(f"{parent}/still/{n}", f"{parent}/live/archive/{n}", shallow=False)]
    if different or not filecmp.cmp(f"{parent}/still/truth.jsonl", f"{parent}/live/truth.jsonl", shallow=False):
        return f"other bytes: {different or 'truth'}"
    return None


class Online:
    """An online log as it was when it was read; big-endian ones are not asked for here."""

    def __init__(self, path):
        data = path.read_bytes()
        number = lambda at, size: int.from_bytes(data[at:at + size], "little")
        self.size, block = len(data), number(20, 4)
        self.thread, self.sequence, nab = number(block + 176, 2), number(block + 8, 4), number(block + 156, 4)
        self.open = nab == 0xFFFFFFFF
        assert self.open == (data[block + 192:block + 200] == b"\xff" * 8), "nab and next SCN do not agree"
        self.sequences = [number(at + 8, 4) for at in range(2 * block, len(data), block)]
        self.blocks = self.sequences.index(next((s for s in self.sequences if s != self.sequence), None)) if any(
            s != self.sequence for s in self.sequences) else len(self.sequences)
        self.numbered = all(number((n + 2) * block + 4, 4) == n + 2 for n in range(self.blocks))
        self.nab = None if self.open else nab


def follow(parent):
    """None, or what is wrong with the online logs of a run that was watched."""
    words = ["--seed", "9", "--threads", "2", "--transactions", "120", "--types", "plain", "--log-size", "32KiB"]
    began = time.monotonic()
    live = subprocess.Popen([REDOUBT, "simulate", f"{parent}/watched", *words, "--live", "--pace", "60",
                             "--archive-delay", "0.5"], stdout=subprocess.DEVNULL)
    blocks, closed, grown, old, late = {}, {}, 0, 0, 0
    sizes = {}
    while live.poll() is None:
        for path in sorted(pathlib.Path(f"{parent}/watched/online").glob("*.log")):
            before = path.read_bytes()[:1024]
            if not any(before):  # never written
                continue
            log = Online(path)
            if path.read_bytes()[:1024] != before:  # just switched
                continue
            if sizes.setdefault(log.thread, log.size) != log.size:
                return f"{path.name} has {log.size} bytes, others of the thread {sizes[log.thread]}"
            key = (log.thread, log.sequence)
            if not log.numbered or log.blocks < blocks.get(key, 0) or closed.get(key) and log.open:
                return f"{path.name}, sequence {log.sequence}: {log.blocks} blocks after {blocks.get(key)}"
            if log.nab and log.nab != log.blocks + 2:
                return f"{path.name}, sequence {log.sequence}: ends at block {log.nab}, has {log.blocks + 2}"
            grown += log.open and 0 < blocks.get(key, 0) < log.blocks
            old += log.open and any(0 < s < log.sequence for s in log.sequences)
            if log.nab and not closed.get(key):
                late += not list(pathlib.Path(f"{parent}/watched/archive").glob(f"arch{log.thread}_{log.sequence}_*"))
            blocks[key], closed[key] = log.blocks, not log.open
        time.sleep(0.01)
    if live.returncode != 0:
        return f"simulate --live exits {live.returncode}"
    if grown < 30 or old < 30 or late < 3 or time.monotonic() - began < 2:
        return f"seen: {grown} grown, {old} over older blocks, {late} archived later; {time.monotonic() - began:.1f} s"
    return None


def main():
    failed = 0
    with tempfile.TemporaryDirectory(prefix="live_") as parent:
        for seed in range(1, 15):
            problem = same_as_still(seed, tempfile.mkdtemp(dir=parent))
            if problem:
                failed += 1
                print(f"seed {seed}: {problem}")
        problem = follow(parent)
    print(problem or "online logs grow as they should")
    return 1 if failed or problem else 0


if __name__ == "__main__":
    sys.exit(main())
