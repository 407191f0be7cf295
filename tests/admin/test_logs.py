"""The log tells where something broke and never what a customer said."""

from __future__ import annotations

import logging

from pydantic import TypeAdapter, ValidationError

from admin.commands.logs import Discreet

SAID = "رقم بطاقتي 4111"


def test_errors_are_written_without_their_words() -> None:
    try:
        try:
            TypeAdapter(int).validate_python(SAID)
        except ValidationError as error:
            raise ValueError(SAID) from error
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "stage %s broke", ("answer",), info)
    written = Discreet("%(message)s").format(record)
    assert SAID not in written
    assert "4111" not in written
    assert "stage answer broke" in written
    assert "ValueError ← ValidationError" in written
    assert "test_logs.py" in written
