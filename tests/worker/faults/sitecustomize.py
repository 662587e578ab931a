"""Faults for a process under test, put on its PYTHONPATH and chosen by its environment.

POISON=a@x.example,…  composing a mail to one of these ends the process, as a fault in native code would.
CLOCK_JUMP=FILE        the database's clock is off by the seconds in this file, which may change at any time.
KILL_AT=module:name:before|after:N  SIGKILL at the N-th call of a function, before or after it does its work.
"""

import datetime
import functools
import importlib
import os
import signal
import sys

# When this module is about to be imported, everything below it can be.
_LAST = "service.worker.deliver"


class _Finder:
    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name == _LAST:
            sys.meta_path.remove(self)
            _poison(os.environ.get("POISON", ""))
            _jump(os.environ.get("CLOCK_JUMP", ""))
            _kill_at(os.environ.get("KILL_AT", ""))


def _poison(addresses: str) -> None:
    if addresses:
        from service.domain.letters import Composer  # only in the process under test

        usual = Composer.delivery

        def delivery(self, text, claimed):  # type: ignore[no-untyped-def]
            if claimed.address in addresses.split(","):
                signal.raise_signal(signal.SIGSEGV)  # of this thread: it composes nothing more
            return usual(self, text, claimed)

        Composer.delivery = delivery  # type: ignore[method-assign]


def _jump(file: str) -> None:
    if file:
        from service.db import Database  # only in the process under test

        usual = Database.now

        def now(self):  # type: ignore[no-untyped-def]
            with open(file, encoding="ascii") as offset:
                return usual(self) + datetime.timedelta(seconds=int(offset.read() or 0))

        Database.now = now  # type: ignore[method-assign]


def _kill_at(where: str) -> None:
    if not where:
        return
    module, name, when, number = where.split(":")
    owner = importlib.import_module(module)
    *outer, last = name.split(".")
    for part in outer:
        owner = getattr(owner, part)
    usual, calls = getattr(owner, last), [0]

    @functools.wraps(usual)
    def deadly(*arguments, **options):  # type: ignore[no-untyped-def]
        calls[0] += 1
        mine = calls[0]  # others may call it in threads of theirs meanwhile
        if when == "before" and mine == int(number):
            os.kill(os.getpid(), signal.SIGKILL)
        answer = usual(*arguments, **options)
        if when == "after" and mine == int(number):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, last, deadly)


sys.meta_path.insert(0, _Finder())  # type: ignore[arg-type]
