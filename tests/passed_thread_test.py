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

REDOUBT = os.environ["REDOUBT"]
failures = 0


def expect(name, holds, said=""):
    global failures
    if not holds:
        failures += 1
        print(f"{name}: {str(said)[-2000:]}")


def run(*words):
    return subprocess.run([REDOUBT, *map(str, words)], capture_output=True, text=True, timeout=120)


def commits(path):
    """(commit SCN, XID, late, position) of each transaction, in the order of the file; each whole."""
    found, rows = [], {}
    if not path.exists():
        return found
    for line in path.read_text().splitlines():
        message = json.loads(line)
        op = message["payload"][0]["op"]
        if op == "begin":
            late = message.get("late", False)
        elif op == "commit":
            found.append((message["commit_scn"], message["xid"], late, (message["c_scn"], message["c_idx"])))
    return found


def wait_for(what, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def thread_of(log):
    head = log.read_bytes()[:8192]
    order = "little" if head[28:32] == bytes.fromhex("7d7c7b7a") else "big"
    size = int.from_bytes(head[20:24], order)
    return int.from_bytes(head[size + 176:size + 178], order)


def passed(folder, threads, order, kill):
    """`order` has the thread passed: options of capture, or None for an order given while it runs."""
    sim, watched = folder / "sim", folder / "watched"
    made = run("simulate", sim, "--seed", threads, "--threads", threads, "--transactions", 200, "--types", "number,varchar2",
               "--operations", "insert,update,delete", "--log-size", "32KiB")
    expect("simulate", made.returncode == 0, made.stderr)
    truth = folder / "truth.jsonl"
    made = run("capture", "--dictionary", sim / "schema.json", "--output", truth, sim)
    true = commits(truth)
    watched.mkdir()
    logs = sorted(sim.glob("*.dbf"))
    for log in logs:
        if thread_of(log) != 2:
            shutil.copy(log, watched)
    output, ledger = folder / "rows.jsonl", f"sqlite:{folder}/ledger.db"
    command = ["capture", "--watch", watched, "--dictionary", sim / "schema.json", "--output", output, "--ledger", ledger,
               "--threads", ",".join(str(t + 1) for t in range(threads)), "--checkpoint-interval", "20ms",
               *(order or [])]
    # One log of thread 2, so that it has a place to be passed at.
    first, *others = [log for log in logs if thread_of(log) == 2]
    shutil.copy(first, watched)
    with open(folder / "said", "w") as said:
        process = subprocess.Popen([REDOUBT, *map(str, command)], stderr=said)
        if order is None:
            expect("advance: told before", wait_for(lambda: len(commits(output)) > 0), (folder / "said").read_text())
            before = -1
            while before != len(commits(output)):
                before = len(commits(output))
                time.sleep(0.5)
            expect("advance: it waits", before < len(true), before)
            scn = true[len(true) // 2][0]
            told = run("capture", "advance", "--ledger", ledger, "--thread", 2, "--scn", scn)
            expect("advance", told.returncode == 0 and "without waiting" in told.stdout, told.stdout + told.stderr)
            wanted = sum(1 for t in true if t[0] < scn) * 2 // 5
        else:
            wanted = len(true) // 3
        expect("passed", wait_for(lambda: "is passed" in (folder / "said").read_text()), (folder / "said").read_text())
        expect("others are told", wait_for(lambda: len(commits(output)) >= wanted), (folder / "said").read_text())
        time.sleep(0.2)
        early = commits(output)
        expect("without the thread", len(early) < len(true), "everything was told")
        if kill:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for log in others:
            shutil.copy(log, watched)
        if not kill:
            expect("caught up", wait_for(lambda: "the order is exact again" in (folder / "said").read_text()),
                   (folder / "said").read_text())
            process.send_signal(signal.SIGTERM)
            process.wait()
    done = run(*command, "--until-idle")
    expect("goes on", done.returncode == 0, done.stderr)
    got = commits(output)
    # Behind the end of the first thread that ends nothing may be told: others could still come.
    keys = {t[:2] for t in got}
    missing = [t for t in true if t[:2] not in keys]
    expect("complete", len(missing) <= len(true) // 10 and all(t[0] >= max(got)[0] for t in missing), missing[:3])
    expect("each once", len(keys) == len(got), f"{len(got)} told, {len(keys)} different")
    expect("all true", keys <= {t[:2] for t in true}, keys - {t[:2] for t in true})
    positions = [t[3] for t in got]
    expect("positions ascend", positions == sorted(positions) and len(set(positions)) == len(positions), "they do not")
    in_order = [t[0] for t in got if not t[2]]
    expect("the others in order", in_order == sorted(in_order), "they are not")
    late = sum(t[2] for t in got)
    expect("late", late > 0, "none is marked late")
    text = (folder / "said").read_text()
    expect("said", "thread 2" in text and "is passed" in text, text)
    print(f"{threads} threads, {'advance' if order is None else ' '.join(order)}: {len(early)} of {len(true)} transactions "
          f"without thread 2, {late} late{', killed' if kill else ''}")


def main():
    for threads in (2, 3, 8):
        for order in (["--max-thread-lag", "200ms"], None):
            folder = Path(tempfile.mkdtemp(prefix="passed_"))
            passed(folder, threads, order, threads != 3)
            if failures:
                print(f"its files: {folder}")
                return 1
            shutil.rmtree(folder)
    return 0


sys.exit(main())
