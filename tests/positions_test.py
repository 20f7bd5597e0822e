"""Positions (c_scn, c_idx): they ascend, and a row has the same one whatever --tables and --from-scn leave out.

    positions_test.py [SEEDS]      12 seeds, or as many as told
"""
import json
import os
import re
import subprocess
import sys
import tempfile

REDOUBT = os.environ["REDOUBT"]
RELEASES = ["23", "19", "11.2"]


def positions(directory, *options):
    """What each position holds: begin and commit by their transaction, rows and DDL whole."""
    out = subprocess.run([REDOUBT, "capture", "--dictionary", f"{directory}/schema.json", *options, directory], check=True,
                         capture_output=True, text=True).stdout
    found, last = {}, (0, 0)
    for line in out.splitlines():
        message = json.loads(line)
        at = message["c_scn"], message["c_idx"]
        assert at > last, f"{at} comes behind {last}"
        last = at
        found[at] = json.dumps([message["xid"], message["payload"]])
    return found


def one(seed, directory):
    words = ["--seed", str(seed), "--transactions", "60", "--types", "plain", "--tables", "3", "--threads", str(1 + seed % 2),
             "--release", RELEASES[seed % 3]]
    subprocess.run([REDOUBT, "simulate", directory, *words], check=True, capture_output=True)
    whole = positions(directory)
    assert min(index for _, index in whole) == 1
    shared = 0
    some = list(whole)[len(whole) // 3][0]
    for options in (["--tables", r"SIM\.T1"], ["--tables", r"SIM\.(T2|IOT)"], ["--tables", r"SIM\.T3"],
                    ["--from-scn", str(some)]):
        part = positions(directory, *options)
        assert part, f"{options} shows nothing"
        for at, what in part.items():
            assert whole.get(at) == what, f"{options}: {at} is {what[:300]}, of all {str(whole.get(at))[:300]}"
        wanted = re.compile(options[1]) if options[0] == "--tables" else None
        expected = {at for at, what in whole.items() if wanted and tables_of(what) and wanted.fullmatch(tables_of(what))}
        assert expected <= part.keys(), f"{options}: {len(expected - part.keys())} rows are missing"
        shared += len(part)
    return shared


def tables_of(what):
    payload = json.loads(what)[1][0]
    return f"{payload['schema']['owner']}.{payload['schema']['table']}" if payload["op"] in "cud" else None


def main():
    shared = failed = 0
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory(prefix="positions_") as directory:
            try:
                shared += one(seed, directory)
            except AssertionError as e:
                failed += 1
                print(f"seed {seed}: {e}")
    print(f"{seeds - failed} of {seeds} seeds, {shared} positions are the same in a part and in all")
    return 1 if failed or shared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
