"""Taking files in and handing them out, the same for users of the brand and for a partner."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from service import files, links
from service.csvfile import words
from service.domain import attachments, conversations, downloads
from service.domain.attachments import Sender, Upload
from service.domain.errors import DomainError
from service.facts.file_refusals import FileNote
from service.facts.filetypes import ACCEPT, FileType
from service.facts.left_out import OF_A_FILE, LeftOut
from service.facts.limits import ATTACHMENT_BYTES, ATTACHMENTS, REQUEST_BYTES
from service.facts.messages import MessageState, Side
from service.facts.refusals import Refusal
from service.files import FileRefused, csvs, names, thumbnails
from service.models import Attachment, Message, Thread
from service.web import attachment_words, inbox_list, scanner_watch
from service.web.attachment_words import FileLine, Links
from service.web.context import here, reader, reading, services, session_id, transaction, use_zone_of
from service.web.forms import refusal_text, say

log = logging.getLogger(__name__)
MOST_BYTES = ATTACHMENTS * ATTACHMENT_BYTES + REQUEST_BYTES
FIELD = "files"
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation as one of its sides sees it: how to find it, who looks, where links lead.

    `sign` gives a token for the host of downloads.
    """

    thread: Callable[[Session], Thread]
    by: Sender
    links: Links
    sign: Callable[[Thread, Attachment], str]
    page: str


def of_brand(thread_id: int) -> Place:
    """Return a conversation as the user of the brand who asks sees it."""

    def links(name: str, file_id: int) -> str:
        return url_for(f"attachments.{name}", thread_id=thread_id, file_id=file_id)

    def sign(_thread: Thread, found: Attachment) -> str:
        return downloads.sign_for_user(services().signer, session_id(), found, now=here().now)

    return Place(
        thread=lambda session: inbox_list.find(session, thread_id),
        by=Sender(Side.BRAND, reader().id),
        links=links,
        sign=sign,
        page=url_for("threads.show", thread_id=thread_id),
    )


def of_partner(token: str) -> Place:
    """Return a conversation as the partner behind a signed link sees it."""

    def links(name: str, file_id: int) -> str:
        return url_for(f"conversation_files.{name}", token=token, file_id=file_id)

    def thread(session: Session) -> Thread:
        conversation = conversations.find(session, services().signer, token)
        use_zone_of(conversation)
        return conversation.thread

    def sign(thread: Thread, found: Attachment) -> str:
        return downloads.sign_for_partner(services().signer, thread, found, now=here().now)

    return Place(
        thread=thread,
        by=Sender(Side.PARTNER),
        links=links,
        sign=sign,
        page=url_for("conversation.show", token=token),
    )


def wants_fragment() -> bool:
    """Whether the page's own script asks for the list of files, and not a reader for a page."""
    return request.headers.get("X-Fragment") == FIELD


def allow_files() -> None:
    """Let this request be as long as a message with all its files; call it before its form is read."""
    request.max_content_length = MOST_BYTES


def take(place: Place, sent: Iterable[FileStorage], upload_key: str) -> list[str]:
    """Judge and store the files of a form; return what to tell of those that are not taken.

    Each file is for itself: one that is refused does not take the others with it. What was changed in one
    that is taken is told on the next page.
    """
    texts: list[str] = []
    for file in sent:
        if file.filename:
            texts += _take(place, file, upload_key)
    return texts


def take_early(place: Place) -> ResponseReturnValue:
    """Take the files of this request in; answer with the list of those there, and what was refused."""
    key = request.form.get("form_key", "")
    told = take(place, request.files.getlist(FIELD), key)
    return fragment(place, key, told), 400 if told else 200


def _take(place: Place, sent: FileStorage, upload_key: str) -> list[str]:
    name = sent.filename or ""
    try:
        if services().scanner is None:
            raise DomainError(Refusal.ATTACHMENTS_OFF)
        # One byte more than is allowed is enough to know.
        judged = services().file_judge.judge(name, sent.stream.read(ATTACHMENT_BYTES + 1))
        _keep(place, judged, upload_key)
    except FileRefused as refused:
        return [_of_file(name, words.say(refused.reason.phrase, refused.values, here().catalog))]
    except DomainError as error:
        return [_of_file(name, refusal_text(error))]
    for note in judged.notes:
        if note is not FileNote.POSITION_REMOVED:
            flash(_of_file(name, say(note.phrase)), "info")
    return []


def _keep(place: Place, judged: files.Judged, upload_key: str) -> None:
    store = services().attachments
    try:
        file_id = store.put(judged.content)
    except OSError as error:
        log.warning("an attached file could not be stored: %s", error.strerror)
        raise DomainError(Refusal.ATTACHMENT_NOT_STORED) from error
    digest = hashlib.sha256(judged.content).hexdigest()
    upload = Upload(judged.name, judged.type, len(judged.content), digest, file_id)
    kept = False
    try:
        with transaction() as session:
            taken = attachments.take(
                session,
                services().jobs,
                place.thread(session),
                upload,
                by=place.by,
                upload_key=upload_key,
                now=here().now,
            )
            kept = taken.file_id == file_id
    finally:
        if not kept:
            store.delete(file_id)


