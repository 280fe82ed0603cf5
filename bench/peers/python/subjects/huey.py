"""huey: the queue of its SQLite storage. Taking removes: what a worker held is lost with it."""

from importlib.metadata import version

from huey import SqliteHuey


class Subject:
    def __init__(self, folder: str, durability: str) -> None:
        self.fsync = durability == "full"
        self.storage = SqliteHuey(filename=f"{folder}/huey.db", fsync=self.fsync).storage

    def about(self) -> str:
        return f"{version('huey')}; SqliteHuey, fsync={self.fsync}, at most once"

    def send(self, body: str) -> None:
        self.storage.enqueue(body.encode())

    def take(self, wait: bool):
        return self.storage.dequeue()

    def done(self, taken) -> None:
        """It is gone already."""


def open(folder: str, durability: str) -> Subject:
    return Subject(folder, durability)
