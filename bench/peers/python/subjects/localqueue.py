"""localqueue: leases and acknowledgements over SQLite."""

from importlib.metadata import version

from localqueue import DurabilityMode, Empty, SimpleQueue


class Subject:
    def __init__(self, folder: str, durability: str) -> None:
        self.mode = DurabilityMode.DURABLE if durability == "full" else DurabilityMode.RELAXED
        self.queue = SimpleQueue(f"{folder}/localqueue.db", durability=self.mode)

    def about(self) -> str:
        return f"{version('localqueue')}; durability={self.mode.value}"

    def send(self, body: str) -> None:
        self.queue.put(body)

    def take(self, wait: bool):
        try:
            return self.queue.get_nowait()
        except Empty:
            return None

    def done(self, taken) -> None:
        self.queue.ack(taken)


def open(folder: str, durability: str) -> Subject:
    return Subject(folder, durability)
