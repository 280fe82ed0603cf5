"""worker.py STORE STOP-FILE: receives paths, counts the files, sends the counts on. The twin of
../src/worker.rs."""

import os
import sys

import forebay
from count import count_file, deduplication_of, kind_of


class Worker:
    def __init__(self, store: forebay.Store) -> None:
        self.tasks = store.get_queue("tasks")
        self.results = store.get_queue("results.fifo")
        self.done = 0  # the result is stored, the task deleted
        self.again = 0  # of these, tasks that had been received before
        self.twice = 0  # of these, tasks whose result was there already
        self.failed = 0  # receives of tasks that could not be carried out

    def handle(self, batch: forebay.Batch[bytes]) -> None:
        """Sends the results before it deletes the tasks: whoever dies in between leaves a task
        that comes back, never a file without a result."""
        counted, results = [], []
        for message in batch:
            path = message.body
            try:
                counts = count_file(path)
            except OSError:
                self.failed += 1
                message.change_visibility(0)
                continue
            body = b"%d %d %d %b" % (*counts, path)
            result = forebay.SendRequest(
                body, group=kind_of(path), dedup=deduplication_of(path)
            )
            results.append(result)
            counted.append(message)
        if not counted:
            return
        self.twice += sum(sent.duplicate for sent in self.results.send_batch(results))
        self.tasks.delete_batch(counted)
        self.done += len(counted)
        self.again += sum(message.receive_count > 1 for message in counted)


def main() -> None:
    location, stop = sys.argv[1:]
    with forebay.open(location) as store:
        worker = Worker(store)
        while True:
            batch = worker.tasks.receive(max=10, wait=1)
            if not batch and os.path.exists(stop):
                break
            worker.handle(batch)
        print(
            f"done {worker.done} again {worker.again} twice {worker.twice}"
            f" failed {worker.failed} syncs {store.statistics().syncs}"
        )


if __name__ == "__main__":
    main()
