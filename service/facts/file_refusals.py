"""Why a file is not taken as an attachment, and what was changed in one that is: codes with their words."""

from enum import Enum

from service.facts.words import N_, Phrase


class FileRefusal(Enum):
    """A refusal carries the words for it; the values they take are named in them. A row keeps the name.

    `size` is a number of bytes, `num` a count; all other values are texts as they stand.
    """

    NAME_EMPTY = N_("The file has no name.")
    NAME_TOO_LONG = N_("The name of the file is too long. Shorten it, then attach the file again.")
    NAME_HAS_PATH = N_("The name of the file must not contain a slash: %(name)s.")
    NAME_UNPRINTABLE = N_("The name of the file contains a character that is not allowed: %(character)s.")
    NAME_END = N_("The name of the file must not end with a space or a full stop: %(name)s.")
    NAME_NO_EXTENSION = N_("The name of the file has no extension. Allowed extensions: %(extensions)s")
    NAME_EXTENSION = N_(
        "Files with the extension %(extension)s are not allowed. Allowed extensions: %(extensions)s"
    )
    NAME_EXECUTABLE = N_(
        "The name of the file contains the extension of executable files: %(extension)s. "
        "Rename it, then attach it again."
    )
    EMPTY = N_("The file is empty.")
    TOO_LARGE = N_("The file is larger than %(size)s.")
    TYPE_DIFFERS = N_(
        "The name of the file ends in %(extension)s, but its content is of type %(type)s. "
        "Give it the right name, then attach it again."
    )
    TYPE_UNKNOWN = N_("The name of the file ends in %(extension)s, but its content is not of that type.")
    TWO_TYPES = N_("The file is of two types at once, %(type)s and %(other)s. Such files are not allowed.")
    IMAGE_DAMAGED = N_("The picture is damaged or incomplete. Save it again, then attach the new file.")
    IMAGE_TOO_LARGE = N_("The picture has more than %(num)s pixels. Make it smaller, then attach it again.")
    IMAGE_TOO_LONG = N_("The animation is too long or too large. Shorten it, then attach it again.")
    PDF_DAMAGED = N_("The PDF is damaged and cannot be checked. Save it again, then attach the new file.")
    PDF_ENCRYPTED = N_(
        "The PDF is protected with a password, so it cannot be scanned. "
        "Remove the password, then attach it again."
    )
    PDF_SCRIPT = N_("The PDF contains a script. Save it without scripts, for example by printing it to PDF.")
    PDF_ACTION = N_(
        "The PDF starts something by itself when it is opened. Save it without actions, "
        "for example by printing it to PDF."
    )
    PDF_EMBEDDED = N_("The PDF contains other files. Save it without them, or attach them one by one.")
    PDF_TOO_LONG = N_("The PDF has more than %(num)s pages. Split it into several files.")
    PDF_TOO_COMPLEX = N_(
        "The PDF is too large to be checked once it is unpacked. Save it again in a simpler form."
    )
    CSV_DAMAGED = N_(
        "The content of the CSV file is not text that can be read. Save it again, then attach the new file."
    )
    NOT_WHOLE = N_("The file did not arrive as it was sent. Send it again.")
    MAIL_TOO_LARGE = N_("The email is larger than %(size)s. Send the files in several emails.")
    NOT_JUDGED = N_("The file takes too long to be checked. Save it again in a simpler form.")

    @property
    def phrase(self) -> Phrase:
        """The words to translate."""
        return self.value


class FileNote(Enum):
    """Something that was changed in a file that is taken; a row keeps the name."""

    POSITION_REMOVED = N_("The place where the picture was taken was removed from it.")
    REST_REMOVED = N_("What stood behind the end of the picture was removed.")

    @property
    def phrase(self) -> Phrase:
        """The words to translate."""
        return self.value