def _of_file(name: str, reason: str) -> str:
    return say(OF_A_FILE, file=names.printable(name), reason=reason)


def remove(place: Place, attachment_id: int) -> None:
    """Take a file back; raises DomainError(NOT_FOUND) for one that is not the reader's or is sent."""
    with transaction() as session:
        thread = place.thread(session)
        file_id = attachments.remove(session, thread, attachment_id, by=place.by, now=here().now)
    if file_id is not None:
        services().attachments.delete(file_id)


def chosen(session: Session, thread: Thread, place: Place, upload_key: str) -> list[FileLine]:
    """Return the files of a form that was not sent yet, each with the link to take it back."""
    found = attachments.list_unsent(session, thread, by=place.by, upload_key=upload_key)
    return attachment_words.lines(
        found, place.links, side=place.by.side, removable={file.id for file in found}
    )


def shown(found: Sequence[Attachment], place: Place, *, waits: bool) -> list[FileLine]:
    """Return the files of a message; of one's own that still `waits` a file can be taken back."""
    own = {file.id for file in found if waits and file.side == place.by.side.value}
    return attachment_words.lines(found, place.links, side=place.by.side, removable=own)


def of_messages(session: Session, found: Sequence[Message], place: Place) -> dict[int, list[FileLine]]:
    """Return the files of messages as a page shows them, by message."""
    waiting = {message.id for message in found if message.state == MessageState.WAITING.value}
    by_message = attachments.of_messages(session, [message.id for message in found])
    return {
        message_id: shown(files_of, place, waits=message_id in waiting)
        for message_id, files_of in by_message.items()
    }


def left_out(message: Message) -> list[str]:
    """Return in words which files of an email were left out when it came; the count may be greater."""
    catalog = here().catalog
    return [
        _of_file(file.name, reason) if file.name else reason
        for file in map(LeftOut.read, message.left_out)
        for reason in [words.say(file.phrase, file.values, catalog)]
    ]


def composer(session: Session, thread: Thread, place: Place, upload_key: str) -> dict[str, object]:
    """Return what the form of a message shows of files: which are possible, and those that are there."""
    return {"offer": offer(), "chosen_files": chosen(session, thread, place, upload_key)}


def offer() -> dict[str, object]:
    """Return what a composer says of files: whether they are possible, which, how many and how large."""
    return {
        "on": services().scanner is not None,
        "waits": scanner_watch.waits(),
        "accept": ACCEPT,
        "types": [kind.label for kind in FileType],
        "most": ATTACHMENTS,
        "size": ATTACHMENT_BYTES,
    }


def fragment(place: Place, upload_key: str, refused: Sequence[str] = ()) -> str:
    """Return the list of a form's files alone, as the script of the page fetches it."""
    with reading() as session:
        lines = chosen(session, place.thread(session), place, upload_key)
    return render_template("attachments/_chosen.html", files=lines, refused=refused)


def send(place: Place, attachment_id: int) -> ResponseReturnValue:
    """Hand a clean file out, or say where: at the host for downloads, for a minute (check U-6)."""
    with reading() as session:
        thread = place.thread(session)
        found = attachments.find_download(session, thread, attachment_id, by=place.by)
    if origin := services().settings.download_url:
        token = place.sign(thread, found)
        return redirect(links.url(origin, "download", here().locale.code, token=token), 303)
    return hand_out(found)


def hand_out(found: Attachment) -> Response:
    """Answer with a file, to be saved and never opened by the browser (check U-6)."""
    content = _open(found)
    response = Response(_chunks(content), mimetype=FileType(found.kind).media_type)
    response.content_length = found.size
    response.headers["Content-Disposition"] = files.content_disposition(found.name)
    response.call_on_close(content.close)
    return _sealed(response)


# Previews come from the host of all pages, also where downloads do not: what they show is made here.


def picture(place: Place, attachment_id: int) -> Response:
    """Draw a clean picture anew and small: none of its own bytes reach the page."""
    with reading() as session:
        found = attachments.find_download(session, place.thread(session), attachment_id, by=place.by)
        with _open(found) as content:
            small = thumbnails.draw(content)
    if small is None:
        raise DomainError(Refusal.NOT_FOUND)
    return _sealed(Response(small, mimetype=thumbnails.MEDIA_TYPE))


def table(place: Place, attachment_id: int) -> str:
    """Show the first cells of a clean CSV file as text."""
    with reading() as session:
        found = attachments.find_download(session, place.thread(session), attachment_id, by=place.by)
        if found.kind != FileType.CSV.value:
            raise DomainError(Refusal.NOT_FOUND)
        with _open(found) as content:
            rows = csvs.preview(content.read(), locale=here().locale.code)
    return render_template(
        "attachments/table.html",
        name=found.name,
        rows=rows,
        href=place.links("download", found.id),
        back=place.page,
    )


def _open(found: Attachment) -> BinaryIO:
    try:
        return services().attachments.open(found.file_id or "")
    except FileNotFoundError as error:
        raise DomainError(Refusal.NOT_FOUND) from error


def _chunks(content: BinaryIO) -> Iterator[bytes]:
    with content:
        while chunk := content.read(_CHUNK):
            yield chunk


def _sealed(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response
