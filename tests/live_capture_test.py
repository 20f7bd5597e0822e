"""Capture that follows its logs, against a cluster whose logs are being written while files go wrong: killed and stopped at
random moments and started again, its output is the bytes that one undisturbed run over the finished logs gives.

    live_capture_test.py [SEEDS [FIRST]]      25 seeds from 1 on, or as many as told; ./do soak runs more

A seed chooses the cluster, the faults (cluster.py has the list), and when capture is killed. At every moment the output is
a beginning of the truth; no run takes more memory than --memory and a fixed allowance; a stopped one ends within a
second; nothing stays behind. A failing seed prints the command that repeats it.
"""
import collections
import contextlib
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

import cluster
import databases

REDOUBT = os.environ["REDOUBT"]
AT_ONCE = 6  # seeds side by side: most of their time they sleep
# Killed processes lose nothing that they wrote, wherever it is: in memory the many checkpoints need not wait for a disk.
FILES = "/dev/shm" if os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 1 << 30 else None
MIB = 1 << 20
MEMORY_ALLOWANCE = 48 * MIB  # program, dictionary, ledger, and a group and a block buffer for each thread
STOP_MAX = 1.0  # seconds
DAMAGE = "#"  # ends a checkpoint that is cut in half
LOBS_EVERY = 5  # seeds of one with LOBs and encrypted columns
TRUTH_EVERY = 5  # seeds of one whose rows are held against the simulator's truth as well

CALM = ["", "shared,ties,overlap,skew,switches,blocks,parts,move,sleepers", "switches,blocks,skew", "idle,ties,sleepers",
        "move,sleepers,switches", "parts,blocks,move,shared", "shape,parts,ties", "widen,shape,sleepers,move"]
TOPOLOGY = ["enable,ties,move", "disable,enable,parts", "restart,crash,sleepers,switches",
            "crash,disable,enable,idle,restart,move,ties"]


class Run:
    """A cluster, the faults that it meets, and what came of it."""

    def __init__(self, number, threads):
        self.number, self.threads = number, threads
        self.chance = random.Random(number)
        self.faults = set()
        self.all_known = False  # --threads is given
        self.memory = 32 * MIB
        self.recovery = "1h"
        self.check_truth = True
        self.stops = self.kills = self.refusals = self.lines = 0
        self.spilled = False
        self.slowest_stop = 0.0
        self.largest = 0

    def __str__(self):
        return f"{self.threads} threads; " + "; ".join(f"{f}: {cluster.FAULTS[f]}" for f in sorted(self.faults))


class Seed(Run):
    """What a seed chooses."""

    def __init__(self, number):
        super().__init__(number, [2, 3, 8, 1][number % 4])
        possible = [f for f in cluster.FAULTS if self.threads > 1 or f not in ("topology", "appears")]
        self.faults = set(self.chance.sample(possible, self.chance.randint(1, 5)))
        self.all_known = self.threads > 1 and ("appears" in self.faults or self.chance.random() < 0.5)
        # A start takes the oldest logs that it finds. Where a thread may have been enabled and its logs used again by then,
        # and their copies come later, it has to be told what it cannot see.
        if "topology" in self.faults and self.faults & {"reuse", "misplaced", "late", "order", "half", "missing"}:
            self.all_known = True
        if "memory" in self.faults:
            self.memory = MIB
        # What is open for longer is kept in spill files. A LOB page whose row does not come within that time is taken
        # for nobody's.
        self.recovery = self.chance.choice(["1h", "200ms"]) if number % LOBS_EVERY else "1h"
        self.check_truth = number % TRUTH_EVERY == 1

    def simulation(self):
        types = "plain" if self.number % LOBS_EVERY else "all"
        large = ["--statements", "60", "--open", "8"] if "memory" in self.faults else []
        words = databases.options(self.number, 40 if large else 200, "--types", types, *large)
        words[words.index("--threads") + 1] = str(self.threads)
        events = self.chance.choice(TOPOLOGY if "topology" in self.faults else CALM)
        if events and self.threads > 1:
            words += ["--cluster", events]
        return [*words, "--log-size", self.chance.choice(["1MiB", "4MiB"] if large else ["32KiB", "64KiB", "256KiB"])]


