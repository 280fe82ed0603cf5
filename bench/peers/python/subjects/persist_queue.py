"""persist-queue: SQLiteAckQueue. Acknowledged messages stay in the table until they are cleared."""

from importlib.metadata import version

from persistqueue import Empty, SQLiteAckQueue


class Subject:
    def __init__(self, folder: str, durability: str) -> None:
        self.queue = SQLiteAckQueue(f"{folder}/persist-queue", auto_commit=True)

    def about(self) -> str:
        return f"{version('persist-queue')}; SQLiteAckQueue, auto_commit, SQLite's default FULL"

    def send(self, body: str) -> None:
        self.queue.put(body)

    def take(self, wait: bool):
        try:
            return self.queue.get(block=False)
        except Empty:
            return None

    def done(self, taken) -> None:
        self.queue.ack(taken)


def open(folder: str, durability: str) -> Subject:
    return Subject(folder, durability)
