"""The digest of message attributes, which clients verify; written anew here."""

import hashlib
import struct


def attributes_md5(attributes):
    """MD5OfMessageAttributes."""
    digest = hashlib.md5()
    for name in sorted(attributes):
        value = attributes[name]
        kind = value["DataType"]
        if kind.startswith("Binary"):
            transport, raw = b"\x02", value["BinaryValue"]
        else:
            transport, raw = b"\x01", value["StringValue"].encode()
        for part in (name.encode(), kind.encode()):
            digest.update(struct.pack("!I", len(part)) + part)
        digest.update(transport + struct.pack("!I", len(raw)) + raw)
    return digest.hexdigest()
