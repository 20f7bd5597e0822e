"""The simulator's truth against two readers: capture, and redo_check.py, which was written by somebody else.

    round_trip_test.py [SEEDS]      40 seeds, or as many as told; ./do soak runs more

Each seed gives a database of its own kind: release, byte order, block size, threads, character set, types. redo_check.py
verify must find no broken rule in the logs, redo_check.py rows and capture must both give the truth, row for row.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

REDOUBT = os.environ["REDOUBT"]
CHECK = pathlib.Path(os.environ["REDOUBT_SHARED"]) / "check/redo_check.py"
HERE = pathlib.Path(__file__).parent
RELEASES = ["23", "19", "11.2", "12.1", "21", "12.2"]
CHARSETS = ["AL32UTF8", "WE8MSWIN1252", "UTF8", "JA16EUC", "ZHS16GBK", "US7ASCII"]


def options(seed):
    """A kind of database per seed; together the seeds cover every pair of neighbours."""
    words = ["--seed", str(seed), "--transactions", "60", "--types", "plain", "--threads", str(1 + seed % 3),
             "--release", RELEASES[seed % 6], "--block-size", ["512", "1024", "4096"][seed // 2 % 3],
             "--charset", CHARSETS[seed // 3 % 6], "--tables", str(1 + seed % 4),
             "--containers", str(1 + seed % 2)]
    return words + (["--big-endian"] if seed % 5 == 0 else [])


def run(*words, **how):
    result = subprocess.run(words, capture_output=True, text=True, **how)
    return result.returncode, result.stdout + result.stderr


def one(seed, directory):
    """None, or what is wrong."""
    words = options(seed)
    code, text = run(REDOUBT, "simulate", directory, *words)
    if code != 0:
        return f"simulate: {text}"
    logs = sorted(str(p) for p in pathlib.Path(directory).glob("*.dbf"))
    dictionary, truth = f"{directory}/schema.json", f"{directory}/truth.jsonl"

    code, text = run(REDOUBT, "capture", "--dictionary", dictionary, "--output", f"{directory}/rows.jsonl", directory)
    if code != 0 or "warning" in text:
        return f"capture exits {code}: {text[-2000:]}"
    with open(f"{directory}/ours.jsonl", "w", encoding="utf-8") as out:
        subprocess.run([sys.executable, HERE / "redo_check_lines.py", f"{directory}/rows.jsonl"], stdout=out, check=True)
    readers = [("capture", f"{directory}/ours.jsonl")]

    if CHECK.exists():
        code, text = run(sys.executable, CHECK, "verify", "--complete", *logs)
        if code != 0:
            return f"redo_check.py verify: {text[-2000:]}"
        with open(f"{directory}/check.jsonl", "w", encoding="utf-8") as out:
            result = subprocess.run([sys.executable, CHECK, "rows", "--dictionary", dictionary, "--tables", r"SIM\..*", *logs], stdout=out,
                                    stderr=subprocess.PIPE, text=True)
        if result.returncode != 0:
            return f"redo_check.py rows: {result.stderr[-2000:]}"
        readers.append(("redo_check.py", f"{directory}/check.jsonl"))
    for name, lines in readers:
        if CHECK.exists():
            code, text = run(sys.executable, CHECK, "diff", lines, truth)
            if code != 0:
                return f"{name} differs from the truth: {text[-2000:]}"
        elif pathlib.Path(lines).read_text(encoding="utf-8").count("\n") != pathlib.Path(truth).read_text(encoding="utf-8").count("\n"):
            return f"{name} has another number of transactions than the truth"
    return None


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
