"""Uses the installed package as a user does: every part of it once."""

from __future__ import annotations

import asyncio
import http.client
import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path

import forebay
from forebay import aio, codecs


EMULATOR: list[str] = json.loads(os.environ.get("FOREBAY_EMULATOR", "[]"))
INTERPRETER = [*EMULATOR, sys.executable]
"""How another process like this one starts."""


def blocks(folder: Path) -> None:
    with forebay.open(folder / "queues") as store:
        orders = store.create_queue("orders", visibility_timeout=30)
        orders.send(b"any bytes", attributes={"kind": "new"})
        for message in orders.receive(max=10, wait=20):
            with message:
                assert (message.body, message.attributes) == (b"any bytes", {"kind": "new"})
        assert orders.counts() == store.create_queue("other").counts()


def awaits(folder: Path) -> None:
    async def main() -> None:
        async with aio.open(folder / "queues") as store:
            orders = await store.create_queue("orders", codec=codecs.Json())
            waiting = asyncio.create_task(orders.receive(wait=20))
            await orders.send({"id": 7})
            async with (await waiting)[0] as message:
                assert message.body == {"id": 7}

    asyncio.run(main())


def works(folder: Path) -> None:
    with forebay.open(folder / "queues") as store:
        orders = store.create_queue("orders")
        orders.send(b"work")

        def handle(message: forebay.Message[bytes]) -> None:
            worker.stop()

        worker = forebay.Worker(orders, handle)
        worker.run()
        assert orders.peek() == []


def raises(folder: Path) -> None:
    with forebay.open(folder / "queues") as store:
        try:
            store.get_queue("absent")
        except forebay.errors.QueueDoesNotExist as error:
            assert error.code == "AWS.SimpleQueueService.NonExistentQueue"
            return
    raise AssertionError("nothing was raised")


def shares(folder: Path) -> None:
    """Another process reads what this one wrote."""
    program = "import forebay, sys; s = forebay.open(sys.argv[1]); print(s.list_queues())"
    with forebay.open(folder / "queues") as store:
        store.create_queue("shared")
        command = [*INTERPRETER, "-c", program, store.location]
        assert subprocess.check_output(command, text=True) == "['shared']\n"


def create(url: str, name: str) -> str:
    """Creates a queue over the wire and returns its URL."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    body = json.dumps({"QueueName": name})
    connection.request("POST", "/", body, {"X-Amz-Target": "AmazonSQS.CreateQueue"})
    answer = json.load(connection.getresponse())
    connection.close()
    return str(answer["QueueUrl"])


def serves(folder: Path) -> None:
    with forebay.serve(folder / "queues") as endpoint:
        assert create(endpoint, "orders") == f"{endpoint}/000000000000/orders"
        assert endpoint.store.list_queues() == ["orders"]


def commands(folder: Path) -> None:
    """The program that the installation put beside the interpreter."""
    program = [str(Path(sysconfig.get_path("scripts")) / "forebay")]
    if EMULATOR:
        program = [*INTERPRETER, "-m", "forebay"]
    version = subprocess.check_output([*program, "--version"], text=True)
    assert version == f"forebay {forebay.__version__}\n", version
    words = ["serve", "--listen", "127.0.0.1:0", "--log", "error"]
    start = [*program, *words]
    with subprocess.Popen(start, cwd=folder, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout
            create(child.stdout.readline().strip(), "orders")
            listed = subprocess.check_output([*program, "ls"], cwd=folder, text=True)
            assert json.loads(listed)["name"] == "orders", listed
            child.terminate()
            assert child.wait(timeout=60) == 0
        finally:
            child.kill()


def reaches_databases(folder: Path) -> None:
    """PostgreSQL is in the package: a database that is away is away, and no foreign location."""
    try:
        forebay.open("postgres://nobody@127.0.0.1:1/none", lock_timeout=0.1)
    except forebay.errors.Unavailable:
        return
    raise AssertionError("nothing was raised")


def tells(folder: Path) -> None:
    """What tools find of the package."""
    assert importlib.metadata.version("forebay") == forebay.__version__
    plugins = importlib.metadata.entry_points(group="pytest11", name="forebay")
    assert [plugin.value for plugin in plugins] == ["forebay.pytest_plugin"]
    files = importlib.metadata.files("forebay") or []
    licenses = [file.name for file in files if file.parent.name == "licenses"]
    assert sorted(licenses) == ["LICENSE-APACHE", "LICENSE-MIT"], licenses
    package = Path(forebay.__file__).parent
    for name in ("py.typed", "_native.pyi"):
        assert (package / name).exists(), name


def stays_free(folder: Path) -> None:
    """An interpreter without a GIL still has none after the import."""
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        assert not getattr(sys, "_is_gil_enabled")()


def main() -> int:
    cases: list[Callable[[Path], None]] = [
        blocks,
        awaits,
        works,
        raises,
        shares,
        serves,
        commands,
        reaches_databases,
        tells,
        stays_free,
    ]
    failed = 0
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            try:
                case(Path(folder))
            except Exception as error:
                failed += 1
                print(f"{case.__name__}: {type(error).__name__}: {error}")
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Python {version} on {os.uname().machine}")
    print(f"{len(cases) - failed} passed, {failed} failed, 0 skipped")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
