"""Counting one file, by the rules of ../src/count.rs."""

from typing import NamedTuple

POISON = b"FOREBAY-DEMO-POISON"
KIND_CHARS_MAX = 12
ID_BYTES_MAX = 128


class Counts(NamedTuple):
    """What is counted in a file."""

    words: int  # longest runs of bytes that are not white space
    lines: int  # newline bytes
    bytes: int


def count_file(path: bytes) -> Counts:
    """Counts a file; raises OSError for what cannot be read and what is marked as poison."""
    with open(path, "rb") as file:
        content = file.read()
    if content.startswith(POISON):
        raise OSError("poison")
    return Counts(len(content.split()), content.count(b"\n"), len(content))


def kind_of(path: bytes) -> str:
    """The type of a file: its extension in lower case, or `none`."""
    name = path.rsplit(b"/", 1)[-1]
    dot = name.rfind(b".")
    extension = name[dot + 1 :] if dot > 0 else b""
    if not extension or len(extension) > KIND_CHARS_MAX or not extension.isalnum():
        return "none"
    return extension.lower().decode()


def deduplication_of(path: bytes) -> str:
    """The deduplication id of a file's result: its path where that is one, else a hash of it."""
    if len(path) <= ID_BYTES_MAX and all(b"!"[0] <= byte <= b"~"[0] for byte in path):
        return path.decode()
    value = 0xCBF29CE484222325  # FNV-1a, 64 bits
    for byte in path:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}-{len(path)}"
