"""Who works beside whom, and who does not wait for ever."""

import threading

from service.worker.caution import Caution


def test_one_works_alone_only_while_nobody_else_does() -> None:
    """F-17."""
    caution = Caution()
    with caution.alone() as free:
        assert free
        began = threading.Event()

        def work() -> None:
            with caution.together():
                began.set()

        other = threading.Thread(target=work, daemon=True)
        other.start()
        assert not began.wait(0.05)
    assert began.wait(30)
    other.join(30)
    assert not other.is_alive()


def test_whoever_wants_to_be_alone_gives_up_and_holds_up_nobody() -> None:
    """F-17, L-7: a long batch goes on, and urgent mails pass by whoever waits to be alone."""
    caution = Caution()
    waiting, gave_up = threading.Event(), threading.Event()

    def alone() -> None:
        waiting.set()
        with caution.alone(patience=0.3) as free:
            if not free:
                gave_up.set()

    with caution.together():
        other = threading.Thread(target=alone, daemon=True)
        other.start()
        assert waiting.wait(60)
        with caution.together(urgent=True):
            pass
        assert gave_up.wait(60)
        other.join(30)
        with caution.together():
            pass
    with caution.alone() as free:
        assert free
