"""Any change of any file changes the name of the state; files are looked at no more often than agreed."""

from pathlib import Path

from service.content.watch import Watch


def test_every_change_is_noticed_after_the_pause(tmp_path: Path) -> None:
    now = [0.0]
    (tmp_path / "en").mkdir()
    page = tmp_path / "en" / "a.md"
    page.write_text("one")
    watch = Watch(tmp_path, clock=lambda: now[0], pause=1.0)
    states = [watch.state()]
    for change in (
        lambda: page.write_text("longer"),
        lambda: (tmp_path / "en" / "b.md").write_text("new"),
        lambda: page.unlink(),
        lambda: (tmp_path / "fr").mkdir(),
        lambda: (tmp_path / "fr" / "a.md").write_text("three"),
    ):
        change()
        assert watch.state() == states[-1]
        now[0] += 1.0
        states.append(watch.state())
    assert states[3] == states[4]  # an empty folder holds no page
    assert len(set(states)) == len(states) - 1


def test_no_directory_is_a_state_too(tmp_path: Path) -> None:
    assert Watch(tmp_path / "nowhere").state() == Watch(tmp_path / "elsewhere").state()
