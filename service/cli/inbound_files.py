"""Files of an answer by email, judged and stored as those of a form are, before the answer is recorded."""

import hashlib

from service.adapters.received_mail import NoRoom
from service.bootstrap import Services
from service.domain.attachments import Upload
from service.domain.inbound import Brought
from service.facts.left_out import LeftOut
from service.facts.limits import ATTACHMENT_BYTES, ATTACHMENTS, INBOUND_MAIL_BYTES
from service.files import FileRefused, names
from service.mail.file_names import file_name
from service.mail.file_octets import FileBroken, content
from service.mail.received import Part
from service.mail.replies import Reply

# Each takes a process and seconds: a mail of a thousand files is not worth more.
MOST_JUDGED = 2 * ATTACHMENTS


class Keeper:
    """Takes the files of one mail; `stored` are the ids of what lies in the store for it."""

    def __init__(self, services: Services, *, is_cut: bool) -> None:
        self._services = services
        self._is_cut = is_cut
        self._judged = 0
        self._uploads: list[Upload] = []
        self._left_out: list[LeftOut] = []

    @property
    def stored(self) -> frozenset[str]:
        """What is to be deleted again unless a message takes it."""
        return frozenset(upload.file_id for upload in self._uploads)

    def take(self, reply: Reply) -> Brought:
        """Judge and store each file of an answer; raises NoRoom where that is not possible now."""
        for number, part in enumerate(reply.files, 1):
            name = file_name(part, number, hint=reply.charset)
            reason = self._refusal(name, part)
            if reason is not None:
                self._left_out.append(reason)
        if self._is_cut and not any(file.reason == "MAIL_TOO_LARGE" for file in self._left_out):
            # Nobody knows what stood there.
            self._left_out.append(_too_large(""))
        return Brought(self._uploads, self._left_out)

    def _refusal(self, name: str, part: Part) -> LeftOut | None:
        """Store a file, or return why not."""
        shown = names.printable(name)
        if self._services.scanner is None:
            return LeftOut(shown, "ATTACHMENTS_OFF")
        try:
            names.claimed_type(name)
            if self._judged == MOST_JUDGED:
                return _too_many(shown)
            self._judged += 1
            return self._store(name, content(part, ATTACHMENT_BYTES + 1))
        except FileRefused as refused:
            return LeftOut(shown, refused.reason.name, refused.values)
        except FileBroken:
            return _too_large(shown) if self._is_cut and not part.is_whole else LeftOut(shown, "NOT_WHOLE")
        except OSError as error:
            raise NoRoom from error

    def _store(self, name: str, octets: bytes) -> LeftOut | None:
        judged = self._services.file_judge.judge(name, octets)
        digest = hashlib.sha256(judged.content).hexdigest()
        if (digest, name) in {(upload.digest, upload.name) for upload in self._uploads}:
            return None
        if len(self._uploads) == ATTACHMENTS:
            return _too_many(name)
        file_id = self._services.attachments.put(judged.content)
        self._uploads.append(Upload(name, judged.type, len(judged.content), digest, file_id))
        return None


def _too_many(name: str) -> LeftOut:
    return LeftOut(name, "ATTACHMENTS_TOO_MANY", {"num": ATTACHMENTS})


def _too_large(name: str) -> LeftOut:
    return LeftOut(name, "MAIL_TOO_LARGE", {"size": INBOUND_MAIL_BYTES})
