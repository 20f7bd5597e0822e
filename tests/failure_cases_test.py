"""The failure cases of a capture over several redo threads, by number: docs/failure-cases.md has a row for each.

    failure_cases_test.py [NAME...]      all, or those whose function begins so: f04, t12, bad

Most cases end in one demand: read once, and followed live through kills, a cluster to which the case happens gives the
simulator's truth, byte for byte the same, and the rows that redo_check.py finds. The others put logs where capture looks
for them, one after the other, and say what must be told, refused or waited for meanwhile.
"""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

import cluster
import live_capture_test as live
from independent_reader import CHECK, compare

REDOUBT = os.environ["REDOUBT"]
MIB = 1 << 20


# --- a cluster to which the case happens: the truth, whichever way it is read ---

class Case(live.Run):
    def __init__(self, threads, words, faults, memory):
        super().__init__(threads, threads)
        self.words, self.faults = words, set(faults)
        self.memory = memory

    def simulation(self):
        return ["--seed", str(self.number), "--threads", str(self.threads), *self.words]


def same(threads, events="", *words, faults=(), memory=32 * MIB, transactions=80, types="plain", log_size="48KiB",
         others=True):
    """`others`: redo_check.py can read it too."""
    words = ["--transactions", str(transactions), "--types", types, "--log-size", log_size, *words,
             *(["--cluster", events] if events else [])]
    with folder() as directory:
        live.follow(Case(threads, words, faults, memory), directory)
        if others and CHECK.exists():
            logs = sorted((directory / "simulated").glob("*.dbf"))
            problem = compare(directory / "simulated", logs, "widen" in events)
            assert not problem, problem


@contextlib.contextmanager
def folder():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="failure_case_", dir=live.FILES))
    yield directory
    shutil.rmtree(directory)  # a case that fails leaves its files


def f01_alternating_commits_on_one_table(threads): same(threads, "shared", "--tables", "1")
def f02_skewed_rates(threads): same(threads, "skew")
def f03_an_idle_thread(threads): same(threads, "idle")
def f04_equal_commit_scns(threads): same(threads, "ties")
def f05_a_row_changed_in_every_thread_in_turn(threads): same(threads, "shared")
def f06_groups_that_overlap(threads): same(threads, "overlap")
def f07_a_commit_at_the_bound_of_another_thread(threads): same(threads, "ties,idle")
def f08_records_out_of_order(threads): same(threads, "parts")
def f09_groups_torn_across_reads(threads): same(threads, "overlap,parts", faults=["torn", "half"])
def f10_log_switches(threads): same(threads, "switches")
def f11_online_logs_used_again_before_they_were_read(threads): same(threads, faults=["reuse", "late"])
def f14_one_damaged_copy(threads): same(threads, faults=["corrupt"])
def f15_a_file_of_another_thread_or_sequence(threads): same(threads, faults=["misplaced"])
def f16_names_that_lie(threads): same(threads, faults=["names", "empty"])
def f17_block_sizes(threads): same(threads, "blocks")
def f17_big_endian(threads): same(threads, "blocks", "--big-endian")
def f18_instances_stop_and_start(threads): same(threads, "restart")
def f19_instances_fail(threads): same(threads, "crash")
def f20_transactions_move(threads): same(threads, "move")
def f21_a_thread_is_enabled(threads): same(threads, "enable")
def f22_threads_are_disabled_and_enabled(threads): same(threads, "disable,enable")
def f22_enabled_again_behind_a_restart(threads):
    """A checkpoint is made while a thread is disabled; it is enabled again while nothing runs."""
    for seed in range(5, 45):
        with folder() as directory:
            db = Database(directory, threads, "--cluster", "disable,enable", seed=seed, transactions=200)
            early = all_before_one_is_enabled_again(db)
            if not early:
                continue
            db.put(*early)
            capture = db.follow()
            capture.start("--until-idle")
            assert capture.wait(30) == 0, capture.words()
            db.put(*(log for log in db.logs if log not in early))
            return to_the_end(capture, db.below(db.coverage()))
    raise AssertionError("no thread was disabled and enabled again alone")


