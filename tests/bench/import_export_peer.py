"""django-import-export importing the same file: dry run, then import; prints seconds of processor time.

Run in a process of its own, since Django has one configuration in each. As it comes, it shows what each row
would change, as our plan does; its own mode for bulk work leaves that out.
"""

import json
import sys
import time
from pathlib import Path

import django
import tablib
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[2]}},
    INSTALLED_APPS=["django.contrib.contenttypes", "import_export"],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.db import connection, models  # noqa: E402 (Django must be configured first)
from import_export import resources  # noqa: E402


class Partner(models.Model):
    """The columns of the file."""

    name = models.CharField(max_length=200)
    email = models.EmailField(unique=True)
    media_property = models.URLField()
    group = models.CharField(max_length=200, blank=True)
    first_name = models.CharField(max_length=200, blank=True)
    last_name = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    mpid = models.CharField(max_length=200, blank=True)

    class Meta:
        app_label = "contenttypes"


COLUMNS = ["name", "email", "media_property", "group", "first_name", "last_name", "description", "mpid"]


class PartnerResource(resources.ModelResource):
    """Found by the address, validated as the model says."""

    class Meta:
        model = Partner
        fields = COLUMNS
        import_id_fields = ("email",)
        clean_model_instances = True
        use_bulk = skip_diff = len(sys.argv) > 3
        batch_size = 1000


def run(text: str, *, dry_run: bool) -> None:
    """Import rows of text, or look what that would do."""
    dataset = tablib.Dataset().load(text, format="csv")
    dataset.headers = COLUMNS
    result = PartnerResource().import_data(dataset, dry_run=dry_run, raise_errors=True)
    assert not result.has_errors()


def main() -> None:
    """Import the file twice, as its users do: to look, and to store."""
    with connection.schema_editor() as editor:
        editor.create_model(Partner)
    text = Path(sys.argv[1]).read_bytes().decode("cp932")
    # What the first import of a process has to prepare is done before, as in ours.
    run("".join(text.splitlines(keepends=True)[:2]), dry_run=True)
    start = time.process_time()
    for dry_run in (True, False):
        run(text, dry_run=dry_run)
    seconds = time.process_time() - start
    print(json.dumps({"processor": seconds, "stored": Partner.objects.count()}))


main()
