"""Which columns hold what is known of a person; a test finds every column of text that is named nowhere."""

from collections.abc import Mapping

# About partners, creators and the people behind their addresses.
OF_PARTNERS: Mapping[str, frozenset[str]] = {
    "partners": frozenset(
        {
            "mpid", "name", "first_name", "last_name", "email", "email_key", "locale", "time_zone", "country",
            "kind", "business_model", "description", "search_text",
        }
    ),
    "media_properties": frozenset({"url"}),
    "prospects": frozenset({"sort_key", "stage", "source", "custom_email", "custom_email_key"}),
    "stage_changes": frozenset({"event", "stage"}),
    "deliveries": frozenset({"address", "address_key", "locale", "time_zone", "values", "reply"}),
    "delivery_attempts": frozenset({"reply"}),
    "bounces": frozenset({"status", "text"}),
    "suppressions": frozenset({"address_key"}),
    "suppression_lifts": frozenset({"address_key", "note"}),
    "import_pieces": frozenset({"data"}),
    "import_blocks": frozenset({"data"}),
    "import_rows": frozenset({"identity", "name", "reasons", "changes"}),
    "import_leftovers": frozenset({"reasons"}),
    "threads": frozenset({"report"}),
    "messages": frozenset({"body", "lang", "message_id", "left_out"}),
    "attachments": frozenset({"name", "digest", "file_id", "threat"}),
    "drafts": frozenset({"body"}),
}  # fmt: skip
# About users of the brand.
OF_USERS: Mapping[str, frozenset[str]] = {
    "users": frozenset(
        {
            "invitation",
            "email",
            "email_key",
            "name",
            "search_text",
            "password_hash",
            "locale",
            "time_zone",
            "totp_secret",
        }
    ),
    "user_sessions": frozenset({"secret_hash", "browser"}),
    "recovery_codes": frozenset({"code_hash"}),
    "mail_accounts": frozenset({"address", "address_key", "host", "user_name", "secret"}),
    "notices": frozenset({"values"}),
    "selections": frozenset({"ids", "query"}),
    "campaigns": frozenset({"from_name", "reply_to", "from_address"}),
}
# About whoever a mail of the product itself goes to.
OF_BOTH: Mapping[str, frozenset[str]] = {
    "system_mails": frozenset({"address", "values", "reply"}),
}
# Everything else that could hold text: of the brand, of the installation, or a code.
OF_NOBODY: Mapping[str, frozenset[str]] = {
    "ads": frozenset({"name", "link_url", "image_url"}),
    "attachments": frozenset({"upload_key", "side", "kind", "state"}),
    "audit_entries": frozenset({"act", "subject_kind", "details"}),
    "bounces": frozenset({"kind"}),
    "campaign_marks": frozenset({"counts"}),
    "campaigns": frozenset(
        {
            "form_key", "state", "source_locale", "template", "unknown_policy", "selection", "ads",
            "program_name", "pause_reason",
        }
    ),
    "deliveries": frozenset({"message_id", "state", "lease_token"}),
    "delivery_attempts": frozenset({"outcome"}),
    "drafts": frozenset({"form_key"}),
    "erased_addresses": frozenset({"mark", "reason"}),
    "erasures": frozenset({"subject", "counts"}),
    "groups": frozenset({"name", "name_key"}),
    "help_votes": frozenset({"slug", "locale", "digest"}),
    "import_columns": frozenset({"name_key", "column"}),
    "import_rows": frozenset({"outcome", "rule"}),
    "imports": frozenset(
        {
            "file_name", "locale", "encoding", "delimiter", "mapping", "default_language", "state", "digest",
            "refusal", "lease_token",
        }
    ),
    "installations": frozenset({"place", "stamp"}),
    "mail_accounts": frozenset({"tls", "last_error"}),
    "messages": frozenset({"side", "channel", "state", "form_key"}),
    "messaging_terms": frozenset({"texts"}),
    "notices": frozenset({"kind", "mail"}),
    "notification_choices": frozenset({"kind", "mail"}),
    "programs": frozenset({"name", "name_key", "default_locale", "time_zone"}),
    "roles": frozenset({"key", "name", "permissions"}),
    "suppression_lifts": frozenset({"reason"}),
    "suppressions": frozenset({"reason"}),
    "system_mails": frozenset({"template", "locale", "message_id", "state", "lease_token"}),
    "threads": frozenset({"last_side"}),
    "throttles": frozenset({"key"}),
    "used_links": frozenset({"purpose", "nonce"}),
    "variants": frozenset({"locale", "subject", "content"}),
    "worker_beats": frozenset({"executor_id", "version", "trouble"}),
}  # fmt: skip
