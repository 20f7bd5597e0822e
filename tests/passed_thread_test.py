"""A thread whose logs do not come is passed, by --max-thread-lag or by `capture advance`: the others are told without it,
what it commits is told when its logs come after all, marked late; everything once, positions ascending, also when capture
is killed in between.

    passed_thread_test.py
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cluster

REDOUBT = os.environ["REDOUBT"]
failures = 0


def expect(name, holds, said=""):
    global failures
    if not holds:
        failures += 1
        print(f"{name}: {str(said)[-2000:]}")


def run(*words):
    return subprocess.run([REDOUBT, *map(str, words)], capture_output=True, text=True, timeout=120)


def transactions(path):
    """Of each whole transaction, in the order of the file: commit SCN, XID, whether it is late, positions, row changes."""
    found = []
    for line in path.read_text().splitlines() if path.exists() else []:
        message = json.loads(line)
        payload = message["payload"][0]
        if payload["op"] == "begin":
            late, positions, rows = message.get("late", False), [], []
        positions.append((message["c_scn"], message["c_idx"]))
        if payload["op"] == "commit":
            found.append((message["commit_scn"], message["xid"], late, positions, rows))
        elif payload["op"] != "begin":
            rows.append(payload)
    return found


def wait_for(what, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def passed(folder, threads, order, kill, first_is_there=True):
    """`order` has the thread passed: options of capture, or None for an order given while it runs."""
    sim, watched = folder / "sim", folder / "watched"
    made = run("simulate", sim, "--seed", threads, "--threads", threads, "--transactions", 200, "--types", "number,varchar2",
               "--operations", "insert,update,delete", "--log-size", "32KiB")
    expect("simulate", made.returncode == 0, made.stderr)
    truth = folder / "truth.jsonl"
    made = run("capture", "--dictionary", sim / "schema.json", "--output", truth, sim)
    true = transactions(truth)
    watched.mkdir()
    logs = [cluster.Log(path) for path in sorted(sim.glob("*.dbf"))]
    for log in logs:
        if log.thread != 2:
            shutil.copy(log.path, watched)
    output, ledger = folder / "rows.jsonl", f"sqlite:{folder}/ledger.db"
    command = ["capture", "--watch", watched, "--dictionary", sim / "schema.json", "--output", output, "--ledger", ledger,
               "--threads", ",".join(str(t + 1) for t in range(threads)), "--checkpoint-interval", "20ms",
               *(order or [])]
    others = [log for log in logs if log.thread == 2]
    if first_is_there:
        shutil.copy(others.pop(0).path, watched)
    with open(folder / "said", "w") as said:
        process = subprocess.Popen([REDOUBT, *map(str, command)], stderr=said)
        if order is None:
            expect("advance: told before", wait_for(lambda: len(transactions(output)) > 0), (folder / "said").read_text())
            before = -1
            while before != len(transactions(output)):
                before = len(transactions(output))
                time.sleep(0.5)
            expect("advance: it waits", before < len(true), before)
            later = [t[0] for t in true if t[0] > others[0].first_scn]
            for scn in (later[len(later) // 4], later[len(later) // 2]):  # the second order goes further than the first
                told = run("capture", "advance", "--ledger", ledger, "--thread", 2, "--scn", scn)
                expect("advance", told.returncode == 0 and "without waiting" in told.stdout, told.stdout + told.stderr)
                expect("taken up", wait_for(lambda: f"up to SCN {scn}" in (folder / "said").read_text()),
                       (folder / "said").read_text())
            wanted = sum(1 for t in true if t[0] < scn) * 2 // 5
        else:
            wanted = len(true) // 3
        expect("passed", wait_for(lambda: "is passed" in (folder / "said").read_text()), (folder / "said").read_text())
        expect("others are told", wait_for(lambda: len(transactions(output)) >= wanted), (folder / "said").read_text())
        time.sleep(0.2)
        early = transactions(output)
        expect("without the thread", len(early) < len(true), "everything was told")
        if kill:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for log in others:
            shutil.copy(log.path, watched)
        if not kill:
            expect("caught up", wait_for(lambda: "the order is exact again" in (folder / "said").read_text()),
                   (folder / "said").read_text())
            process.send_signal(signal.SIGTERM)
            process.wait()
    done = run(*command, "--until-idle")
    expect("goes on", done.returncode == 0, done.stderr)
    got = transactions(output)
    # Behind the end of the first thread that ends nothing may be told: it could still bring something.
    end = min(max(log.next_scn for log in logs if log.thread == thread) for thread in range(1, threads + 1))
    expected = {t[:2]: t[4] for t in true if t[0] < end}
    expect("each once", len({t[:2] for t in got}) == len(got), f"{len(got)} told")
    expect("complete and whole", {t[:2]: t[4] for t in got} == expected,
           f"{len(got)} told, {len(expected)} expected, {[k for k in expected if k not in {t[:2] for t in got}][:3]}")
    positions = [position for t in got for position in t[3]]
    expect("positions ascend", all(a < b for a, b in zip(positions, positions[1:])), "they do not")
    in_order = [t[0] for t in got if not t[2]]
    expect("the others in order", in_order == sorted(in_order), "they are not")
    late = sum(t[2] for t in got)
    expect("late", late > 0, "none is marked late")
    text = (folder / "said").read_text()
    expect("said", "thread 2" in text and "is passed" in text, text)
    print(f"{threads} threads, {'advance' if order is None else ' '.join(order)}: {len(early)} of {len(true)} transactions "
          f"without thread 2, {late} late{', killed' if kill else ''}")


def main():
    lag = ["--max-thread-lag", "200ms"]
    cases = [(threads, order, threads != 3, True) for threads in (2, 3, 8) for order in (lag, None)]
    for case in [*cases, (3, lag, True, False)]:
        folder = Path(tempfile.mkdtemp(prefix="passed_"))
        passed(folder, *case)
        if failures:
            print(f"its files: {folder}")
            return 1
        shutil.rmtree(folder)
    return 0


sys.exit(main())
