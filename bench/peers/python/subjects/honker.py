"""honker: claims and acknowledgements over SQLite, core in Rust."""

from importlib.metadata import version

import honker


class Subject:
    def __init__(self, folder: str, durability: str) -> None:
        self.level = "FULL" if durability == "full" else "NORMAL"
        self.database = honker.open(f"{folder}/honker.db")
        if durability == "full":
            self._sync_every_commit()
        self.queue = self.database.queue("bench")

    def about(self) -> str:
        return f"{version('honker')}; WAL, synchronous={self.level}"

    def _sync_every_commit(self) -> None:
        # There is no setting for it, and no pragma within the transaction that gives the writer.
        with self.database.transaction() as writer:
            writer.execute("COMMIT")
            writer.execute("PRAGMA synchronous=FULL")
            writer.execute("BEGIN IMMEDIATE")

    def send(self, body: str) -> None:
        self.queue.enqueue(body)

    def take(self, wait: bool):
        return self.queue.claim_one("bench")

    def done(self, taken) -> None:
        taken.ack()


def open(folder: str, durability: str) -> Subject:
    return Subject(folder, durability)
