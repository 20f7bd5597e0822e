"""What the program says of input that is not what it should be: every case ends with a sentence that names the place, and
with the documented exit code. Damage inside logs, bit by bit, is damage_test.cc."""
import os
import pathlib
import subprocess
import sys
import tempfile

REDOUBT = os.environ["REDOUBT"]
BLOCK = 512
failures = []


def redoubt(*words):
    result = subprocess.run([REDOUBT, *map(str, words)], capture_output=True, text=True, timeout=60)
    return result.returncode, result.stdout, result.stderr


def check(what, words, code, *parts):
    """Runs and demands the exit code and each part in what is said."""
    got, out, err = redoubt(*words)
    missing = [p for p in parts if p not in out + err]
    if got != code or missing:
        failures.append(f"{what}: exit {got}, wanted {code}; does not say {missing}:\n  {(out + err)[-600:]}")


def seal(data, block):
    """Makes the checksum of a block right."""
    at = 16 if block == 0 else 14
    view = data[block * BLOCK:(block + 1) * BLOCK]
    view[at:at + 2] = b"\0\0"
    x = 0
    for i in range(0, BLOCK, 2):
        x ^= view[i] | view[i + 1] << 8
    view[at:at + 2] = x.to_bytes(2, "little")
    data[block * BLOCK:(block + 1) * BLOCK] = view


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sim = folder / "sim"
        redoubt("simulate", "--seed", 3, "--workload", "small", "--transactions", 40, sim)
        log = next(sim.glob("*.dbf"))
        dictionary = ["--dictionary", sim / "schema.json"]
        good = log.read_bytes()

        def changed(what, edit, blocks=()):
            data = bytearray(good)
            edit(data)
            for block in blocks:
                seal(data, block)
            path = folder / f"{what}.dbf"
            path.write_bytes(data)
            return path

        check("too little memory", ["capture", "--memory", "1KiB", *dictionary, log], 1, "the limit is 1024", "--memory")
        empty = folder / "empty.dbf"
        empty.write_bytes(b"")
        check("an empty file", ["capture", *dictionary, empty], 1, str(empty), "empty")
        check("an empty file, info", ["log", "info", empty], 1, str(empty))
        check("no file", ["capture", *dictionary, folder / "none.dbf"], 1, "none.dbf")
        bare = folder / "bare"
        bare.mkdir()
        check("a directory without logs", ["capture", *dictionary, bare], 1, str(bare), "no redo log")
        check("a directory to dump", ["log", "dump", bare], 1, str(bare))
        check("a text file", ["capture", *dictionary, sim / "schema.json"], 1, "schema.json", "is no redo log")
        check("no logs at all", ["capture", *dictionary], 2)
        check("an unknown option", ["capture", "--colour", log], 2, "--help")
        check("a bad expression", ["capture", *dictionary, "--tables", "(", log], 2, "(")
        check("no dictionary file", ["capture", "--dictionary", folder / "none.json", log], 4, "none.json")

        magic = changed("magic", lambda d: d.__setitem__(28, 0))
        check("wrong magic", ["capture", *dictionary, magic], 1, str(magic), "magic")
        dbid = changed("dbid", lambda d: (d.__setitem__(BLOCK + 24, d[BLOCK + 24] ^ 1),
                                          d.__setitem__(BLOCK + 8, d[BLOCK + 8] + 1)), [1])
        check("a log of another database", ["capture", *dictionary, log, dbid], 6, str(dbid), "DBID")
        older = changed("sequences", lambda d: d.__setitem__(5 * BLOCK + 8, d[5 * BLOCK + 8] - 1), [5])
        check("a block of an older sequence", ["capture", *dictionary, older], 6, "00000005", "sequence")
        newer = changed("newer", lambda d: d.__setitem__(5 * BLOCK + 8, d[5 * BLOCK + 8] + 1), [5])
        check("a block of a newer sequence", ["capture", *dictionary, newer], 6, "00000005", "sequence")
        check("the same, passed over", ["capture", *dictionary, "--on-corruption", "skip", newer], 3, "00000005")

        # A record whose first vector has an opcode that nobody knows is passed over, not an error.
        unknown = changed("opcode", lambda d: (d.__setitem__(2 * BLOCK + 16 + 68, 99)), [2])
        code, out, err = redoubt("capture", *dictionary, unknown)
        if code not in (0, 3) or "Traceback" in err:
            failures.append(f"an unknown opcode: exit {code}: {err[-400:]}")

        missing = folder / "missing.json"
        missing.write_text((sim / "schema.json").read_text().replace('"SMALL"', '"OTHER"'))
        check("a table under another name", ["capture", "--dictionary", missing, "--tables", r"SIM\.SMALL", log], 0,
              "0 transactions with 0 rows")
        gone = folder / "gone.json"
        text = (sim / "schema.json").read_text()
        for array in ("sys-obj", "sys-tab", "sys-col", "sys-cdef", "sys-ccol"):
            start = text.index(f'"{array}":[')
            end = text.index("]", text.index("\n", start)) if "\n" in text[start:] else text.index("]", start)
            depth, at = 0, start + len(array) + 3
            for at in range(at, len(text)):
                depth += {"[": 1, "]": -1}.get(text[at], 0)
                if depth == 0 and text[at] == "]":
                    break
            text = text[:start] + f'"{array}":[]' + text[at + 1:]
        gone.write_text(text)
        check("a table that the dictionary lacks", ["capture", "--dictionary", gone, log], 0, "0 transactions with 0 rows")

        second = folder / "sim2"
        redoubt("simulate", "--seed", 4, "--transactions", 60, second)
        logs = sorted(second.glob("*.dbf"), key=lambda p: int(p.name.split("_")[1]))
        if len(logs) >= 3:
            check("a missing log", ["capture", "--dictionary", second / "schema.json", logs[0], logs[2]], 5, "RESTORE ARCHIVELOG")
            check("the same, passed over", ["capture", "--dictionary", second / "schema.json", "--on-gap", "skip", logs[0],
                                            logs[2]], 3, "lacks log sequence")
            check("without the first log", ["capture", "--dictionary", second / "schema.json", *logs[1:]], 3)
        else:
            failures.append(f"only {len(logs)} logs to leave one out of")
        check("a full disk", ["capture", *dictionary, "--output", "/dev/full", log], 1, "/dev/full")
    print("\n".join(failures) or "every case ended as documented")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
