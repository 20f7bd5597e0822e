"""Large transactions, and many at once: complete, in bounded memory, with nothing left behind.

    large_transactions_test.py           a fiftieth of the rows, in a fiftieth of the memory: for every day
    large_transactions_test.py full      one of 5,000,000 rows, ten of 1,000,000 at once, 20,000 open at once, with the
                                         memory that capture takes when not told: some minutes, 20 GB of disk in $TMPDIR
"""
import filecmp
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

REDOUBT = os.environ["REDOUBT"]
MIB = 1 << 20
PART = 50
FULL = sys.argv[1:] == ["full"]
MEMORY = 256 * MIB if FULL else 256 * MIB // PART
# What a run needs besides its open transactions: what it is made of, buffers, a part of a transaction and its text.
BESIDES = 40 * MIB
REDO_OF_ROW = 390  # bytes, of an insert into the narrow table of the simulator: a little more than there is

FORMS = {  # rows of each, transactions, options of the simulator
    "one": (5_000_000, 1, ["--workload", "long", "--transactions", "1"]),
    "ten": (1_000_000, 10, ["--workload", "long", "--transactions", "10", "--threads", "2"]),
    "open": (2, 20_000, ["--workload", "open", "--transactions", "20000", "--threads", "2"]),
}


def run(*words):
    """Standard output and error, the most memory it had in bytes, its CPU time and its time."""
    with tempfile.TemporaryFile() as said:
        begun = time.monotonic()
        child = subprocess.Popen([REDOUBT, *map(str, words)], stdout=said, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode(errors="replace")
        assert child.returncode == 0, f"{words}: exit {child.returncode}: {text[-2000:]}"
        return text, usage.ru_maxrss << 10, usage.ru_utime + usage.ru_stime, time.monotonic() - begun


def capture(directory, output, *options):
    return run("capture", "--dictionary", directory / "schema.json", "--output", output, *options, directory)


def check(form, folder):
    rows, transactions, options = FORMS[form]
    if form != "open" and not FULL:
        rows //= PART
    memory = 256 * MIB if form == "open" else MEMORY
    sim, spill, out = folder / form, folder / "spill", folder / "rows.jsonl"
    size = ["--size", rows * transactions * REDO_OF_ROW] if form != "open" else []
    said, _, _, made_in = run("simulate", "--seed", "1", *options, *size, sim)
    made = int(re.search(r"(\d+) row changes", said)[1])
    assert made >= rows * transactions, f"{form}: only {made} rows were made"
    said, peak, cpu, seconds = capture(sim, out, "--memory", memory, "--spill-dir", spill)
    assert int(re.search(r"with (\d+) rows", said)[1]) == made, f"{form}: {said}"
    left = sorted(p.name for p in spill.iterdir())
    assert left == [], f"{form}: left in the spill directory: {left}"
    redo = sum(p.stat().st_size for p in sim.glob("*.dbf"))
    print(f"{form}: {made} rows in {redo / MIB:.0f} MiB of redo, made in {made_in:.0f} s; captured in {seconds:.1f} s, "
          f"{cpu:.1f} s of CPU, peak {peak / MIB:.0f} MiB of memory with --memory {memory / MIB:.0f} MiB", flush=True)
    assert peak < memory + BESIDES, f"{form}: {peak} bytes"
    # Held against the truth, or where that would take too long against a run that spills nothing.
    if FULL and form != "open":
        whole = folder / "whole.jsonl"
        capture(sim, whole, "--memory", "20GiB")
        assert filecmp.cmp(out, whole, shallow=False), f"{form}: differs from what is told with memory for all"
        whole.unlink()
    else:
        run("simulate", "--check", out, sim)
    subprocess.run(["rm", "-r", sim, spill, out], check=True)


def main():
    with tempfile.TemporaryDirectory(prefix="large_transactions_") as name:
        for form in FORMS:
            check(form, pathlib.Path(name))


if __name__ == "__main__":
    main()
