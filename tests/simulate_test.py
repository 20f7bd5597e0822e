"""What the simulator writes, form by form: its logs keep every rule of the format, and its truth is what an independent
reader finds in them.

    simulate_test.py [SEEDS [FORM...]]     20 seeds of each form, or as told

redo_check.py verify must find no broken rule, and redo_check.py rows must give the truth; what it says it cannot show may
be anything. The same options must give the same bytes, another seed others.
"""
import filecmp
import os
import pathlib
import shutil
import sys
import tempfile

import databases
from independent_reader import CHECK, compare, run, verify

REDOUBT = os.environ["REDOUBT"]

FORMS = {
    "plain": ["--types", "plain"],
    "index": ["--types", "plain", "--operations", "insert,update,delete,multi,index,savepoint,rollback"],
    "lobs": ["--types", "number,clob,blob,nclob,json,vector,varchar2x,rawx,long"],
    "encrypted": ["--types", "number,varchar2,encrypted,encryptednumber,encryptedraw"],
    "index-organized": ["--types", "plain", "--operations", "insert,update,delete,iot,savepoint,rollback,noise"],
    "direct": ["--types", "plain", "--operations", "insert,update,delete,direct,rollback,partitions"],
    "ddl": ["--types", "plain", "--operations", "insert,update,delete,ddl,partitions,direct"],
}


def options(form, seed):
    return databases.options(seed, 40, *FORMS[form])


def one(form, seed, directory):
    code, out, err = run(REDOUBT, "simulate", directory, *options(form, seed))
    if code != 0:
        return f"simulate exits {code}: {err}"
    logs = sorted(pathlib.Path(directory).glob("*.dbf"))
    return verify(logs) or compare(directory, logs)


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
        print(f"the independent reader is not there: {CHECK}; only repetition is tested")
        problem = repeats()
        print(problem or "the same seed gives the same bytes")
        return 1 if problem else 0
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
