"""The one error with which a file is not taken."""

from service.facts.file_refusals import FileRefusal


class FileRefused(Exception):
    """A file is not taken: the reason, and the values its phrase takes (`csvfile.words.say` shows them)."""

    def __init__(self, reason: FileRefusal, /, **values: object) -> None:
        super().__init__(reason.name)
        self.reason = reason
        self.values = values
