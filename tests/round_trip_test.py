"""The simulator's truth against two readers: capture, and redo_check.py, which was written by somebody else.

    round_trip_test.py [SEEDS]      40 seeds, or as many as told; ./do soak runs more

Each seed gives a database of its own kind: release, byte order, block size, threads, character set, types. redo_check.py
verify must find no broken rule in the logs, redo_check.py rows and capture must both give the truth, row for row. Only
capture has the keys of encrypted columns: what redo_check.py says of them is not compared.
"""
import os
import pathlib
import re
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


def one(seed, directory):
    """None, or what is wrong."""
    words = options(seed)
    code, out, err = run(REDOUBT, "simulate", directory, *words)
    if code != 0:
        return f"simulate exits {code}: {err}"
    logs = sorted(pathlib.Path(directory).glob("*.dbf"))
    keys = pathlib.Path(directory) / "keys.json"
    code, out, err = run(REDOUBT, "capture", "--dictionary", f"{directory}/schema.json", "--output",
                         f"{directory}/rows.jsonl", *(["--tde-keys", keys] if keys.exists() else []), directory)
    said = UNPROVEN.sub("", out + err)
    if code != 0 or "warning" in said:
        return f"capture exits {code}: {said[-2000:]}"
    with open(f"{directory}/rows.jsonl", encoding="utf-8") as lines:
        captured = list(transactions(lines))
    if said != out + err:
        show_unproven(truth(directory), captured)
    problem = difference(truth(directory), captured)
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
