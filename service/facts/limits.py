"""The limits that pages, engines and help pages must agree on."""

from datetime import timedelta

IMPORT_FILE_BYTES = 200 * 1024 * 1024
IMPORT_ROWS = 1_000_000
IMPORT_FIELD_BYTES = 64 * 1024

EMAIL_SUBJECT_CHARACTERS = 200
EMAIL_CONTENT_BYTES = 64 * 1024
NAME_CHARACTERS = 200
MESSAGE_CHARACTERS = 10_000
REPORT_CHARACTERS = 2_000
TERMS_BYTES = 64 * 1024
# A mail about messages waits this long, so that the next ones and a second thought go into the same mail.
MESSAGE_MAIL_WAITS = timedelta(minutes=1)
DIGEST_HOUR = 8

PAGE_ROWS = 50
REQUEST_BYTES = 1024 * 1024

PASSWORD_MIN_CHARACTERS = 8
PASSWORD_ADVISED_CHARACTERS = 15
PASSWORD_MAX_CHARACTERS = 1000
MAIL_PASSWORD_CHARACTERS = 1000
SESSION_IDLE = timedelta(hours=12)
SESSION_LENGTH = timedelta(days=14)
RESET_LINK_LIFE = timedelta(hours=1)
SIGN_IN_LINK_LIFE = timedelta(hours=1)
USER_INVITATION_LIFE = timedelta(days=7)
SIGN_IN_TRIES = 10

INVITATION_DAYS = 60
SCHEDULE_AHEAD = timedelta(days=365)

DELIVERY_BATCH = 200
LEASE = timedelta(seconds=60)
RETRY_GIVE_UP = timedelta(days=4)
# A mail that brought a worker down, or could not be written, this often is not tried again (check F-17).
MOST_CRASHES = 5
WORKER_DEAD = timedelta(seconds=30)
WORKER_FORGOTTEN = timedelta(days=1)

# The product's own mails are forgotten this many days after they were settled.
KEEP_SYSTEM_MAILS_DAYS = 30
ATTACHMENT_BYTES = 10 * 1024 * 1024
ATTACHMENTS = 5
# A mail with so many files in base64, in lines as RFC 2045 section 6.8 has them, and room for its text.
INBOUND_MAIL_BYTES = 72 * 1024 * 1024
# As file systems count them, in UTF-8.
FILE_NAME_BYTES = 255
# The largest pictures of telephones are a little smaller.
IMAGE_PIXELS = 50_000_000
GIF_FRAMES = 1_000
# All frames of an animation together, each drawn on the whole canvas.
ANIMATION_PIXELS = 500_000_000
PDF_PAGES = 1_000
PDF_UNPACKED_BYTES = 512 * 1024 * 1024
SIGNATURES_MOST_AGE = timedelta(days=7)
# What one user of the brand, or the partner of one conversation, may attach within 24 hours.
ATTACHMENT_DAY_BYTES = 500 * 1024 * 1024
# How long an address on the host for downloads works.
DOWNLOAD_LIFE = timedelta(seconds=60)
# A file that no message took is kept this long.
UPLOAD_LIFE = timedelta(days=1)
SCAN_GIVE_UP = timedelta(days=1)
