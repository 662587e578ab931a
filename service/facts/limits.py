"""The limits that pages, engines and help pages must agree on."""

from datetime import timedelta

IMPORT_FILE_BYTES = 200 * 1024 * 1024
IMPORT_ROWS = 1_000_000
IMPORT_FIELD_BYTES = 64 * 1024

EMAIL_SUBJECT_CHARACTERS = 200
EMAIL_CONTENT_BYTES = 64 * 1024
NAME_CHARACTERS = 200

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
