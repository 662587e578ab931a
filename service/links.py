"""The public paths, in one table: web registers its rules from it, mails build their links from it."""

from urllib.parse import quote

# Paths below a locale that mails and other systems link to; `<…>` stands for a value.
PUBLIC_PATHS = {
    "home": "/",
    "sign_in": "/sign-in",
    "sign_in_link": "/sign-in/link/<token>",
    "reset": "/reset/<token>",
    "user_invitation": "/invitation/<token>",
    "join": "/join/<token>",
    "conversation": "/conversation/<token>",
    "download": "/download/<token>",
    "thread": "/inbox/<thread_id>",
    "notices": "/notices",
    "unsubscribe": "/unsubscribe/<token>",
    "campaign": "/campaigns/<campaign_id>",
    "import": "/settings/import/<import_id>",
    "help": "/help/",
    "help_page": "/help/<slug>",
}


def path(name: str, locale: str, /, **values: object) -> str:
    """Return the path of a public page in one language; KeyError for a name or value that is not there."""
    text = f"/{locale}{PUBLIC_PATHS[name]}"
    for key, value in values.items():
        mark = f"<{key}>"
        if mark not in text:
            raise KeyError(key)
        text = text.replace(mark, quote(str(value), safe=""))
    if "<" in text:
        raise KeyError(text)
    return text


def url(base_url: str, name: str, locale: str, /, **values: object) -> str:
    """Return the absolute address of a public page under the configured base URL."""
    return base_url.rstrip("/") + path(name, locale, **values)
