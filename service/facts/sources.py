"""Where a prospect came from, and what kind of partner it is."""

from enum import StrEnum

from service.facts.words import N_, NP_, Phrase


class Source(StrEnum):
    """The way by which a prospect entered the program."""

    MARKETPLACE = "marketplace"
    IMPORT = "import"
    MANUAL = "manual"


SOURCE_LABELS: dict[Source, Phrase] = {
    Source.MARKETPLACE: NP_("source", "Marketplace"),
    Source.IMPORT: NP_("source", "Import"),
    Source.MANUAL: NP_("source", "Manual"),
}


class PartnerKind(StrEnum):
    """A company that promotes, or a person who creates."""

    PARTNER = "partner"
    CREATOR = "creator"


KIND_LABELS: dict[PartnerKind, Phrase] = {
    PartnerKind.PARTNER: N_("Partner"),
    PartnerKind.CREATOR: N_("Creator"),
}


class BusinessModel(StrEnum):
    """How a partner earns."""

    CONTENT = "content"
    SOCIAL = "social"
    LOYALTY = "loyalty"
    DEALS = "deals"
    NEWSLETTER = "newsletter"
    SEARCH = "search"


BUSINESS_MODEL_LABELS: dict[BusinessModel, Phrase] = {
    BusinessModel.CONTENT: N_("Content and reviews"),
    BusinessModel.SOCIAL: N_("Social media"),
    BusinessModel.LOYALTY: N_("Loyalty and rewards"),
    BusinessModel.DEALS: N_("Deals and coupons"),
    BusinessModel.NEWSLETTER: N_("Newsletter"),
    BusinessModel.SEARCH: NP_("business model", "Search"),
}
