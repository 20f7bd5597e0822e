"""Kinds of simulated database, one per seed."""
RELEASES = ["23", "19", "11.2", "12.1", "21", "12.2"]
CHARSETS = ["AL32UTF8", "WE8MSWIN1252", "UTF8", "JA16EUC", "ZHS16GBK", "US7ASCII"]


def options(seed, transactions, *form):
    """Options of redoubt simulate; together the seeds cover every pair of neighbours."""
    words = ["--seed", str(seed), "--transactions", str(transactions), "--threads", str(1 + seed % 3),
             "--release", RELEASES[seed % 6], "--block-size", ["512", "1024", "4096"][seed // 2 % 3],
             "--charset", CHARSETS[seed // 3 % 6], "--tables", str(1 + seed % 4), "--containers", str(1 + seed % 2), *form]
    return words + (["--big-endian"] if seed % 5 == 0 else [])


# What befalls a cluster, several at once; each seed has one line, and every line meets 2, 3 and 8 threads. Left out is
# `reuse`: neither reader tells two open transactions of one XID apart.
CLUSTERS = ["shared,ties,overlap,skew,switches,blocks,parts,move,sleepers", "shared,overlap", "ties,parts", "skew,switches,blocks", "idle,ties,sleepers", "move,sleepers,switches",
            "parts,blocks,move,shared", "enable,ties,move", "disable,enable,parts", "restart,crash,sleepers,switches",
            "crash,disable,enable,idle,restart,move,ties", "shape,parts,ties", "widen,shape,sleepers,move", "resetlogs,disable,move,ties"]


def cluster(seed, transactions, *form):
    """The same with --threads and --cluster by the seed."""
    words = options(seed, transactions, *form, "--cluster", CLUSTERS[seed % len(CLUSTERS)], "--log-size", "32KiB")
    words[words.index("--threads") + 1] = ["2", "3", "8"][seed // len(CLUSTERS) % 3]
    return words
