"""Import and whole study of Higgs Twitter, each a fresh process: seconds, seconds of processor, memory.

563,069 acts and 355,075 follows among 322,792 accounts. Skipped where the files are not beside the project.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES = Path(__file__).parents[2] / "shared" / "data" / "higgs_twitter"
ACTS = ("higgs-activity_time.txt.gz", "--table", "engagements", "--columns")
ACTS += (
    "account_id,target_id,created_at,kind",
    "--map",
    "RT=repost",
    "--map",
    "MT=mention",
    "--map",
    "RE=reply",
)
FOLLOWS = ("higgs-social_network.first355075.edgelist.gz", "--table", "follows")
FOLLOWS += ("--columns", "follower_id,followed_id")
SETTINGS = '[outcome]\nkinds = ["repost"]\n[missing]\nfollows = "prefix"\n'


def run() -> list[dict[str, object]]:
    """Import both files, and study them; the first study warms up the compiled loops and the disk."""
    if not FILES.is_dir():
        return [{"what": "skipped: the public datasets are not beside the project (../shared/data)"}]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data")
        rows = [
            _measured(f"import, {name}", "import", "edgelist", str(FILES / file), *layout, "--out", str(data))
            for name, (file, *layout) in (("engagements", ACTS), ("follows", FOLLOWS))
        ]
        (data / "study.toml").write_text(SETTINGS, encoding="utf-8")
        return rows + [
            _measured(name, "run", str(data), "--out", str(Path(folder, "results")))
            for name in ("whole study, first", "whole study, warm")
        ]


def _measured(name: str, *arguments: str) -> dict[str, object]:
    """Seconds on the clock and of the processor, and the most megabytes, of one command."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "influgraph", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    seconds = time.perf_counter() - start
    processor = used.ru_utime + used.ru_stime
    return {"what": name, "seconds": seconds, "processor seconds": processor, "MB": used.ru_maxrss / 1024}
