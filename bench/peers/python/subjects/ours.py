"""Forebay itself."""

import forebay


class Ours:
    def __init__(self, folder: str, durability: str) -> None:
        self.durability = durability
        self.store = forebay.open(f"{folder}/queues", durability=durability)
        self.queue = self.store.create_queue("bench")

    def about(self) -> str:
        return f"{forebay.__version__}; durability={self.durability}"

    def send(self, body: str) -> None:
        self.queue.send(body)

    def take(self, wait: bool):
        found = self.queue.receive(wait=1 if wait else 0)
        return found[0] if found else None

    def done(self, taken) -> None:
        taken.delete()


def open(folder: str, durability: str) -> Ours:
    return Ours(folder, durability)
