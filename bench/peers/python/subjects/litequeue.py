"""litequeue: SQLite, a table a queue. Acknowledged messages stay in the table until a prune."""

from importlib.metadata import version

from litequeue import LiteQueue


class Subject:
    def __init__(self, folder: str, durability: str) -> None:
        self.queue = LiteQueue(f"{folder}/litequeue.db")
        self.level = "FULL" if durability == "full" else "NORMAL"
        self.queue.conn.execute(f"PRAGMA synchronous={self.level}")

    def about(self) -> str:
        return f"{version('litequeue')}; WAL, synchronous={self.level}"

    def send(self, body: str) -> None:
        self.queue.put(body)

    def take(self, wait: bool):
        return self.queue.pop()

    def done(self, taken) -> None:
        self.queue.done(taken.message_id)


def open(folder: str, durability: str) -> Subject:
    return Subject(folder, durability)