class Capture:
    """The runs of one capture, one after the other, and what has to hold at every moment."""

    def __init__(self, seed, command, output, truth):
        self.seed, self.command, self.output, self.truth = seed, command, output, truth
        self.process, self.not_scheduled = None, 0

    def start(self, *more):
        self.said = tempfile.TemporaryFile()
        self.process = subprocess.Popen([*self.command, *more], stdout=self.said, stderr=self.said)

    def wait(self, seconds):
        """The exit code, or None when it still runs then."""
        until = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < until:
            self.look_at_memory()
            with open(f"/proc/{self.process.pid}/schedstat") as times:
                self.not_scheduled = int((times.read().split() or "000")[1]) / 1e9
            time.sleep(0.004)
        self.told_so_far()
        return self.process.returncode

    def look_at_memory(self):
        """The peak as the kernel keeps it. Not ru_maxrss: that begins with what this process had when it forked."""
        with open(f"/proc/{self.process.pid}/status") as status:
            peak = next((int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM")), 0)
        limit = self.seed.memory + MEMORY_ALLOWANCE
        assert peak <= limit, f"memory: {peak} bytes, allowed {limit}"
        self.seed.largest = max(self.seed.largest, peak)
        self.seed.spilled |= any(self.output.parent.glob("redoubt-capture/spill/*.spill"))

    def told_so_far(self):
        """Reads the output: nothing early, nothing wrong."""
        told = self.output.read_bytes() if self.output.exists() else b""
        assert self.truth is None or self.truth.startswith(told), first_difference(told, self.truth)
        return told

    def kill(self):
        self.process.kill()
        assert self.wait(10) == -signal.SIGKILL, self.words()

    def stop(self):
        asked, not_scheduled = time.monotonic(), self.not_scheduled
        self.process.terminate()
        code = self.wait(30)
        # Others may have the processor meanwhile: that is not its fault.
        took = time.monotonic() - asked - (self.not_scheduled - not_scheduled)
        # Before the program listens to the signal it ends by it.
        assert code in (0, -signal.SIGTERM), f"stopped with exit {code}: {self.words()}"
        assert took < STOP_MAX, f"stopped after {took:.2f} s"
        if code == 0:
            self.nothing_left()
        self.seed.stops += 1
        self.seed.slowest_stop = max(self.seed.slowest_stop, took)

    def nothing_left(self):
        """After an orderly end: no spilled changes and no state, but those that a checkpoint names."""
        named = {"retention-floor.json", "spill"}
        for body in self.checkpoints():
            named.update(transaction["file"] for transaction in body["saved"])
        state = self.output.parent / "redoubt-capture"
        odd = [str(p) for p in state.rglob("*") if p.name not in named and
               not (p.name.startswith("dictionary-") and p.suffix == ".json")]
        assert not odd, f"left behind: {odd}"

    def checkpoints(self):
        """All that the ledger has and that are not damaged, as JSON."""
        with contextlib.suppress(sqlite3.OperationalError), self.ledger() as ledger:
            return [json.loads(body) for body, in ledger.execute("SELECT body FROM redoubt_checkpoint")
                    if not body.endswith(DAMAGE)]
        return []  # killed before it was there

    def damage_newest_checkpoint(self):
        if len(self.checkpoints()) > 1:
            with self.ledger() as ledger, ledger:
                ledger.execute("UPDATE redoubt_checkpoint SET body = substr(body, 1, length(body) / 2) || ? "
                               "WHERE number = (SELECT max(number) FROM redoubt_checkpoint)", [DAMAGE])

    def ledger(self):
        return contextlib.closing(sqlite3.connect(f"file:{self.output.parent}/ledger.db?mode=rw", uri=True))

    def words(self):
        self.said.seek(0)
        return "".join(line for line in self.said.read().decode(errors="replace").splitlines(True)
                       if not line.startswith(("log: ", "ddl: ", "dictionary: ")))


def one(number):
    """The seed with its figures; raises what is wrong."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix=f"live_capture_{number}_", dir=FILES))
    seed = Seed(number)
    try:
        follow(seed, directory)
    except BaseException as error:
        trace = "".join(traceback.format_tb(error.__traceback__)[-1:])
        raise RuntimeError(f"seed {number} failed: {error or type(error).__name__}\n{trace}  its faults: {seed}\n"
                           f"  its files: {directory}\n  repeat: REDOUBT={REDOUBT} "
                           f"REDOUBT_SHARED={os.environ.get('REDOUBT_SHARED', '')} python3 {__file__} 1 {number}") from None
    shutil.rmtree(directory)
    return seed


def follow(seed, directory):
    chance, simulated, home = seed.chance, directory / "simulated", directory / "home"
    words = seed.simulation()
    subprocess.run([REDOUBT, "simulate", simulated, *words], check=True, capture_output=True)
    files = sorted(simulated.glob("*.dbf"))
    options = [word for file in sorted(simulated.glob("schema*.json")) for word in ("--dictionary", file)]
    if (simulated / "keys.json").exists():
        options += ["--tde-keys", simulated / "keys.json"]
    batch = subprocess.run([REDOUBT, "capture", *options, "--output", directory / "batch.jsonl", *files],
                           capture_output=True, text=True)
    assert batch.returncode in (0, 3), f"batch: exit {batch.returncode}: {batch.stderr}"
    truth = (directory / "batch.jsonl").read_bytes()
    if seed.check_truth:
        checked = subprocess.run([REDOUBT, "simulate", "--check", directory / "batch.jsonl", simulated],
                                 capture_output=True, text=True)
        assert checked.returncode == 0, f"simulate --check: {checked.stdout}{checked.stderr}"

    logs = [cluster.Log(path) for path in files]
    instances, clock = cluster.instances(logs, home, seed.faults, seed.number, chance.uniform(0.3, 1.5))
    (directory / "redoubt.yaml").write_text(
        f"capture:\n  order:\n    discovery_interval: 50ms\n  recovery_time: {seed.recovery}\n")
    command = [REDOUBT, "capture", *options, "--watch", home / "archive", "--watch", home / "second", "--watch",
               home / "online", "--output", directory / "live.jsonl", "--ledger", f"sqlite:{directory}/ledger.db",
               "--checkpoint-interval", "30ms", "--memory", str(seed.memory), "--config", directory / "redoubt.yaml"]
    firsts = {i.thread: i.logs[0].sequence for i in instances if seed.all_known or i.logs[0] not in clock.enabled}
    command += ["--start", ",".join(f"thread={t}:seq={s}" for t, s in firsts.items())]
    if seed.all_known:
        command += ["--threads", ",".join(map(str, firsts))]
    capture = Capture(seed, command, directory / "live.jsonl", truth)
    for instance in instances:
        instance.start()
    try:
        disturb(seed, capture, instances, logs, home)
    finally:
        clock.hurry.set()
        if capture.process and capture.process.returncode is None:
            capture.process.kill()
            capture.process.wait()
        for instance in instances:
            instance.join()
            assert not instance.error, instance.error

    capture.start("--until-idle")
    code = capture.wait(60)
    assert code == 0, f"the last run: exit {code}: {capture.words()}"
    capture.nothing_left()
    # Behind the SCN at which the first thread ends, that thread might still commit something: nothing is told.
    end = min((i.logs[-1].next_scn for i in instances if not i.logs[-1].disabled), default=1 << 62)
    lines = [line for line in truth.splitlines(True) if json.loads(line)["c_scn"] + 1 < end]
    told = capture.told_so_far()
    assert told == b"".join(lines), f"{len(told)} bytes, {first_difference(told, b''.join(lines))}: {capture.words()}"
    floor = json.loads((directory / "redoubt-capture" / "retention-floor.json").read_text())["lowest_sequence"]
    assert set(floor) == {str(i.thread) for i in instances}, floor
    seed.lines = len(lines)


def disturb(seed, capture, instances, logs, home):
    """Kills and stops capture, and does to its files what is done while it is down, as long as instances write."""
    chance = seed.chance
    foreign = home / "archive" / "foreign.dbf"
    copies = [b""]  # of the output, as it was at some moments
    while any(instance.is_alive() for instance in instances):
        if "foreign" in seed.faults and chance.random() < 0.3:
            foreign.write_bytes(chance.choice(logs).of_another_database())
        capture.start()
        code = capture.wait(chance.uniform(0.05, 0.7))
        if code is None and foreign.exists():
            code = capture.wait(10)
        if code is None:
            if chance.random() < 0.6:
                capture.kill()
                seed.kills += 1
            else:
                capture.stop()
        elif code == 6 and foreign.exists():
            assert "DBID" in capture.words() and "foreign.dbf" in capture.words(), capture.words()
            seed.refusals += 1
        else:
            raise AssertionError(f"ended by itself, exit {code}: {capture.words()}")
        foreign.unlink(missing_ok=True)
        if "ledger" in seed.faults:
            capture.damage_newest_checkpoint()
        if "restored" in seed.faults and chance.random() < 0.5:
            put_back(seed, capture, chance.choice(copies))
        copies.append(capture.told_so_far())


def put_back(seed, capture, older):
    """Makes an older copy the output. Where no checkpoint is that old, capture refuses it and leaves it alone."""
    newer = capture.told_so_far()
    capture.output.write_bytes(older)
    lengths = [body["sink"]["length"] for body in capture.checkpoints()]
    if not lengths or min(lengths) <= len(older):
        return
    capture.start()
    assert capture.wait(10) == 5 and "none of its" in capture.words(), capture.words()
    assert capture.output.read_bytes() == older, "the output was refused, and yet changed"
    capture.output.write_bytes(newer)
    seed.refusals += 1


def first_difference(got, expected):
    for number, (a, b) in enumerate(zip(got.splitlines(), expected.splitlines()), 1):
        if a != b:
            return f"line {number} is {a[:300]}, expected {b[:300]}"
    return f"{len(got)} bytes, expected {len(expected)}; one ends before the other"


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.monotonic()
    good, bad, faults = [], 0, collections.Counter()
    with concurrent.futures.ProcessPoolExecutor(AT_ONCE) as pool:
        for future in concurrent.futures.as_completed([pool.submit(one, n) for n in range(first, first + seeds)]):
            try:
                good.append(future.result())
                faults.update(good[-1].faults)
            except RuntimeError as error:
                bad += 1
                print(error, flush=True)
    took = time.monotonic() - began
    if good:
        print(f"{len(good)} of {seeds} clusters in {took:.0f} s ({took / seeds:.2f} s each): all "
              f"{sum(s.lines for s in good)} lines exactly once and in order, through {sum(s.kills for s in good)} kills, "
              f"{sum(s.stops for s in good)} stops (the slowest took {max(s.slowest_stop for s in good):.2f} s), "
              f"{sum(s.refusals for s in good)} refusals; {sum(s.spilled for s in good)} spilled; most memory "
              f"{max(s.largest for s in good) / MIB:.0f} MiB")
        print("faults: " + ", ".join(f"{name} {faults[name]}" for name in cluster.FAULTS))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
