"""The list of blueprints: one noun each."""

from flask import Flask

from service.web import (
    ads,
    auth,
    campaigns,
    compose,
    decisions,
    groups,
    health,
    help,
    help_lists,
    help_preview,
    histories,
    home,
    import_columns,
    import_undo,
    imports,
    join,
    mail_accounts,
    outbox,
    partners,
    profile,
    programs,
    prospect_facts,
    prospects,
    schedules,
    sending_domain,
    suppressions,
    translate,
    translate_gallery,
    translate_inspect,
    translate_live,
    translate_texts,
    unsubscribe,
)

BLUEPRINTS = (
    home.bp,
    auth.bp,
    profile.bp,
    mail_accounts.bp,
    prospects.bp,
    prospect_facts.bp,
    partners.bp,
    groups.bp,
    campaigns.bp,
    compose.bp,
    schedules.bp,
    decisions.bp,
    histories.bp,
    suppressions.bp,
    imports.bp,
    import_columns.bp,
    import_undo.bp,
    programs.bp,
    ads.bp,
    outbox.bp,
    sending_domain.bp,
    join.bp,
    unsubscribe.bp,
    help.bp,
    help_lists.bp,
    help_preview.bp,
    translate.bp,
    translate_texts.bp,
    translate_live.bp,
    translate_gallery.bp,
    translate_inspect.bp,
    health.bp,
)


def register(app: Flask) -> None:
    """Register every blueprint."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
