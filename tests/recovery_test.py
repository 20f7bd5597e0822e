"""Bounded recovery: transactions stay open while log after log is written, capture is killed or stopped behind each, and
every log below its retention floor is deleted. What the spill files keep of the open transactions must be all that is
missing: in the end the output is what one undisturbed run over all logs gives.

    recovery_test.py [SEEDS [FIRST]]      6 seeds from 1 on, or as many as told

A failing seed is repeated by: recovery_test.py 1 SEED
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import databases

REDOUBT = os.environ["REDOUBT"]
EVENTS = ["sleepers", "sleepers,move,ties", "sleepers,shape", "sleepers,overlap,shared,parts", "sleepers,widen,shape,move",
          "sleepers,reuse,move"]


def run(*words, **options):
    return subprocess.run([REDOUBT, *map(str, words)], capture_output=True, text=True, **options)


def first_scn(log):
    """Of a log, in the header block: low 32 bits, which is all that the simulator needs."""
    head = log.read_bytes()[:8192]
    order = "little" if head[28:32] == bytes.fromhex("7d7c7b7a") else "big"
    size = int.from_bytes(head[20:24], order)
    at = size + 180
    return int.from_bytes(head[at:at + 4], order), log.name


def sequence_of(log):
    head = log.read_bytes()[:8192]
    order = "little" if head[28:32] == bytes.fromhex("7d7c7b7a") else "big"
    header = head[int.from_bytes(head[20:24], order):]
    return int.from_bytes(header[176:178], order), int.from_bytes(header[8:12], order)


def one(seed, directory):
    chance = random.Random(seed)
    simulated, watched = directory / "simulated", directory / "watched"
    words = databases.options(seed, 150, "--types", "plain" if seed % 2 else "all", "--cluster", EVENTS[seed % len(EVENTS)],
                              "--log-size", "48KiB")
    words[words.index("--threads") + 1] = "123"[seed % 3]
    made = run("simulate", simulated, *words)
    assert made.returncode == 0, made.stderr
    dictionaries = []
    for file in sorted(simulated.glob("schema*.json")):
        dictionaries += ["--dictionary", file]
    keys = ["--tde-keys", simulated / "keys.json"] if (simulated / "keys.json").exists() else []
    whole = directory / "whole.jsonl"
    made = run("capture", *dictionaries, *keys, "--output", whole, simulated)
    assert made.returncode in (0, 3), made.stderr

    watched.mkdir()
    logs = sorted(simulated.glob("*.dbf"), key=first_scn)
    starts = {}
    for log in logs:
        thread, sequence = sequence_of(log)
        starts[thread] = min(starts.get(thread, sequence), sequence)
    state = directory / "state"
    output = directory / "rows.jsonl"
    command = ["capture", "--watch", watched, *dictionaries, *keys, "--output", output, "--ledger",
               f"sqlite:{directory}/ledger.db", "--state-dir", state, "--checkpoint-interval", "1ms", "--recovery-window", "1",
               "--threads", ",".join(map(str, starts)), "--start", ",".join(f"thread={t}:seq={s}" for t, s in starts.items())]
    saved_most = deleted = 0
    for at, log in enumerate(logs):
        shutil.copy(log, watched)
        if at + 1 < len(logs) and at % 3 != 0:
            continue  # logs come several at a time
        if chance.random() < 0.5:
            process = subprocess.Popen([REDOUBT, *map(str, command)], stderr=subprocess.PIPE, text=True)
            time.sleep(chance.uniform(0.05, 0.4))
            process.send_signal(signal.SIGKILL)
            process.communicate()
        done = run(*command, "--until-idle")
        assert done.returncode == 0, done.stderr[-3000:]
        assert "have to be read again" not in done.stderr, done.stderr[-3000:]
        saved_most = max(saved_most, len(list((state / "spill").glob("*.spill"))))
        if not (state / "retention-floor.json").exists():
            continue  # a thread has no log yet
        floor = json.loads((state / "retention-floor.json").read_text())["lowest_sequence"]
        for file in watched.iterdir():
            thread, sequence = sequence_of(file)
            if sequence < floor[str(thread)]:
                file.unlink()
                deleted += 1
    got, expected = output.read_bytes(), whole.read_bytes()
    # The last thread to end may leave the others waiting: what was told is the truth from its begin on.
    end = min(max(json.loads(line)["c_scn"] for line in (got or expected).splitlines()),
              max(json.loads(line)["c_scn"] for line in expected.splitlines()))
    part = b"".join(line for line in expected.splitlines(True) if json.loads(line)["c_scn"] <= end)
    assert got == part, first_difference(got, part)
    assert len(part) * 10 >= len(expected) * 9, f"only {len(part)} of {len(expected)} bytes were told"
    assert saved_most > 0 and deleted > 0, f"{saved_most} transactions saved, {deleted} logs deleted"
    left = [p.name for p in (state / "spill").glob("*.spill")]
    return len(logs), deleted, saved_most, len(left)


def first_difference(got, expected):
    for number, (a, b) in enumerate(zip(got.splitlines(), expected.splitlines()), 1):
        if a != b:
            return f"line {number} is {a[:300]}, expected {b[:300]}"
    return f"{len(got)} bytes, expected {len(expected)}"


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for seed in range(first, first + seeds):
        directory = Path(tempfile.mkdtemp(prefix="recovery_"))
        try:
            logs, deleted, saved, left = one(seed, directory)
        except Exception:
            print(f"seed {seed} failed; repeat with: recovery_test.py 1 {seed}; its files: {directory}")
            raise
        shutil.rmtree(directory)
        print(f"seed {seed}: {deleted} of {logs} logs deleted while up to {saved} open transactions lay in spill files")


main()
