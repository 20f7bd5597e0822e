"""The instances of a cluster that write their logs while a capture reads them, and what befalls the files.

A finished simulation is written once more, as time passes: each Instance writes its thread's logs into two online files in
turn, as LGWR does, and archives each a while later, as ARCn does. What goes wrong with that is chosen from FAULTS; all of
it happens to databases, and none of it may change what a capture tells.

    archive/    archived logs             online/    thread_T_group_0.log, thread_T_group_1.log
    second/     a second destination
"""
import os
import pathlib
import random
import sys
import threading
import time

FAULTS = {
    "corrupt": "a copy of a log has a damaged block for good, another copy is sound",
    "torn": "a block of an online log is written in halves, the second half later",
    "late": "archived copies come seconds after the online log was used again",
    "half": "archived copies grow slowly, or have their length before their bytes",
    "reuse": "online logs are written and used again as fast as the disk allows",
    "missing": "the archived copy of a log comes last of all, so that there is a gap until then",
    "misplaced": "a file under the expected name holds the log of another thread or sequence",
    "foreign": "a log of another database lies in the directory until it is taken away",
    "names": "names of archived logs say nothing, or something wrong",
    "order": "archived logs come in random order",
    "twice": "every archived log is in two directories",
    "empty": "files without a byte, shorter than a header, or of text lie among the logs",
    "topology": "threads are enabled and disabled, instances stop, start and fail",
    "appears": "a thread's first log comes long after those of the others",
    "memory": "transactions are larger than --memory and are spilled",
    "restored": "while capture is down the output is put back to an older copy",
    "ledger": "while capture is down its newest checkpoint is damaged",
}
NAB, NEXT_SCN, CHECKSUM, DBID = slice(156, 160), slice(192, 200), slice(14, 16), slice(24, 28)


def seal(block):
    """Sets the checksum so that all 16-bit words of the block give 0."""
    block[CHECKSUM] = b"\0\0"
    total = 0
    for word in memoryview(block).cast("H"):
        total ^= word
    block[CHECKSUM] = total.to_bytes(2, sys.byteorder)
    return bytes(block)


class Log:
    """A finished log of the simulator."""

    def __init__(self, path):
        self.path = path
        self.bytes = path.read_bytes()
        self.order = "little" if self.bytes[28:32] == bytes.fromhex("7d7c7b7a") else "big"
        self.block_size = self.number(20, 4)
        self.header = self.bytes[self.block_size:2 * self.block_size]
        at = self.block_size
        self.thread, self.sequence = self.number(at + 176, 2), self.number(at + 8, 4)
        # Simulated SCNs are small. An enabled SCN that is the log's first says that its thread was enabled with it.
        self.first_scn, self.next_scn = self.number(at + 180, 4), self.number(at + 192, 4)
        self.enabled = self.number(at + 208, 4) == self.first_scn
        self.disabled = self.bytes[at + 205] != 0

    def number(self, at, size):
        return int.from_bytes(self.bytes[at:at + size], self.order)

    def header_with(self, **fields):
        """The header block with other bytes in some of its fields, sound by itself."""
        header = bytearray(self.header)
        for name, value in fields.items():
            header[{"nab": NAB, "next_scn": NEXT_SCN, "dbid": DBID}[name]] = value
        return seal(header)

    def current(self):
        """The header while the log is written."""
        return self.header_with(nab=b"\xff" * 4, next_scn=b"\xff" * 8)

    def of_another_database(self):
        size = self.block_size
        return self.bytes[:size] + self.header_with(dbid=b"\1\2\3\4") + self.bytes[2 * size:]

    def damaged(self, chance):
        """The same with some bytes of one data block changed, or None where there is none."""
        blocks = len(self.bytes) // self.block_size
        if blocks <= 2:
            return None
        at = chance.randrange(2, blocks) * self.block_size + chance.randrange(16, self.block_size - 8)
        return self.bytes[:at] + bytes(b ^ 0x5A for b in self.bytes[at:at + 3]) + self.bytes[at + 3:]

    def ends(self):
        """(block behind it, SCN above all of its records) of each LWN group."""
        block = 2
        while block * self.block_size < len(self.bytes):
            record = block * self.block_size + 16
            block += max(1, self.number(record + 28, 2))
            yield block, min(self.number(record + 56, 4), self.next_scn)


class Clock:
    """What instances know of one another: redo from a thread's enabling on is written by nobody before that thread has the
    header of its log on disk. Sleeps end early when there is no time to lose any more."""

    def __init__(self, logs):
        self.hurry = threading.Event()
        start = min(log.first_scn for log in logs)
        self.enabled = {log: threading.Event() for log in logs if log.enabled and log.first_scn > start}

    def sleep(self, seconds):
        if seconds > 0:
            self.hurry.wait(seconds)

    def begun(self, log):
        if log in self.enabled:
            self.enabled[log].set()

    def wait_for_others(self, log, end_scn):
        for enabled, event in self.enabled.items():
            if enabled.first_scn < end_scn and enabled.thread != log.thread:
                event.wait()


