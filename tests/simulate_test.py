"""What the simulator writes, form by form: its logs keep every rule of the format, and its truth is what an independent
reader finds in them.

    simulate_test.py [SEEDS [FORM...]]     20 seeds of each form, or as told

redo_check.py verify must find no broken rule. redo_check.py rows must give the truth; what it says it cannot show
("$unsupported") may be anything. The same options must give the same bytes, another seed others.
"""
import filecmp
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

REDOUBT = os.environ["REDOUBT"]
CHECK = pathlib.Path(os.environ["REDOUBT_SHARED"]) / "check/redo_check.py"
RELEASES = ["23", "19", "11.2", "12.1", "21", "12.2"]

# form: (options, what redo_check.py may call unsupported: a regular expression)
FORMS = {
    "plain": (["--types", "plain"], None),
    "lobs": (["--types", "number,clob,blob,nclob,json,vector,varchar2x,rawx,long"], r"LOB out of row|JSON|VECTOR"),
}


def options(form, seed):
    words = ["--seed", str(seed), "--transactions", "40", "--threads", str(1 + seed % 2), "--release", RELEASES[seed % 6],
             "--block-size", ["512", "1024", "4096"][seed % 3], "--tables", str(1 + seed % 3),
             "--containers", str(1 + seed % 2),
             "--charset", ["AL32UTF8", "WE8MSWIN1252", "JA16EUC"][seed % 3]]
    return words + FORMS[form][0] + (["--big-endian"] if seed % 4 == 0 else [])


def run(*words):
    result = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    return result.returncode, result.stdout, result.stderr


def same(ours, theirs):
    """Equal, but for what the other reader cannot show."""
    if isinstance(theirs, dict) and "$unsupported" in theirs:
        return True
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return ours == theirs


def read(text):
    return [json.loads(line) for line in text.splitlines()]


def compare(directory, logs, unsupported):
    """None, or where redo_check.py rows and the truth part."""
    code, out, err = run(sys.executable, CHECK, "rows", "--dictionary", f"{directory}/schema.json", "--tables", r"SIM\..*",
                         *logs)
    trouble = [line for line in err.splitlines() if line.startswith("unsupported:")]
    strange = [line for line in trouble if not (unsupported and re.search(unsupported, line))]
    if strange or code not in (0, 2) or code == 2 and not trouble:
        return f"redo_check.py rows exits {code}: " + "\n".join(strange or [err[-2000:]])
    truth = read(pathlib.Path(f"{directory}/truth.jsonl").read_text(encoding="utf-8"))
    found = read(out)
    for ours, theirs in zip(truth, found):
        if ours["xid"] != theirs["xid"] or len(ours["ops"]) != len(theirs["ops"]):
            return f"transactions differ:\n{ours}\n{theirs}"[:3000]
        for a, b in zip(ours["ops"], theirs["ops"]):
            if not same(a, b):
                return f"{ours['xid']}:\n{a}\n{b}"[:4000]
    return None if len(truth) == len(found) else f"{len(truth)} transactions, redo_check.py finds {len(found)}"


def one(form, seed, directory):
    code, out, err = run(REDOUBT, "simulate", directory, *options(form, seed))
    if code != 0:
        return f"simulate exits {code}: {err}"
    logs = sorted(pathlib.Path(directory).glob("*.dbf"))
    code, out, err = run(sys.executable, CHECK, "verify", "--complete", *logs)
    if code != 0:
        return f"redo_check.py verify: {out[-3000:]}{err[-1000:]}"
    return compare(directory, logs, FORMS[form][1])


def repeats():
    """None, or why the output is no function of seed and options."""
    with tempfile.TemporaryDirectory(prefix="simulate_") as parent:
        a, b, c = (f"{parent}/{name}" for name in "abc")
        for directory, seed in ((a, "7"), (b, "7"), (c, "8")):
            run(REDOUBT, "simulate", directory, "--seed", seed, "--transactions", "50", "--types", "all")
        names = sorted(p.name for p in pathlib.Path(a).iterdir())
        if len(names) < 3:
            return f"only {names} written"
        if names != sorted(p.name for p in pathlib.Path(b).iterdir()) or filecmp.cmpfiles(a, b, names, shallow=False)[0] != names:
            return "the same seed gives other bytes"
        if filecmp.cmp(f"{a}/truth.jsonl", f"{c}/truth.jsonl", shallow=False):
            return "another seed gives the same truth"
    return None


def main():
    if not CHECK.exists():
        print(f"skipped: the independent reader is not there: {CHECK}")
        return 0
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    failed = 0
    for form in sys.argv[2:] or FORMS:
        good = 0
        for seed in range(1, seeds + 1):
            directory = tempfile.mkdtemp(prefix=f"simulate_{form}_")
            problem = one(form, seed, directory)
            if problem:
                print(f"{form}, seed {seed}: {problem}\n  replay: {REDOUBT} simulate DIR {' '.join(options(form, seed))}")
            good += problem is None
            shutil.rmtree(directory)
        failed += seeds - good
        print(f"{form}: {good} of {seeds} seeds")
    problem = repeats()
    print(problem or "the same seed gives the same bytes")
    return 1 if failed or problem else 0


if __name__ == "__main__":
    sys.exit(main())
