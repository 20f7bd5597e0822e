"""Bounded recovery: transactions stay open while log after log is written, capture is killed or stopped behind each, and
every log below its retention floor is deleted. What the spill files keep of the open transactions must be all that is
missing: in the end the output is what one undisturbed run over all logs gives.

    recovery_test.py [SEEDS [FIRST]]      4 seeds from 1 on, or as many as told
    recovery_test.py large SIZE           four transactions that are open from the first to the last log of SIZE, as 10GiB

A failing seed is repeated by: recovery_test.py 1 SEED
"""
import concurrent.futures
import hashlib
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


def one(seed, directory, damage=None):
    """`damage`: done to each spill file, once; then no log may be deleted."""
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
        said = ""
        if chance.random() < 0.5:
            process = subprocess.Popen([REDOUBT, *map(str, command)], stderr=subprocess.PIPE, text=True)
            time.sleep(chance.uniform(0.05, 0.4))
            process.send_signal(signal.SIGKILL)
            said = process.communicate()[1]
        done = run(*command, "--until-idle")
        assert done.returncode == 0, done.stderr[-3000:]
        assert ("have to be read again" in said + done.stderr) == (damage == "done"), (said + done.stderr)[-3000:]
        spilled = list((state / "spill").glob("*.spill"))
        if damage == "done":
            damage = "was done"
        elif damage and damage != "was done" and len(spilled) > 1:
            for file in spilled:
                damage(file)
            damage = "done"
        saved_most = max(saved_most, len(spilled))
        if not (state / "retention-floor.json").exists():
            continue  # a thread has no log yet
        floor = json.loads((state / "retention-floor.json").read_text())["lowest_sequence"]
        for file in watched.iterdir():
            thread, sequence = sequence_of(file)
            if sequence < floor[str(thread)] and not damage:
                file.unlink()
                deleted += 1
    got, expected = output.read_bytes(), whole.read_bytes()
    # The last thread to end may leave the others waiting: what was told is the truth from its begin on.
    end = min(max(json.loads(line)["c_scn"] for line in (got or expected).splitlines()),
              max(json.loads(line)["c_scn"] for line in expected.splitlines()))
    part = b"".join(line for line in expected.splitlines(True) if json.loads(line)["c_scn"] <= end)
    assert got == part, first_difference(got, part)
    assert len(part) * 10 >= len(expected) * 9, f"only {len(part)} of {len(expected)} bytes were told"
    assert saved_most > 0 and (deleted > 0 or damage == "was done"), f"{saved_most} saved, {deleted} deleted, {damage}"
    return len(logs), deleted, saved_most


def cut(file):
    os.truncate(file, file.stat().st_size - 1)


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x10
    file.write_bytes(content)


def large(size, directory):
    """Transactions that are open over `size` of redo; logs go as soon as the retention floor lets them."""
    simulated, watched, state = directory / "simulated", directory / "watched", directory / "state"
    made = run("simulate", simulated, "--seed", 1, "--workload", "long", "--transactions", 4, "--threads", 2, "--size", size,
               "--log-size", "64MiB", "--types", "number,varchar2")
    assert made.returncode == 0, made.stderr
    (simulated / "truth.jsonl").unlink()
    schema = ["--dictionary", simulated / "schema.json"]
    logs = sorted(simulated.glob("*.dbf"), key=first_scn)
    redo = sum(log.stat().st_size for log in logs)
    whole = directory / "whole.jsonl"
    made = run("capture", *schema, "--output", whole, "--spill-dir", directory / "spill", simulated)
    assert made.returncode in (0, 3), made.stderr
    expected, lines = digest(whole)
    whole.unlink()
    watched.mkdir()
    output = directory / "rows.jsonl"
    command = ["capture", "--watch", watched, *schema, "--output", output, "--ledger", f"sqlite:{directory}/ledger.db",
               "--state-dir", state, "--checkpoint-interval", "100ms", "--recovery-window", "1", "--threads", "1,2"]
    most = deleted = 0
    for at, log in enumerate(logs, 1):
        os.rename(log, watched / log.name)
        if at % 16 and at < len(logs):
            continue
        process = subprocess.Popen([REDOUBT, *map(str, command)], stderr=subprocess.DEVNULL)
        time.sleep(1)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen([REDOUBT, *map(str, command), "--until-idle"], stderr=said)
            _, status, usage = os.wait4(process.pid, 0)
            said.seek(0)
            assert status == 0, said.read().decode()[-3000:]
        most = max(most, usage.ru_maxrss << 10)
        floor = json.loads((state / "retention-floor.json").read_text())["lowest_sequence"]
        for file in watched.iterdir():
            thread, sequence = sequence_of(file)
            if sequence < floor[str(thread)]:
                file.unlink()
                deleted += 1
    got, _ = digest(output)
    assert got == expected, "the output differs from that of an undisturbed run"
    assert deleted >= len(logs) - 2, f"{deleted} of {len(logs)} logs were deleted"
    assert most < 400 << 20, f"{most} bytes of memory"
    print(f"{redo >> 20} MiB of redo, {deleted} of {len(logs)} logs deleted before 4 transactions that began in the first "
          f"ones committed: {lines} lines as in an undisturbed run, {most >> 20} MiB of memory at most")


def digest(path):
    sha, lines = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
            lines += block.count(b"\n")
    return sha.hexdigest(), lines


def first_difference(got, expected):
    for number, (a, b) in enumerate(zip(got.splitlines(), expected.splitlines()), 1):
        if a != b:
            return f"line {number} is {a[:300]}, expected {b[:300]}"
    return f"{len(got)} bytes, expected {len(expected)}"


def main():
    if sys.argv[1:2] == ["large"]:
        directory = Path(tempfile.mkdtemp(prefix="recovery_"))
        large(sys.argv[2], directory)
        shutil.rmtree(directory)
        return
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    runs = [(seed, None) for seed in range(first, first + seeds)]
    if len(sys.argv) == 1:
        runs += [(1, cut), (2, flip), (4, os.remove)]
    # Most of the time they wait.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for line in pool.map(lambda run: told(*run), runs):
            print(line)


def told(seed, damage):
    directory = Path(tempfile.mkdtemp(prefix="recovery_"))
    try:
        logs, deleted, saved = one(seed, directory, damage)
    except Exception:
        print(f"seed {seed} failed; repeat with: recovery_test.py 1 {seed}; its files: {directory}")
        raise
    shutil.rmtree(directory)
    if damage:
        return f"seed {seed}: spill files of open transactions damaged ({damage.__name__}), their redo read again"
    return f"seed {seed}: {deleted} of {logs} logs deleted while up to {saved} open transactions lay in spill files"


main()