def all_before_one_is_enabled_again(db):
    """The logs that end before a thread that was disabled is enabled, when that is the only such thread."""
    for log in db.logs:
        later = [other for other in db.of_thread(log.thread) if other.sequence > log.sequence]
        if not log.disabled or not later:
            continue
        early = [other for other in db.logs if other.next_scn <= later[0].first_scn]
        last = {other.thread: other for other in early}  # in the order of their sequences
        if all(other.disabled == (other is log) for other in last.values()) and len(last) == len({l.thread for l in db.logs}):
            return early
    return []


def f24_two_open_transactions_of_one_xid(threads): same(threads, "reuse,move", others=False)
def f38_many_rows_in_one_commit(threads):
    same(threads, "", "--statements", "1200", "--operations", "multi,update", transactions=2, types="number,varchar2",
         log_size="4MiB", memory=4 * MIB, others=False)
def f27_ddl_in_one_thread_rows_in_another(threads): same(threads, "shape")
def f28_ddl_beside_open_transactions(threads): same(threads, "widen,shape")
def f31_damaged_checkpoints(threads): same(threads, faults=["ledger"])
def f37_copies_in_random_order(threads): same(threads, faults=["twice", "order"])
def f43_an_older_output(threads): same(threads, faults=["restored"])
def f44_parts_out_of_order(threads): same(threads, "parts,ties,overlap")


def f25_transactions_larger_than_memory(threads):
    same(threads, "", "--statements", "200", "--open", "10", memory=MIB, transactions=12, log_size="1MiB", others=False)


def t01_lobs(): same(3, types="number,clob,blob,nclob", others=False)
def t02_partitions(): same(3, "", "--operations", "insert,update,delete,partitions")
def t03_ddl(): same(3, "", "--operations", "insert,update,delete,ddl")
def t04_numbers(): same(3, types="number,float,double")
def t05_times(): same(3, types="date,timestamp,timestamp0,timestamp9,timestamptz,timestampltz")
def t06_long_and_chained_rows(): same(3, "", "--operations", "insert,update,delete,chain,migrate")
def t07_booleans(): same(3, "", "--release", "23", types="number,boolean")
def t08_quick_updates_of_one_row(): same(3, "shared,ties", "--tables", "1")
def t09_interleaved_transactions(): same(3, "sleepers,switches,move")
def t14_multibyte():
    for charset in ("JA16EUC", "JA16SJIS", "ZHS16GBK", "AL32UTF8"):
        same(3, "", "--charset", charset, types="varchar2,char,nvarchar2,nchar", transactions=30)

def t10_no_dictionary():
    """Every transaction and row change is there, in order, under numbers instead of names."""
    with folder() as directory:
        db = Database(directory, 3, "--operations", "insert,update,delete,savepoint,rollback,chain,migrate")
        whole = shape_of(db.truth)
        db.options = []
        code, said, told = db.batch(db.logs)
        assert code == 0, said
        assert shape_of(told) == whole
        tables = {m["payload"][0]["schema"]["table"] for m in map(json.loads, told.splitlines()) if "schema" in m["payload"][0]}
        assert tables and all(table.startswith("OBJ_") for table in tables), tables


def shape_of(lines):
    """Transactions with the operations and ROWIDs of their rows."""
    return [(m["xid"], m["c_scn"], m["payload"][0]["op"], m["payload"][0].get("rid")) for m in map(json.loads, lines.splitlines())]


