"""Runs the functions of a module that begin with `case_`, and counts how they end."""

import sys
import traceback


def run(module, *arguments):
    """Runs every case of `module`; the last line printed is the sum."""
    passed = failed = 0
    for name, case in sorted(vars(module).items()):
        if not name.startswith("case_"):
            continue
        try:
            case(*arguments)
        except Exception:
            failed += 1
            print(f"FAILED {name}")
            traceback.print_exc(file=sys.stdout)
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed == 0


def equal(found, expected):
    """Fails unless both are equal, and shows them."""
    if found != expected:
        raise AssertionError(f"found {found!r}, expected {expected!r}")


def refused(call, code, name=None, status=None, **arguments):
    """Fails unless `call` is refused with this code, as this exception; returns its text."""
    from botocore.exceptions import ClientError

    try:
        call(**arguments)
    except ClientError as error:
        equal(error.response["Error"]["Code"], code)
        if name is not None:
            equal(type(error).__name__, name)
        if status is not None:
            equal(error.response["ResponseMetadata"]["HTTPStatusCode"], status)
        return error.response["Error"]["Message"]
    raise AssertionError(f"was not refused; expected {code}")
