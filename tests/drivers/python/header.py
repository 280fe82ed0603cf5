"""The C library for ctypes, from its header: structures, functions and numbers as they stand in
include/forebay.h, so that a header which does not say what the library does is found out.
"""

from __future__ import annotations

import ctypes
import re
from pathlib import Path
from typing import Any

NUMBERS = {
    "bool": ctypes.c_bool,
    "size_t": ctypes.c_size_t,
    "int32_t": ctypes.c_int32,
    "int64_t": ctypes.c_int64,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "forebay_status": ctypes.c_int32,
}


class Header:
    """What the header declares."""

    def __init__(self, path: Path) -> None:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        self.constants = {
            name: int(number)
            for name, number in re.findall(r"^#define (FOREBAY_\w+) (\d+)$", text, re.MULTILINE)
        }
        enumerators = re.findall(r"^\s+(FOREBAY_\w+) = (\d+),$", text, re.MULTILINE)
        self.constants |= {name: int(number) for name, number in enumerators}
        self.structures: dict[str, type[ctypes.Structure]] = {}
        for body, name in re.findall(r"typedef struct \{(.*?)\} (\w+);", text, re.DOTALL):
            fields = [self.field(line) for line in body.split(";") if line.strip()]
            self.structures[name] = type(name, (ctypes.Structure,), {"_fields_": fields})
        self.functions = {
            name: (result, arguments)
            for result, name, arguments in re.findall(
                r"^(?:FOREBAY_MUST_USE\s+)?([\w ]+?[ *]+)(forebay_\w+)\(([^;{}]*)\);",
                text,
                re.MULTILINE,
            )
        }

    def field(self, line: str) -> tuple[str, Any]:
        match = re.fullmatch(r"\s*(.*?)(\w+)(?:\[(\d+)\])?\s*", line, re.DOTALL)
        assert match, line
        kind, name, length = match.groups()
        return name, ctypes.c_char * int(length) if length else self.type_of(kind)

    def type_of(self, declared: str) -> Any:
        """The type of a value; texts are texts, and other pointers are plain addresses."""
        declared = declared.strip()
        if declared == "const char *":
            return ctypes.c_char_p
        return ctypes.c_void_p if "*" in declared else NUMBERS[declared]

    def load(self, library: Path) -> ctypes.CDLL:
        """The library, its functions as they are declared."""
        loaded = ctypes.CDLL(str(library))
        for name, (result, arguments) in self.functions.items():
            function = getattr(loaded, name)
            function.restype = None if result.strip() == "void" else self.type_of(result)
            words = [] if arguments.strip() == "void" else arguments.split(",")
            function.argtypes = [self.argument(word) for word in words]
        return loaded

    def argument(self, declared: str) -> Any:
        if "(" in declared or "callback" in declared:
            return ctypes.c_void_p
        return self.type_of(re.sub(r"\w+$", "", declared.strip()))
