"""Judging files that people attach: by name and content, without opening anything for them."""

from service.files.judging import Judged, judge
from service.files.names import content_disposition
from service.files.refused import FileRefused

__all__ = ["FileRefused", "Judged", "content_disposition", "judge"]