def t11_empty_transactions():
    """100,000 of which nothing is captured: no line, and the position is behind all of them."""
    with folder() as directory:
        db = Database(directory, 3, "--workload", "small", transactions=100_000, log_size="4MiB")
        last = max(json.loads(line)["c_scn"] for line in db.truth.splitlines() if b'"commit"' in line)
        db.put(*db.logs)
        capture = db.follow("--tables", "NOBODY[.].*")
        capture.truth = None
        capture.start("--until-idle")
        assert capture.wait(60) == 0, capture.words()
        assert (db.directory / "live" / "live.jsonl").read_bytes() == b""
        assert capture.seed.largest < 64 * MIB, capture.seed.largest
        home = db.directory / "live"
        status = json.loads(run("capture", "status", "--ledger", f"sqlite:{home}/ledger.db", "--json"))
        assert status["checkpoint"]["released"]["scn"] >= min(last, db.coverage() - 1), status
        assert status["checkpoint"]["index"]["scn"] > 0


def t15_raw(): same(3, types="number,raw,rawx", others=False)


# --- logs that are put where capture looks for them ---

class Database:
    def __init__(self, directory, threads, *words, seed=5, transactions=120, log_size="48KiB"):
        self.directory, self.simulated, self.watched = directory, directory / "simulated", directory / "watched"
        run("simulate", self.simulated, "--seed", seed, "--threads", threads, "--types", "plain", "--transactions",
            transactions, "--log-size", log_size, *words)
        self.options = ["--dictionary", self.simulated / "schema.json"]
        self.logs = sorted(map(cluster.Log, self.simulated.glob("*.dbf")), key=lambda log: (log.thread, log.sequence))
        self.watched.mkdir()
        code, _, self.truth = self.batch(self.logs)
        assert code in (0, 3), code

    def batch(self, logs, *options):
        """Exit code, what was said, and what was told."""
        output = self.directory / "batch.jsonl"
        output.unlink(missing_ok=True)
        result = subprocess.run([REDOUBT, "capture", *self.options, "--output", output, *map(str, options),
                                 *(log.path for log in logs)], capture_output=True, text=True)
        return result.returncode, result.stderr, output.read_bytes() if output.exists() else b""

    def put(self, *logs):
        for log in logs:
            shutil.copy(log.path, self.watched)

    def of_thread(self, thread):
        return [log for log in self.logs if log.thread == thread]

    def follow(self, *options, name="live"):
        """A capture of all that is put; not started."""
        home = self.directory / name
        home.mkdir(exist_ok=True)
        command = [REDOUBT, "capture", *self.options, "--watch", self.watched, "--output", home / "live.jsonl", "--ledger",
                   f"sqlite:{home}/ledger.db", "--checkpoint-interval", "20ms", *options]
        return live.Capture(live.Run(0, 0), command, home / "live.jsonl", self.truth)

    def below(self, scn):
        """What commits before it."""
        return b"".join(line for line in self.truth.splitlines(True) if json.loads(line)["c_scn"] + 1 < scn)

    def coverage(self, but=()):
        """The SCN at which the first thread ends, when only these logs are left out."""
        ends = {log.thread: None if log.disabled else log.next_scn for log in self.logs if log not in but}
        return min(end for end in ends.values() if end is not None)


def run(*words):
    result = subprocess.run([REDOUBT, *map(str, words)], capture_output=True, text=True)
    assert result.returncode == 0, f"{words[0]} exits {result.returncode}: {result.stderr}"
    return result.stdout


def to_the_end(capture, expected, code=0):
    capture.start("--until-idle")
    got = capture.wait(30)
    assert got == code, f"exit {got}, expected {code}: {capture.words()}"
    told = capture.told_so_far()
    assert told == expected, live.first_difference(told, expected) + capture.words()


def ends(capture, code, *words, seconds=20):
    """It ends by itself so, and says that."""
    got = capture.wait(seconds)
    said = capture.words()
    assert got == code and all(word in said for word in words), f"exit {got}, expected {code} and {words}: {said}"


def tells(capture, expected, seconds=10):
    """It comes to have told exactly that, and a while later no more."""
    until = time.monotonic() + seconds
    while capture.told_so_far() != expected and time.monotonic() < until:
        assert capture.wait(0.05) is None, capture.words()
    assert capture.wait(0.5) is None, capture.words()
    told = capture.told_so_far()
    assert told == expected, live.first_difference(told, expected)


