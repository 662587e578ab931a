"""Why the product says no: one code and its words for each refusal that several rooms may meet."""

from enum import Enum

from service.facts.words import N_, NN_, Phrase


class Refusal(Enum):
    """A refusal carries the words for it; the values they take are named in them."""

    NOT_FOUND = N_("This item does not exist, or it belongs to another program.")
    NOT_ALLOWED = N_("Your role does not include this permission: %(permission)s.")
    NO_PROGRAM = N_("You have no access to any program yet. Ask an account administrator for it.")
    NAME_MISSING = N_("Enter a name.")
    NAME_TOO_LONG = N_("The name is longer than %(num)s characters.")
    TEXT_UNPRINTABLE = N_("The text contains a character that cannot be stored: %(character)s.")
    GROUP_NAME_TAKEN = N_("A group with this name already exists: %(name)s.")
    PARTNER_KNOWN = N_("This email address already belongs to a prospect of the program: %(name)s.")
    ALREADY_PROSPECT = N_("This partner is already a prospect of the program: %(name)s.")
    EMAIL_MISSING = N_("Enter an email address.")
    EMAIL_INVALID = N_("This is not a valid email address: %(address)s.")
    URL_INVALID = N_("This is not a valid web address: %(url)s. It must start with https:// or http://.")
    MPID_TAKEN = N_("This partner ID is already in use: %(mpid)s.")
    MESSAGING_OFF = N_("%(name)s does not accept messages. You can write an email instead.")
    MESSAGE_EMPTY = N_("Write a message, or attach a file.")
    MESSAGE_TOO_LONG = N_("The message is longer than %(num)s characters.")
    CONVERSATION_GONE = N_(
        "Open the latest email about this conversation and use the link in it. If that one does not work "
        "either, ask whoever wrote to you for another message: its email brings a new link."
    )
    UNSUBSCRIBE_LINK_BROKEN = N_(
        "The link may have been cut off. Open the email again and select the link in it, or reply to the "
        "email and ask not to get any more."
    )
    JOIN_LINK_BROKEN = N_(
        "The link may have been cut off, or the invitation is no longer open. Open the latest email again "
        "and select the link in it, or reply to the email."
    )
    REPORT_EMPTY = N_("Write what is wrong with the conversation.")
    REPORT_TOO_LONG = N_("The report is longer than %(num)s characters.")
    TERMS_NOT_ACCEPTED = N_("Read the messaging terms and accept them first.")
    TERMS_TOO_LONG = N_("The terms in this language are longer than %(num)s kilobytes.")
    MESSAGE_READ = N_("The message has been read in the meantime. It cannot be changed any more.")
    MESSAGE_NOT_YOURS = N_("Only the person who wrote a message can edit it.")
    NOT_YOURS_TO_WITHDRAW = N_(
        "Only the person who wrote a message, or somebody with this permission, can withdraw it: "
        "%(permission)s."
    )
    ATTACHMENTS_OFF = N_(
        "Files cannot be attached, because no virus scanner is set up for this installation."
    )
    ATTACHMENTS_TOO_MANY = N_("At most %(num)s files can be attached to one message.")
    ATTACHMENTS_QUOTA = N_("At most %(size)s can be attached within 24 hours. Try again later.")
    ATTACHMENT_NOT_STORED = N_(
        "The file could not be stored, because the server cannot store anything at the moment. "
        "Try again later."
    )
    FORM_SENT_BEFORE = N_(
        "This form has already been sent with another text. Send it again to add this text as a new message."
    )
    ATTACHMENT_REFUSED = N_("This file cannot be sent. Remove it first: %(name)s")
    ERASURE_BUSY = N_(
        "An email to this person is being sent, or an import with them is running. Try again in a minute."
    )
    OWN_ERASURE = N_("You cannot erase yourself. Another user with this permission can.")
    ERASURE_UNCONFIRMED = N_("Enter the email address of the person as it is shown above.")
    NEEDS_ALL_PROGRAMS = N_("Personal data is kept across programs. You need access to all of them.")
    NO_RECIPIENTS = N_("No recipient is selected. Select at least one prospect.")
    NO_VARIANT = N_("The campaign has no content in any language. Write at least one language variant.")
    SOURCE_VARIANT_EMPTY = N_("The source language variant needs a subject and content: %(language)s.")
    VARIANT_HALF_EMPTY = N_(
        "This language variant has a subject without content, or the reverse: %(language)s."
    )
    SUBJECT_TOO_LONG = N_("The subject is longer than %(num)s characters: %(language)s.")
    CONTENT_HAS_ERRORS = NN_(
        "The content has %(num)s error. Correct it, then send again.",
        "The content has %(num)s errors. Correct them, then send again.",
    )
    VALUES_MISSING = NN_(
        "%(num)s recipient has no value for a token. Add a fallback value, or leave this recipient out.",
        "%(num)s recipients have no value for a token. Add a fallback value, or leave them out.",
    )
    SENDER_NAME_INVALID = N_("The From name contains a line break or a control character.")
    CAMPAIGN_ALREADY_LAUNCHED = N_("This campaign has already been sent. Its content cannot change any more.")
    CAMPAIGN_SCHEDULED = N_("This campaign is scheduled. To change its content, cancel the schedule first.")
    CAMPAIGN_NOT_IN_STATE = N_("The campaign is in a state that does not allow this: %(state)s.")
    TIME_MISSING = N_("Enter a date and a time.")
    TIME_PAST = N_("This moment has passed: %(time)s. Choose a later one.")
    TIME_SKIPPED = N_(
        "Clocks go forward then, and this time does not exist in your time zone. The next one is: %(time)s"
    )
    TIME_TOO_FAR = N_("A campaign can be scheduled at most %(num)s days ahead.")
    TIME_UNUSED = N_(
        "A date and time is entered. To use it, select “Schedule”. To send at once, empty this field first."
    )
    LIFT_NOTE_MISSING = N_(
        "Say why the address may be written to again, for example that its owner asked for it."
    )
    DELIVERY_NOT_UNKNOWN = N_("This delivery has been settled in the meantime. State: %(state)s")
    IMPORT_NOT_IN_STATE = N_("The import is in a state that does not allow this: %(state)s.")
    IMPORT_CLEARED = N_("The file and the rows of this import have been deleted. Only the counts are left.")
    IMPORT_STORED_NOTHING = N_("This import created and changed nothing, so there is nothing to undo.")
    IMPORT_OVERTAKEN = N_("A later import changed some of the same prospects. Undo that one first: %(file)s.")
    IMPORT_OVERTAKEN_ELSEWHERE = N_(
        "A later import into another program changed some of the same partners. It must be undone first."
    )
    EDITED_MEANWHILE = N_(
        "Someone else has saved this page in the meantime. Check their version, then save yours."
    )
    USER_KNOWN = N_("A user with this email address already exists: %(address)s.")
    PASSWORD_TOO_SHORT = N_("The password must have at least %(num)s characters.")
    PASSWORD_TOO_LONG = N_("The password must have at most %(num)s characters.")
    PASSWORD_COMMON = N_("This password is among the most common ones. Choose another.")
    PASSWORD_PERSONAL = N_("This password is made from a name or an email address. Choose another.")
    PASSWORD_WRONG = N_("The current password is incorrect.")
    SIGN_IN_REFUSED = N_("The email address or the password is incorrect.")
    TOO_MANY_TRIES = NN_(
        "Too many tries. Wait %(num)s minute, then try again.",
        "Too many tries. Wait %(num)s minutes, then try again.",
    )
    CODE_REFUSED = N_("This code is incorrect or has already been used.")
    LINK_SPENT = N_("This link has expired or has already been used.")
    OWN_ROLE = N_("You cannot change your own role.")
    OWN_PROGRAMS = N_("You cannot change your own program access.")
    PROGRAMS_NOT_YOURS = N_(
        "Only a user with access to all programs can give or take access to all programs."
    )
    ALREADY_JOINED = N_("This user has already accepted the invitation.")
    INVITATION_NOT_YOURS = N_(
        "This invitation is for another person. Sign out first, then open the link again."
    )
    ROLE_NOT_CHOSEN = N_("Choose a role.")
    ROLE_BUILT_IN = N_("A built-in role cannot be changed. Create a custom role instead.")
    OWN_ROLE_PERMISSIONS = N_("You cannot change the permissions of your own role.")
    ROLE_IN_USE = N_("A role can be deleted only when no user has it.")
    ROLE_NAME_TAKEN = N_("A role with this name already exists: %(name)s.")
    LAST_ADMINISTRATOR = N_("The last account administrator cannot be removed.")
    LOCALE_UNKNOWN = N_("This language is not available: %(language)s.")
    ZONE_UNKNOWN = N_("This time zone is unknown: %(text)s.")
    PROGRAM_NAME_TAKEN = N_("A program with this name already exists: %(name)s.")
    RATE_OUT_OF_RANGE = N_("The emails an hour must be a number from 1 to %(num)s, or nothing for no limit.")
    HOST_INVALID = N_("This is not the name of a mail server: %(host)s. Enter one such as smtp.example.com.")
    PORT_REFUSED = N_("Choose one of the ports that are offered.")
    PASSWORD_MISSING = N_("Enter the password.")
    PASSWORD_NEEDED_AGAIN = N_("Enter the password again: it is only sent to the server it was entered for.")
    PASSWORD_UNSENDABLE = N_("The password contains a character that cannot be sent.")
    ACCOUNT_KNOWN = N_("This address is already connected: %(address)s.")
    ACCOUNT_NOT_READY = N_(
        "This mail account cannot send: %(address)s. Check its connection in your settings."
    )
    FACTOR_UNREADABLE = N_(
        "Codes of the app cannot be checked now. Use a recovery code, or ask an account administrator."
    )
    TRANSLATION_EDITING_OFF = N_("Texts cannot be changed here: editing is off in this installation.")
    TRANSLATION_OVERTAKEN = N_(
        "Somebody else has changed this text since you opened it. Compare both, then save again."
    )
    TRANSLATION_HAS_ERRORS = NN_(
        "The text has %(num)s error and was not saved.", "The text has %(num)s errors and was not saved."
    )
    TRANSLATION_INCOMPLETE = N_("Write every plural form, or leave all of them empty.")
    CATALOG_UNREADABLE = N_("The catalog cannot be changed until this is mended, line %(line)s: %(reason)s")
    CATALOG_UNWRITABLE = N_("The catalog cannot be written: %(path)s. Check who may write to the file.")
    EXPIRY_OUT_OF_RANGE = N_("The invitation period must be between 1 and 365 days.")

    @property
    def phrase(self) -> Phrase:
        """The words to translate."""
        return self.value
