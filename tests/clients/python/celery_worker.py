"""A Celery worker with 1,000 tasks against a server: `celery_worker.py ENDPOINT FOLDER`."""

import collections
import os
import subprocess
import sys
import time

from cases import equal, run

TASKS = 1000
# Nothing that works takes so long.
WATCHDOG_S = 120


def lines(path):
    try:
        with open(path, encoding="ascii") as file:
            return file.read().split()
    except FileNotFoundError:
        return []


def case_every_task_runs_once(endpoint, folder):
    ran = os.path.join(folder, "ran")
    os.environ.update(SQS_ENDPOINT=endpoint, RAN=ran)
    import tasks

    for number in range(TASKS):
        tasks.add.delay(number)
    command = [sys.executable, "-B", "-m", "celery", "-A", "tasks", "worker", "--pool", "threads",
               "--concurrency", "8", "--without-gossip", "--without-mingle",
               "--without-heartbeat", "--loglevel", "WARNING"]
    worker = subprocess.Popen(command, cwd=os.path.dirname(os.path.abspath(__file__)))
    try:
        deadline = time.monotonic() + WATCHDOG_S
        while len(lines(ran)) < TASKS and time.monotonic() < deadline:
            equal(worker.poll(), None)
            time.sleep(0.1)
    finally:
        worker.terminate()
        worker.wait(timeout=60)
    counts = collections.Counter(lines(ran))
    equal(len(counts), TASKS)
    equal(max(counts.values()), 1)


if __name__ == "__main__":
    sys.exit(0 if run(sys.modules["__main__"], *sys.argv[1:]) else 1)
