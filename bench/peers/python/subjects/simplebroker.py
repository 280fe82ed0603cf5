"""SimpleBroker. Reading removes: what a worker held is lost with it."""

import os
from importlib.metadata import version


class Subject:
    def __init__(self, folder: str, durability: str) -> None:
        self.mode = "FULL" if durability == "full" else "NORMAL"
        os.environ["BROKER_SYNC_MODE"] = self.mode
        from simplebroker import Queue

        self.queue = Queue("bench", db_path=f"{folder}/broker.db", persistent=True)

    def about(self) -> str:
        return f"{version('simplebroker')}; BROKER_SYNC_MODE={self.mode}, at most once"

    def send(self, body: str) -> None:
        self.queue.write(body)

    def take(self, wait: bool):
        return self.queue.read_one()

    def done(self, taken) -> None:
        """It is gone already."""


def open(folder: str, durability: str) -> Subject:
    return Subject(folder, durability)
