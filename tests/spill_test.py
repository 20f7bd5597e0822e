"""Transactions larger than memory: capture with --memory far below them writes the same bytes as with enough, stays small,
and leaves no file; a full disk stops it with a sentence that names the largest transactions.

    spill_test.py
"""
import filecmp
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

REDOUBT = os.environ["REDOUBT"]
MIB = 1 << 20

# Rows of many forms, savepoints taken back, in one transaction and in ten at once; LOBs; two threads.
FORMS = {
    "one": ["--transactions", "1", "--open", "1", "--statements", "30000", "--types", "plain", "--operations",
            "insert,update,delete,multi,chain,migrate,savepoint,split,packed"],
    "ten": ["--transactions", "10", "--open", "10", "--statements", "2500", "--types", "plain", "--threads", "2",
            "--operations", "insert,update,delete,multi,chain,migrate,savepoint,rollback,iot,noise"],
    "lobs": ["--transactions", "2", "--open", "2", "--statements", "1000", "--types",
             "number,varchar2,clob,blob,nclob,json,varchar2x", "--threads", "2", "--operations",
             "insert,update,delete,savepoint"],
    "encrypted": ["--transactions", "3", "--open", "3", "--statements", "6000", "--types",
                  "number,varchar2,encrypted,encryptednumber", "--operations", "insert,update,delete,savepoint"],
}

failures = 0


def expect(name, holds, said=""):
    global failures
    if not holds:
        failures += 1
        print(f"{name}: {str(said)[-2000:]}")


def run(*words, env=None):
    """Exit code, standard error, and the most memory it had, in bytes."""
    with tempfile.TemporaryFile() as err:
        child = subprocess.Popen([REDOUBT, *map(str, words)], stdout=err, stderr=err, env={**os.environ, **(env or {})})
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        return child.returncode, err.read().decode(errors="replace"), usage.ru_maxrss << 10


def capture(directory, output, *options, env=None):
    keys = directory / "keys.json"
    return run("capture", "--dictionary", directory / "schema.json", *(["--tde-keys", keys] if keys.exists() else []),
               "--output", output, *options, directory, env=env)


def everything(directory):
    return sorted(str(p.relative_to(directory)) for p in directory.rglob("*"))


def same_as_with_memory_enough(form, folder, small):
    sim, spill = folder / form, folder / f"{form}-spill"
    code, err, _ = run("simulate", "--seed", "7", *FORMS[form], sim)
    expect(f"{form}: simulate", code == 0, err)
    size = sum(p.stat().st_size for p in sim.glob("*.dbf"))
    expect(f"{form}: size", size > 12 * MIB, f"only {size} bytes of redo")
    whole, parts = folder / "whole.jsonl", folder / "parts.jsonl"
    code, err, much = capture(sim, whole, "--memory", "1GiB")
    expect(f"{form}: whole", code == 0, err)
    code, err, little = capture(sim, parts, "--memory", "4MiB", "--spill-dir", spill)
    expect(f"{form}: spilled", code == 0, err)
    expect(f"{form}: output", filecmp.cmp(whole, parts, shallow=False), "differs when changes are spilled")
    expect(f"{form}: files", everything(spill) == [], everything(spill))
    print(f"{form}: {size / MIB:.0f} MiB of redo, {much / MIB:.0f} MiB of memory, spilled {little / MIB:.0f} MiB")
    # Above what a run needs anyway: the budget, a part of a transaction and its text, a group.
    expect(f"{form}: memory", little < small + 26 * MIB, f"{little} bytes, a small run takes {small}")
    code, err, _ = run("simulate", "--check", parts, sim)
    expect(f"{form}: truth", code == 0, err)


def stops_on_a_full_disk(sim, folder):
    out = folder / "full.jsonl"
    spill = folder / "limited"
    code, err, _ = capture(sim, out, "--memory", "4MiB", "--spill-dir", spill, "--spill-limit", "2MiB")
    expect("limit", code == 1 and "the limit of 2097152 bytes; the largest transactions: " in err and
           "in container" in err and "--spill-limit" in err, err)
    expect("limit: files", everything(spill) == [], everything(spill))

    full = folder / "full"
    full.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", full], capture_output=True).returncode == 0
    if not mounted:
        print("no file system could be mounted: the full disk was not tested, only the limit")
        return
    try:
        code, err, _ = capture(sim, out, "--memory", "4MiB", "--spill-dir", full)
        expect("full disk", code == 1 and "No space left on device; the largest transactions: " in err and
               "--spill-dir" in err, err)
        expect("full disk: files", everything(full) == [], everything(full))
    finally:
        subprocess.run(["umount", full], check=True)


def a_killed_run_leaves_nothing_for_the_next(sim, folder):
    temporary = folder / "tmp"
    temporary.mkdir()
    environment = {"TMPDIR": str(temporary)}
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    # Nobody reads the pipe on: the run stands still with its files.
    child = subprocess.Popen([REDOUBT, "capture", "--dictionary", sim / "schema.json", "--memory", "4MiB", "--output", pipe,
                              sim], stderr=subprocess.DEVNULL, env={**os.environ, **environment})
    with open(pipe, "rb"):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not any(name.endswith(".spill") for name in everything(temporary)):
            time.sleep(0.01)
        left = everything(temporary)
        child.send_signal(signal.SIGKILL)
        child.wait()
    expect("killed: spilled", any(name.endswith(".spill") for name in left), left)
    code, err, _ = capture(sim, folder / "next.jsonl", "--memory", "4MiB", env=environment)
    expect("behind a killed run", code == 0 and everything(temporary) == [], f"{err} {everything(temporary)}")
    expect("behind a killed run: output", filecmp.cmp(folder / "next.jsonl", folder / "ten.jsonl", shallow=False),
           "is another")


def one_run_at_a_time(sim, folder):
    spill = folder / "locked"
    spill.mkdir()
    holder = subprocess.Popen([sys.executable, "-c", "import fcntl, sys; f = open(sys.argv[1], 'w');"
                               "fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); sys.stdin.read()", spill / "lock"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    holder.stdout.readline()
    code, err, _ = capture(sim, folder / "no.jsonl", "--spill-dir", spill)
    expect("locked", code == 7 and "another process spills there" in err, err)
    holder.stdin.close()
    holder.wait()


def main():
    with tempfile.TemporaryDirectory(prefix="spill_") as name:
        folder = pathlib.Path(name)
        run("simulate", "--seed", "1", "--transactions", "20", "--types", "plain", folder / "small")
        code, err, small = capture(folder / "small", folder / "small.jsonl", "--memory", "4MiB")
        expect("small", code == 0, err)
        for form in FORMS:
            same_as_with_memory_enough(form, folder, small)
            if form == "ten":
                os.rename(folder / "whole.jsonl", folder / "ten.jsonl")
        stops_on_a_full_disk(folder / "ten", folder)
        a_killed_run_leaves_nothing_for_the_next(folder / "ten", folder)
        one_run_at_a_time(folder / "ten", folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
