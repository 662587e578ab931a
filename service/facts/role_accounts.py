"""The mailboxes that several people share, such as info@, in the languages we meet."""

# RFC 2142, then what companies commonly use in English, German, French, Spanish, Italian, Dutch, Japanese and
# Chinese; compared as address keys are: case-folded.
_NAMES = """
    abuse accounting accounts admin administrator billing booking bookings business
    careers compliance contact contactus customerservice enquiries enquiry feedback
    finance ftp help helpdesk hello hi hostmaster hr info information inquiries
    inquiry invoice invoices it jobs legal list list-request mail mailer-daemon
    marketing media news newsletter no-reply noc noreply office operations order
    orders partners partnership partnerships postmaster pr press privacy purchasing
    recruiting recruitment reception root sales security service shop spam store
    subscribe support sysadmin team unsubscribe usenet uucp webmaster welcome www
    anfrage bestellung buero büro kontakt presse rechnung vertrieb verkauf accueil
    bonjour boutique commande commandes commercial compta comptabilite comptabilité
    contactez-nous direction partenaires partenariat partenariats rh secretariat
    secrétariat ventes administracion administración contacto pedidos ventas
    amministrazione contatti contatto ordini segreteria vendite bestellingen verkoop
    eigyo eigyou kouhou koho otoiawase soumu somu toiawase 広報 営業 総務 問い合わせ お問い合わせ
    kefu shangwu 客服 商务 市场 销售
"""
ROLE_ACCOUNTS = frozenset(_NAMES.split())


def is_role_account(address_key: str) -> bool:
    """Tell whether an address key is shared by several people; what follows a plus sign does not count."""
    local = address_key.rpartition("@")[0]
    return local.partition("+")[0] in ROLE_ACCOUNTS