def middle(db, thread):
    logs = db.of_thread(thread)
    return logs[len(logs) // 2]


def f12_a_log_that_never_comes(threads):
    with folder() as directory:
        db = Database(directory, threads)
        lost = middle(db, threads)
        db.put(*(log for log in db.logs if log is not lost))
        gap = f"thread {threads} lacks log sequence {lost.sequence}"
        waits, stops, skips = (db.follow("--on-gap", how, name=how) for how in ("wait", "stop", "skip"))
        skips.truth = None
        for capture in (waits, stops, skips):
            capture.start()
        tells(waits, db.below(lost.first_scn))
        check = subprocess.run([REDOUBT, "capture", "check", "--watch", db.watched, "--ledger",
                                f"sqlite:{directory}/wait/ledger.db"], capture_output=True, text=True)
        assert check.returncode != 0 and str(lost.sequence) in check.stdout, check.stdout
        ends(stops, 5, gap, f"RESTORE ARCHIVELOG FROM SEQUENCE {lost.sequence}")
        assert stops.told_so_far() == db.below(lost.first_scn)
        until = time.monotonic() + 15
        while gap not in skips.words() and time.monotonic() < until:
            time.sleep(0.1)
        assert skips.wait(0.5) is None and gap in skips.words(), skips.words()
        skips.process.terminate()
        ends(skips, 3, gap)
        told = skips.told_so_far()
        assert told.startswith(db.below(lost.first_scn)) and len(told) > len(db.below(lost.first_scn))
        waits.stop()
        db.put(lost)
        for capture in (waits, stops):
            to_the_end(capture, db.below(db.coverage()))


def f13_logs_of_one_thread_are_deleted(threads):
    with folder() as directory:
        db = Database(directory, threads)
        gone = db.of_thread(threads)[len(db.of_thread(threads)) // 2:]
        db.put(*(log for log in db.logs if log not in gone))
        capture = db.follow()
        capture.start()
        tells(capture, db.below(gone[0].first_scn))
        capture.stop()
        status = run("capture", "status", "--ledger", f"sqlite:{directory}/live/ledger.db")
        assert f"held by thread {threads}" in status, status
        db.put(*gone)
        to_the_end(capture, db.below(db.coverage()))


def f14_all_copies_are_damaged(threads):
    with folder() as directory:
        db = Database(directory, threads)
        bad = middle(db, threads)
        whole = bad.path.read_bytes()
        bad.path.write_bytes(bad.damaged(live.random.Random(1)))
        code, said, told = db.batch(db.logs)
        assert code == 6 and "RBA" in said and bad.path.name in said, said
        assert db.truth.startswith(told)
        code, said, told = db.batch(db.logs, "--on-corruption", "skip")
        assert code == 3 and "passed over" in said and b'"suspect":true' in told, said
        db.put(*db.logs)
        waits, stops = db.follow(name="wait"), db.follow("--on-corruption", "stop", name="stop")
        waits.start()
        stops.start()
        ends(stops, 6, "RBA", bad.path.name)
        assert waits.wait(0.1) is None and len(waits.told_so_far()) < len(db.truth)
        bad.path.write_bytes(whole)
        db.put(bad)
        tells(waits, db.below(db.coverage()))
        waits.stop()
        to_the_end(stops, db.below(db.coverage()))


def f15_another_database_or_incarnation(threads):
    with folder() as directory:
        db = Database(directory, threads)
        alien = middle(db, 1)
        db.put(*db.logs)
        capture = db.follow()
        to_the_end(capture, db.below(db.coverage()))
        (db.watched / "alien.dbf").write_bytes(alien.of_another_database())
        capture.start()
        ends(capture, 6, "alien.dbf", "DBID")
        (db.watched / "alien.dbf").unlink()
        to_the_end(capture, db.below(db.coverage()))


def f23_resetlogs(threads):
    with folder() as directory:
        db = Database(directory, threads, "--cluster", "resetlogs")
        db.put(*db.logs)
        capture = db.follow()
        to_the_end(capture, db.below(db.coverage()))
        later = sorted((db.simulated / "incarnation_2").glob("*.dbf"))
        for log in later:
            shutil.copy(log, db.watched / f"later-{log.name}")
        for _ in range(2):  # it does not go on by being started again
            capture.start()
            ends(capture, 6, "RESETLOGS at SCN", "no longer happened")
        both = subprocess.run([REDOUBT, "capture", *db.options, *(l.path for l in db.logs), *later], capture_output=True,
                              text=True)
        assert both.returncode != 0 and "incarnation" in both.stderr, both.stderr


def f29_start_within_open_transactions(threads):
    with folder() as directory:
        db = Database(directory, threads, "--cluster", "sleepers", "--operations", "insert,update,delete,savepoint")
        lines = [json.loads(line) for line in db.truth.splitlines()]
        scn = lines[len(lines) // 2]["c_scn"] + 1
        code, said, told = db.batch(db.logs, "--from-scn", scn)
        assert told == db.truth[len(db.below(scn + 1)):], "a start SCN with all logs completes what was open"
        since = {t: next(l for l in db.of_thread(t) if l.next_scn > scn) for t in {l.thread for l in db.logs}}
        code, said, told = db.batch([l for l in db.logs if l.sequence >= since[l.thread].sequence])
        begins = [line for line in lines if line["payload"][0]["op"] == "begin"]
        there = {json.loads(line)["xid"] for line in told.splitlines()}
        lost = [b for b in begins if b["commit_scn"] > max(l.first_scn for l in since.values()) and b["xid"] not in there]
        # One that only committed there, and changed its rows before, is not known at all.
        begun = max(log.first_scn for log in since.values())
        assert all(b["begin_scn"] < begun or f"transaction {b['xid']} began before the first log" in said for b in lost)


def f30_start_while_a_thread_was_closed(threads):
    with folder() as directory:
        db = Database(directory, threads, "--cluster", "disable,enable", "--operations", "insert,update,delete",
                      transactions=300)
        off = next(log for log in db.logs if log.disabled and log is not db.of_thread(log.thread)[-1])
        scn = off.next_scn + 1
        rest = db.truth[len(db.below(scn + 1)):]
        db.put(*(log for log in db.logs if log.thread != off.thread or log.first_scn > scn))
        capture = db.follow("--from-scn", str(scn))
        capture.truth = rest
        capture.start("--until-idle")
        ends(capture, 0)
        told = capture.told_so_far()
        assert told and told == rest[:len(told)], live.first_difference(told, rest)


def f32_another_set_of_threads(threads):
    with folder() as directory:
        db = Database(directory, threads)
        new = db.of_thread(threads)
        db.put(*(log for log in db.logs if log not in new))
        capture = db.follow()
        capture.truth = None  # that of the threads that are there
        capture.start()
        until = time.monotonic() + 10
        while not capture.told_so_far() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.5)
        told = capture.told_so_far()
        assert told, capture.words()
        db.put(*new)  # long after what commits behind its begin was told
        ends(capture, 6, f"thread {threads}", "appears with redo")
        capture.start()
        ends(capture, 5, "which it did not know of", "none of its")
        assert capture.told_so_far() == told
        # The logs of a thread that the checkpoint knows are gone: it is waited for.
        known = db.follow("--threads", ",".join(map(str, range(1, threads + 1))), name="known")
        for log in db.logs:
            (db.watched / log.path.name).unlink()
        half = [log for log in db.logs if log.first_scn < middle(db, 1).first_scn]
        db.put(*half)
        known.start()
        assert known.wait(1.5) is None
        known.stop()
        before = known.told_so_far()
        for log in db.logs:
            (db.watched / log.path.name).unlink(missing_ok=True)
        db.put(*(log for log in db.logs if log not in new))
        known.start()
        assert known.wait(1.5) is None
        known.stop()
        db.put(*new)
        to_the_end(known, db.below(db.coverage()))
        assert before


def f33_another_filter(threads):
    with folder() as directory:
        db = Database(directory, threads)
        first = [log for log in db.logs if log.first_scn < middle(db, 1).first_scn]
        db.put(*first)
        capture = db.follow("--tables", r"SIM\.T1")
        capture.truth = None
        capture.start("--until-idle")
        ends(capture, 0)
        part = capture.told_so_far().splitlines()
        db.put(*db.logs)
        capture = db.follow()
        capture.truth = None
        capture.start("--until-idle")
        ends(capture, 0)
        lines = capture.told_so_far().splitlines()
        assert lines[:len(part)] == part and set(lines) <= set(db.truth.splitlines())
        places = [(message["c_scn"], message["c_idx"]) for message in map(json.loads, lines)]
        assert places == sorted(set(places)), "positions do not ascend"
        last = places[len(part) - 1]
        rest = [line for line in db.below(db.coverage()).splitlines()
                if (json.loads(line)["c_scn"], json.loads(line)["c_idx"]) > last]
        skipped = set(rest) - set(lines[len(part):])
        assert lines[-1] == rest[-1] and len(skipped) < len(rest) / 2, f"{len(skipped)} of {len(rest)} lines"


def f35_clocks_differ(threads):
    with folder() as directory:
        db = Database(directory, threads)
        for log in db.of_thread(threads):
            data, at = bytearray(log.bytes), 2 * log.block_size
            for number, (behind, _) in enumerate(log.ends()):
                clock = log.number(at + 16 + 64, 4) + (3600 if number % 2 else -7200)
                data[at + 80:at + 84] = clock.to_bytes(4, log.order)
                data[at:at + log.block_size] = cluster.seal(data[at:at + log.block_size])
                at = behind * log.block_size
            log.path.write_bytes(data)
        _, _, told = db.batch(db.logs)
        def timeless(lines):
            return [{**json.loads(line), "tms": 0} for line in lines.splitlines()]
        assert timeless(told) == timeless(db.truth)


def f36_unequal_ends(threads):
    with folder() as directory:
        db = Database(directory, threads)
        short = db.of_thread(threads)[-2:]
        code, said, told = db.batch([log for log in db.logs if log not in short])
        end = short[0].first_scn
        assert code == 3 and f"thread {threads}" in said and f"end at SCN {end}" in said, said
        assert told.startswith(db.below(end)) and len(told) > len(db.below(end))


def f39_two_readers_of_one_state():
    with folder() as directory:
        db = Database(directory, 2)
        db.put(*db.logs)
        one, other = db.follow(), db.follow()
        one.start()
        tells(one, db.below(db.coverage()))
        other.start()
        ends(other, 7, "is run by process")
        one.stop()
        to_the_end(other, db.below(db.coverage()))


def f40_stopped_in_any_state(threads):
    with folder() as directory:
        db = Database(directory, threads)
        lost = middle(db, threads)
        capture = db.follow("--threads", ",".join(map(str, range(1, threads + 1))))

        def stop_after(seconds):
            capture.start()
            assert capture.wait(seconds) is None, capture.words()
            capture.stop()

        for seconds in (0, 0.01, 0.05, 0.3):
            stop_after(seconds)  # there is no log at all
        db.put(*db.of_thread(1)[:2])
        stop_after(0.3)  # the other threads are waited for
        db.put(*(log for log in db.logs if log is not lost))
        for seconds in (0.005, 0.01, 0.02, 0.04, 0.3):
            stop_after(seconds)  # reading; then at a gap
        (db.watched / lost.path.name).write_bytes(lost.damaged(live.random.Random(1)))
        stop_after(0.3)  # at damage
        assert len(capture.told_so_far()) < len(db.truth)
        (db.watched / lost.path.name).unlink()
        db.put(lost)
        to_the_end(capture, db.below(db.coverage()))


# --- bad input: an error that says what is wrong or a wait, and nothing is lost once the cause is gone ---

def bad_two_logs_of_one_sequence(threads):
    with folder() as directory:
        db = Database(directory, threads)
        log = middle(db, 1)
        other = bytearray(log.bytes)
        size = log.block_size
        other[size:2 * size] = log.header_with(next_scn=(log.next_scn - 1).to_bytes(8, log.order))
        twin = directory / "twin.dbf"
        twin.write_bytes(other)
        code, said, _ = db.batch([*db.logs, cluster.Log(twin)])
        assert code == 6 and "twin.dbf" in said and str(log.sequence) in said, f"exit {code}: {said}"
        db.put(*db.logs)
        shutil.copy(twin, db.watched)
        capture = db.follow()
        capture.start()
        ends(capture, 6, "twin.dbf", f"sequence {log.sequence}")
        (db.watched / "twin.dbf").unlink()
        to_the_end(capture, db.below(db.coverage()))


def bad_a_thread_that_never_appears(threads):
    with folder() as directory:
        db = Database(directory, threads)
        db.put(*db.logs)
        known = ",".join(map(str, range(1, threads + 1)))
        capture = db.follow("--threads", known + ",99")
        capture.start()
        assert capture.wait(1) is None and "thread 99" in capture.words(), capture.words()
        assert capture.told_so_far() == b""
        capture.stop()
        to_the_end(db.follow("--threads", known), db.below(db.coverage()))


def bad_checkpoint_of_another_database():
    with folder() as directory:
        db = Database(directory, 2)
        db.put(*db.logs)
        capture = db.follow()
        to_the_end(capture, db.below(db.coverage()))
        for log in db.logs:
            (db.watched / log.path.name).write_bytes(log.of_another_database())
        capture.start()
        ends(capture, 6, "DBID", "the checkpoint")
        db.put(*db.logs)
        to_the_end(capture, db.below(db.coverage()))


def bad_only_checkpoints_that_are_damaged():
    with folder() as directory:
        db = Database(directory, 2)
        db.put(*db.logs)
        capture = db.follow()
        to_the_end(capture, db.below(db.coverage()))
        with contextlib.closing(sqlite3.connect(directory / "live/ledger.db")) as ledger, ledger:
            ledger.execute("UPDATE redoubt_checkpoint SET body = substr(body, 1, 100)")
        capture.start()
        ends(capture, 5, "is damaged", "none of its")
        assert capture.told_so_far() == db.below(db.coverage())


def bad_full_disk_at_a_checkpoint():
    with folder() as directory:
        db = Database(directory, 2, transactions=300)
        db.put(*db.logs)
        (directory / "live").mkdir()
        disk = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", directory / "live"]
        if subprocess.run(disk, capture_output=True).returncode != 0:
            print("no file system could be mounted: a full disk at a checkpoint was not tested")
            return
        try:
            capture = db.follow()
            capture.start()
            ends(capture, 1, str(directory / "live"))
            assert db.truth.startswith(capture.told_so_far())
            subprocess.run(["mount", "-o", "remount,size=64m", directory / "live"], check=True)
            to_the_end(capture, db.below(db.coverage()))
        finally:
            subprocess.run(["umount", directory / "live"], check=True)


def one(name, threads):
    try:
        case = globals()[name]
        case(threads) if threads else case()
    except BaseException as error:
        trace = "".join(traceback.format_tb(error.__traceback__)[-3:])
        return f"{name}, {threads} threads: {error or type(error).__name__}\n{trace}"


def main():
    names = [n for n in globals() if n[:1] in "ftb" and (n[1:3].isdigit() or n.startswith("bad_"))]
    names = [n for n in names if not sys.argv[1:] or any(n.startswith(prefix) for prefix in sys.argv[1:])]
    runs = [(n, t) for n in names for t in ((2, 3, 8) if globals()[n].__code__.co_argcount else (0,))]
    failed = 0
    with concurrent.futures.ProcessPoolExecutor(live.AT_ONCE) as pool:
        for problem in pool.map(one, *zip(*runs)):
            if problem:
                failed += 1
                print(problem, flush=True)
    print(f"{len(runs) - failed} of {len(runs)} cases are as they should be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
