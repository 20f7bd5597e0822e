"""The simulator's truth against two readers: capture, and redo_check.py, which was written by somebody else.

    round_trip_test.py [SEEDS]      40 seeds, or as many as told; ./do soak runs more

Each seed gives a database of its own kind: release, byte order, block size, threads, character set, types. redo_check.py
verify must find no broken rule in the logs, redo_check.py rows and capture must both give the truth, row for row.
"""
import os
import pathlib
import shutil
import sys
import tempfile

from independent_reader import CHECK, compare, difference, run, truth, verify
from redo_check_lines import transactions

REDOUBT = os.environ["REDOUBT"]
RELEASES = ["23", "19", "11.2", "12.1", "21", "12.2"]
CHARSETS = ["AL32UTF8", "WE8MSWIN1252", "UTF8", "JA16EUC", "ZHS16GBK", "US7ASCII"]


def options(seed):
    """A kind of database per seed; together the seeds cover every pair of neighbours."""
    words = ["--seed", str(seed), "--transactions", "60", "--types", "all", "--threads", str(1 + seed % 3),
             "--release", RELEASES[seed % 6], "--block-size", ["512", "1024", "4096"][seed // 2 % 3],
             "--charset", CHARSETS[seed // 3 % 6], "--tables", str(1 + seed % 4),
             "--containers", str(1 + seed % 2)]
    return words + (["--big-endian"] if seed % 5 == 0 else [])


def one(seed, directory):
    """None, or what is wrong."""
    words = options(seed)
    code, out, err = run(REDOUBT, "simulate", directory, *words)
    if code != 0:
        return f"simulate exits {code}: {err}"
    logs = sorted(pathlib.Path(directory).glob("*.dbf"))
    code, out, err = run(REDOUBT, "capture", "--dictionary", f"{directory}/schema.json", "--output",
                         f"{directory}/rows.jsonl", directory)
    if code != 0 or "warning" in out + err:
        return f"capture exits {code}: {(out + err)[-2000:]}"
    with open(f"{directory}/rows.jsonl", encoding="utf-8") as lines:
        problem = difference(truth(directory), list(transactions(lines)))
    if problem:
        return f"truth and capture: {problem}"
    return (verify(logs) or compare(directory, logs)) if CHECK.exists() else None


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    if not CHECK.exists():
        print(f"the independent reader is not there: {CHECK}; capture alone is compared with the truth")
    failed = 0
    for seed in range(1, seeds + 1):
        directory = tempfile.mkdtemp(prefix="round_trip_")
        problem = one(seed, directory)
        if problem:
            failed += 1
            print(f"seed {seed}: {problem}\n  replay: {REDOUBT} simulate DIR {' '.join(options(seed))}")
        else:
            shutil.rmtree(directory)
    print(f"{seeds - failed} of {seeds} seeds: both readers give the truth")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
