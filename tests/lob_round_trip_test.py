"""LOBs of the simulator, in the row and out of it, against its truth: every value that is in redo must come out whole.

    lob_round_trip_test.py [SEEDS]      12 seeds, or as many as told
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

REDOUBT = os.environ["REDOUBT"]
HERE = pathlib.Path(__file__).parent
RELEASES = ["23", "19", "11.2", "12.1", "21", "12.2"]


def options(seed):
    words = ["--seed", str(seed), "--transactions", "40", "--threads", str(1 + seed % 2), "--release", RELEASES[seed % 6],
             "--tables", str(1 + seed % 3), "--charset", ["AL32UTF8", "WE8MSWIN1252", "JA16EUC"][seed % 3],
             "--types", "number,clob,blob,nclob,varchar2x,rawx,long"]
    return words + (["--big-endian"] if seed % 4 == 0 else [])


def one(seed, directory):
    """The number of rows, or what is wrong."""
    subprocess.run([REDOUBT, "simulate", directory, *options(seed)], check=True, capture_output=True)
    result = subprocess.run([REDOUBT, "capture", "--dictionary", f"{directory}/schema.json", "--output",
                             f"{directory}/rows.jsonl", directory], capture_output=True, text=True)
    if result.returncode != 0 or "warning" in result.stderr:
        return f"capture exits {result.returncode}: {result.stderr[-2000:]}"
    lines = subprocess.run([sys.executable, HERE / "redo_check_lines.py", f"{directory}/rows.jsonl"], check=True,
                           capture_output=True, text=True).stdout
    found = [json.loads(line) for line in lines.splitlines()]
    truth = [json.loads(line) for line in pathlib.Path(f"{directory}/truth.jsonl").read_text(encoding="utf-8").splitlines()]
    if [t["xid"] for t in found] != [t["xid"] for t in truth]:
        return f"{len(found)} transactions, {len(truth)} in the truth"
    for ours, theirs in zip(found, truth):
        if ours["ops"] != theirs["ops"]:
            a, b = next((a, b) for a, b in zip(ours["ops"] + [None], theirs["ops"] + [None]) if a != b)
            return f"{ours['xid']}:\n{a}\n{b}"[:4000]
    return sum(len(t["ops"]) for t in truth)


def main():
    rows = failed = 0
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory(prefix="lob_round_trip_") as directory:
            result = one(seed, directory)
        if isinstance(result, int):
            rows += result
        else:
            failed += 1
            print(f"seed {seed}: {result}\n  replay: {REDOUBT} simulate DIR {' '.join(options(seed))}")
    print(f"{seeds - failed} of {seeds} seeds, {rows} rows as in the truth")
    return 1 if failed or rows == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
