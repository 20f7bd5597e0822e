"""The simulator's truth against two readers: capture, and redo_check.py, which was written by somebody else.

    round_trip_test.py [SEEDS]      40 seeds, or as many as told; ./do soak runs more

Each seed gives a database of its own kind: release, byte order, block size, threads, character set, containers; and once
more as a cluster of 2, 3 or 8 threads to which something happens. redo_check.py
verify must find no broken rule in the logs, redo_check.py rows and capture must both give the truth, row for row. Only
capture has the keys of encrypted columns: what redo_check.py says of them is not compared.
"""
import os
import pathlib
import re
import shutil
import sys
import tempfile

import databases
from independent_reader import CHECK, Header, compare, difference, exact, run, schemas, verify, whole_truth
from redo_check_lines import transactions

REDOUBT = os.environ["REDOUBT"]
LOBS = "number,clob,blob,nclob,varchar2x,rawx,long"
LOBS_EVERY = 3  # seeds of one with LOBs in most of the columns


def options(seed, types):
    return databases.options(seed, 60, "--types", types)


# Of a table without MACs the first few values may not prove the key: they are then not shown.
UNPROVEN = re.compile(r"^warning: .*encrypted columns .* no value has proved the key: .*\n", re.MULTILINE)
UNPROVEN_MAX = 8


def show_unproven(true, captured):
    """Puts the values in, a few at most."""
    left = UNPROVEN_MAX
    for a, b in zip(true, captured):
        for x, y in zip(a["ops"], b["ops"]):
            for side in ("before", "after"):
                for column, value in y[side].items():
                    if value == {"$unavailable": "encrypted"} and left > 0:
                        y[side][column] = x[side].get(column)
                        left -= 1


def one(words, directory):
    """None, or what is wrong, in any incarnation."""
    code, out, err = run(REDOUBT, "simulate", directory, *words)
    if code != 0:
        return f"simulate exits {code}: {err}"
    later = pathlib.Path(directory) / "incarnation_2"
    if later.exists() != ("resetlogs" in str(words)):
        return f"{later} exists: {later.exists()}"
    return incarnation(words, directory) or later.exists() and incarnation(words, later) or None


def incarnation(words, directory):
    logs = sorted(pathlib.Path(directory).glob("*.dbf"))
    dictionaries = [word for file in schemas(directory) for word in ("--dictionary", file)]
    keys = pathlib.Path(directory) / "keys.json"
    code, out, err = run(REDOUBT, "capture", *dictionaries, "--output", f"{directory}/rows.jsonl",
                         *(["--tde-keys", keys] if keys.exists() else []), *logs)
    said = UNPROVEN.sub("", out + err)
    unproven = said != out + err
    if code != 0 or "warning" in said:
        return f"capture exits {code}: {said[-2000:]}"
    true = whole_truth(directory)
    with open(f"{directory}/rows.jsonl", encoding="utf-8") as lines:
        captured = list(transactions(lines, number=exact))
    if unproven:
        show_unproven(true, captured)
    problem = difference(true, captured)
    if problem:
        return f"truth and capture: {problem}"
    code, out, err = run(REDOUBT, "simulate", "--check", f"{directory}/rows.jsonl", directory)
    if code != 0 and not unproven:
        return f"simulate --check exits {code}: {out}{err}"
    return (verify(logs) or compare(directory, logs, "widen" in str(words))) if CHECK.exists() else None


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    if not CHECK.exists():
        print(f"the independent reader is not there: {CHECK}; capture alone is compared with the truth")
    runs = [options(seed, "all") for seed in range(1, seeds + 1)]
    runs += [databases.cluster(seed, 60, "--types", "plain" if seed % 4 else "all") for seed in range(1, seeds + 1)]
    runs += [["--seed", str(threads), "--threads", threads, "--workload", workload, *size]
             for threads in "238" for workload, *size in (("open", "--transactions", "2000", "--cluster", "ties,parts,move"),
                                                           ("long", "--transactions", "3", "--size", "2MiB"))]
    runs += [options(seed, LOBS) for seed in range(1, seeds + 1, LOBS_EVERY)]
    failed = 0
    for words in runs:
        directory = tempfile.mkdtemp(prefix="round_trip_")
        problem = one(words, directory)
        if problem:
            failed += 1
            print(f"{problem}\n  replay: {REDOUBT} simulate DIR {' '.join(words)}")
        else:
            shutil.rmtree(directory)
    print(f"{len(runs) - failed} of {len(runs)} databases: both readers give the truth")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
