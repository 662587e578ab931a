from html import escape

from hypothesis import given
from hypothesis import strategies as st

from service.mail.pieces import _BREAKS, _CONTROLS, Place, Slot


@given(
    st.text(
        st.characters(exclude_categories=("Cs",)) | st.sampled_from("<>&'\"א\u202e\u2066 招"), max_size=20
    )
)
def test_the_short_way_writes_the_same(value: str) -> None:
    """T-6, T-9: a value that needs nothing is passed through; any other goes the long way."""
    for place, long_way in (
        (Place.TEXT, lambda value: _BREAKS.sub(" ", value)),
        (Place.ATTRIBUTE, lambda value: escape(_CONTROLS.sub("", _BREAKS.sub(" ", value)))),
        (Place.HTML, lambda value: escape(_BREAKS.sub(" ", value))),
    ):
        written = Slot("mpid", None, place).writer(value)
        if not _CONTROLS.search(value) or place is Place.ATTRIBUTE:
            assert written.removeprefix("<bdi>").removesuffix("</bdi>") == long_way(value)
