"""One thread far behind the others: they wait for it in the memory that they take anyway, and when its logs come what is
told is what an undisturbed run tells.

    thread_lag_test.py [SIZE]      64MiB of redo that one thread is ahead; 10GiB needs 20 GB of disk in $TMPDIR
"""
import hashlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

REDOUBT = os.environ["REDOUBT"]
MIB = 1 << 20
SIZE = sys.argv[1] if sys.argv[1:] else "64MiB"
BYTES = int(SIZE[:-3]) * {"MiB": MIB, "GiB": 1 << 30}[SIZE[-3:]]
LOG_BYTES = BYTES // 512  # thread 2 has two or three
SLACK = 4 * MIB


class Capture:
    """Follows the directory; what it tells goes into a checksum."""

    def __init__(self, folder, name, logs, *options):
        self.said = open(folder / f"{name}.txt", "w+")
        self.process = subprocess.Popen(
            [REDOUBT, "capture", "--watch", logs, "--dictionary", folder / "sim" / "schema.json", "--threads", "1,2",
             "--name", name, "--ledger", f"sqlite:{folder}/ledger.db", "--output", "-", *options],
            stdout=subprocess.PIPE, stderr=self.said)
        self.hash, self.bytes = hashlib.blake2b(), 0
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        while text := self.process.stdout.read1(MIB):
            self.hash.update(text)
            self.bytes += len(text)

    def memory(self):
        """The most it has had until now, in bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) << 10

    def settle(self):
        """Until it has told nothing for a while."""
        before, since = self.bytes, time.monotonic()
        while time.monotonic() - since < 1:
            time.sleep(0.05)
            assert self.process.poll() is None, self.text()
            if self.bytes != before:
                before, since = self.bytes, time.monotonic()

    def text(self):
        self.said.seek(0)
        return self.said.read()

    def end(self):
        """The most memory it had."""
        self.reader.join()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        assert self.process.returncode == 0, self.text()
        return usage.ru_maxrss << 10


def main():
    with tempfile.TemporaryDirectory(prefix="thread_lag_") as name:
        folder = pathlib.Path(name)
        logs = folder / "logs"
        logs.mkdir()
        # Nearly all of it is written by thread 1.
        subprocess.run([REDOUBT, "simulate", folder / "sim", "--seed", "1", "--threads", "2", "--workload", "wide", "--types",
                        "plain", "--cluster", "skew", "--size", str(BYTES), "--log-size", str(LOG_BYTES)],
                       check=True, stdout=subprocess.DEVNULL)
        late = []
        ahead = 0
        for log in sorted((folder / "sim").glob("*.dbf"), key=lambda log: int(log.name.split("_")[1])):
            log = log.rename(logs / log.name)
            if log.name.startswith("arch2_"):
                late.append(log)
            else:
                ahead += log.stat().st_size
        assert len(late) > 1, late

        undisturbed = Capture(folder, "undisturbed", logs, "--until-idle")
        peak = undisturbed.end()

        # Thread 2 stays behind its first log.
        del late[0]
        aside = [log.rename(folder / log.name) for log in late]
        lagging = Capture(folder, "lagging", logs)
        lagging.settle()
        waiting, told = lagging.memory(), lagging.bytes
        assert told < undisturbed.bytes / 2, "thread 1 does not wait"
        for log in aside:
            log.rename(logs / log.name)
            lagging.settle()
        lagging.process.send_signal(signal.SIGTERM)
        caught_up = lagging.end()
        print(f"thread 1 is {ahead / MIB:.0f} MiB of redo ahead, of which {told / undisturbed.bytes:.0%} may go: "
              f"peak {waiting / MIB:.1f} MiB of memory while it waits, {caught_up / MIB:.1f} MiB when thread 2 has caught "
              f"up; {peak / MIB:.1f} MiB when nothing is late")
        assert lagging.hash.digest() == undisturbed.hash.digest(), \
            f"{lagging.bytes} bytes, {undisturbed.bytes} when nothing is late"
        assert max(waiting, caught_up) < peak + SLACK


if __name__ == "__main__":
    main()