class Instance(threading.Thread):
    """Writes the logs of one redo thread within about `seconds`."""

    def __init__(self, logs, home, faults, clock, seed, seconds):
        super().__init__(daemon=True)
        self.logs, self.home, self.faults, self.clock = logs, pathlib.Path(home), faults, clock
        self.chance = random.Random(seed)
        self.thread = logs[0].thread
        self.pause = 0 if "reuse" in faults else seconds / max(1, sum(len(l.bytes) // l.block_size for l in logs) / 8)
        self.first_pause = self.chance.uniform(0.2, 0.8) if "appears" in faults and self.chance.random() < 0.5 else 0
        self.missing = self.chance.choice(logs[:-1]) if "missing" in faults and len(logs) > 1 else None
        self.archivers, self.begun, self.error = [], threading.Event(), None

    def run(self):
        try:
            self.clock.sleep(self.first_pause)
            for number, log in enumerate(self.logs):
                self.write(log, self.home / "online" / f"thread_{self.thread}_group_{number % 2}.log")
                # With the next log but one the file is used again, whether or not archiving is done by then.
                work = self.copies(log)
                if log is self.missing:
                    continue
                self.archivers.append(threading.Thread(target=self.archive, args=work, daemon=True))
                self.archivers[-1].start()
            for archiver in self.archivers:
                archiver.join()
            if self.missing:
                delay, *work = self.copies(self.missing)
                self.archive(0, *work)
        except Exception as error:  # told by whoever joins
            self.error = error

    def write(self, log, online):
        size = log.block_size
        ends = list(log.ends())
        with open(online, "r+b" if online.exists() else "w+b", buffering=0) as file:
            file.write(log.bytes[:size] + log.current())
            file.truncate(max(len(log.bytes), os.fstat(file.fileno()).st_size))
            self.clock.begun(log)
            self.begun.set()
            at = 2 * size
            while at < len(log.bytes):
                step = size * self.chance.choice([1, 1, 2, 3, 7, 20, 60])
                for behind, scn in ends:
                    self.clock.wait_for_others(log, scn)
                    if behind * size >= at + step:
                        break
                file.seek(at)
                piece = log.bytes[at:at + step]
                if "torn" in self.faults and self.chance.random() < 0.05:
                    file.write(piece[:len(piece) - size + self.chance.randrange(1, size)])
                    self.clock.sleep(self.chance.choice([0.001, 0.02, 0.1]))
                    file.seek(at)
                file.write(piece)
                at += step
                self.clock.sleep(self.pause * self.chance.choice([0, 0, 0.5, 1, 3]))
            self.clock.wait_for_others(log, log.next_scn)
            file.seek(size)
            file.write(log.header)
            if "corrupt" in self.faults and self.chance.random() < 0.1:
                file.seek(0)
                file.write(log.damaged(self.chance) or b"")

    def copies(self, log):
        """(delay, [(path, bytes)], grows): what archiving this log will do, in this order."""
        name = {"names": lambda: self.chance.choice([f"arch{self.thread % 8 + 1}_{log.sequence + 1}_7.x", "o1_mf_%u_"]) +
                f"{self.thread}-{log.sequence}"}.get("names" if "names" in self.faults else "", lambda: log.path.name)()
        first, second = self.home / "archive" / name, self.home / "second" / name
        files = [(first, log.bytes)]
        if "twice" in self.faults:
            files.append((second, log.bytes))
        if "corrupt" in self.faults and self.chance.random() < 0.5 and (bad := log.damaged(self.chance)):
            files = [(first, bad), (second, log.bytes)]
            if self.chance.random() < 0.5:
                files = [(second, log.bytes), (first, bad)]
        if "misplaced" in self.faults:
            other = self.chance.choice(self.others)
            files = [(first, other.bytes), (self.home / "second" / f"right-{name}", log.bytes)]
        if "empty" in self.faults:
            junk = self.chance.choice([b"", log.bytes[:100], log.bytes[:log.block_size], b"not a log\n" * 500])
            files.append((self.home / "archive" / f"junk-{self.thread}-{log.sequence}", junk))
            self.chance.shuffle(files)
        delay = self.chance.uniform(0, 0.2)
        if "late" in self.faults and self.chance.random() < 0.3:
            delay = self.chance.uniform(0.5, 2)
        if "order" in self.faults:
            delay = self.chance.uniform(0, 0.8)
        return delay, files, self.chance.choice([1, 2]) if "half" in self.faults else 0

    def archive(self, delay, files, grows):
        self.clock.sleep(delay)
        for path, content in files:
            with open(path, "wb", buffering=0) as file:
                if grows == 2:
                    file.truncate(len(content))
                half = len(content) // 2 if grows else 0
                file.write(content[:half])
                if grows:
                    self.clock.sleep(0.15)
                file.write(content[half:])


def instances(logs, home, faults, seed, seconds):
    """One for each thread of these logs, not started, and their clock."""
    clock = Clock(logs)
    threads = {}
    for log in sorted(logs, key=lambda log: log.sequence):
        threads.setdefault(log.thread, []).append(log)
    for name in ("online", "archive", "second"):
        (pathlib.Path(home) / name).mkdir(parents=True)
    made = [Instance(of, home, faults, clock, seed * 100 + thread, seconds) for thread, of in threads.items()]
    for instance in made:
        instance.others = [log for log in logs if log.next_scn <= instance.logs[0].next_scn] or [instance.logs[0]]
    return made, clock
