"""The columns of a file of prospects: their names in every language, what they are for, and examples.

Names are data here, not catalog entries: a file is accepted with the names of any language at once, and the
names printed for people to copy are the ones that are read back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.facts.words import N_, Phrase
from service.i18n.locales import ByLocale


class Key(StrEnum):
    """What a column holds."""

    NAME = "name"
    EMAIL = "email"
    MEDIA = "media_property"
    GROUP = "group"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    DESCRIPTION = "description"
    MPID = "mpid"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"

    # That of an enumeration is written in Python, and each row asks for a key's several times.
    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class Column:
    """A column: names by locale code, other names it goes by, what it is for, an example by locale."""

    key: Key
    required: bool
    names: Mapping[str, str]
    explanation: Phrase
    examples: Mapping[str, str]
    synonyms: tuple[str, ...] = ()


def _four(en: str, fr: str, ja: str, zh: str) -> ByLocale[str]:
    return ByLocale(en=en, fr=fr, ja=ja, zh=zh)


def _same(text: str) -> ByLocale[str]:
    return _four(text, text, text, text)


COLUMNS: tuple[Column, ...] = (
    Column(
        Key.NAME,
        True,
        _four("Partner name", "Nom du partenaire", "パートナー名", "合作伙伴名称"),
        N_("The company or creator, as you want to see it."),
        _four("Blue Harbor Media", "Ateliers de l’Étang", "株式会社みどり企画", "杭州青禾文化传媒有限公司"),
        ("Company", "Company name", "Partner", "Name", "Société", "Entreprise", "Nom de l’entreprise",
         "会社名", "企業名", "公司名称", "公司", "合作夥伴名稱", "公司名稱",
         "Partner's name", "Organization", "Organisation", "Raison sociale",
         "Partenaire", "Nom de la société", "Nom de l’organisation", "パートナー", "社名", "法人名",
         "団体名", "屋号", "合作伙伴", "合作方", "合作方名称", "公司名", "企业名称", "单位名称"),
    ),
    Column(
        Key.EMAIL,
        True,
        _four("Contact email", "E-mail de contact", "連絡先メールアドレス", "联系人电子邮件"),
        N_("Where your emails go. Together with the partner ID, it tells which rows are the same partner."),
        _four("anna@blueharbor.example", "camille@etang.example", "yamada@midori.example",
              "wang@qinghe.example"),
        ("Email", "Email address", "Contact email address", "Mail", "E-mail", "Adresse e-mail", "Courriel",
         "Adresse e-mail de contact", "メールアドレス", "メール", "連絡先メール", "Eメール", "电子邮件",
         "邮箱", "电子邮箱",
         "联系人邮箱", "电子邮件地址", "聯絡人電子郵件", "電子郵件",
         "Mail address", "Email contact", "Contact mail", "Work email", "E-mail address", "Mél",
         "Adresse électronique", "Adresse mail", "Courriel de contact", "E-mail du contact",
         "Mail de contact",
         "Adresse de courriel", "電子メール", "電子メールアドレス", "メアド", "連絡先Eメール",
         "Eメールアドレス",
         "担当者メールアドレス", "电邮", "电子邮件地址（联系人）", "邮件", "邮箱地址", "联系邮箱", "電郵",
         "電子郵件地址", "電子信箱", "信箱"),
    ),
    Column(
        Key.MEDIA,
        True,
        _four("Media property", "Propriété média", "メディアプロパティ", "媒体资源"),
        N_("The web address where the partner publishes. Separate several with a space."),
        _four("https://blueharbor.example", "https://etang.example", "https://midori.example", "https://qinghe.example"),
        ("Media properties", "Website", "Web site", "URL", "Site web", "Propriétés média", "Site internet",
         "ウェブサイト", "サイトURL", "Webサイト", "网站", "网址", "媒體資源", "網站", "網址",
         "Web address", "Web page", "Homepage", "Website URL", "Site",
         "Adresse web", "Adresse du site", "URL du site", "Page web", "ホームページ", "サイト",
         "ウェブサイトURL", "媒体属性", "主页", "官网", "網站網址"),
    ),
    Column(
        Key.GROUP,
        False,
        _four("Group name", "Nom du groupe", "グループ名", "群组名称"),
        N_("A group that exists in the program. For several groups, repeat the row, one group in each."),
        _four("Summer creators", "Créateurs été", "夏のクリエイター", "夏季创作者"),
        ("Group", "Groupe", "グループ", "群组", "群組名稱", "群組",
         "Groups", "Group(s)", "Groupes", "Nom de groupe", "グループ名称", "分组", "分组名称", "组名",
         "分組"),
    ),
    Column(
        Key.FIRST_NAME,
        False,
        _four("Contact first name", "Prénom du contact", "連絡先の名", "联系人名字"),
        N_("The first name of the person you write to."),
        _four("Anna", "Camille", "花子", "秀英"),
        ("First name", "Given name", "Prénom", "名", "名前（名）", "名字", "聯絡人名字",
         "Firstname", "Forename", "First name of the contact", "Prénom de la personne", "Prénom contact",
         "担当者名（名）", "担当者の名", "下の名前", "联系人名", "聯絡人名"),
    ),
    Column(
        Key.LAST_NAME,
        False,
        _four("Contact last name", "Nom de famille du contact", "連絡先の姓", "联系人姓氏"),
        N_("The last name of the person you write to."),
        _four("Berg", "Lefèvre", "山田", "王"),
        ("Last name", "Family name", "Surname", "Nom de famille", "Nom du contact", "Nom", "姓",
         "名前（姓）", "姓氏", "聯絡人姓氏",
         "Lastname", "Contact surname", "Nom contact", "Nom de la personne", "名字（姓）", "苗字",
         "担当者名（姓）", "担当者の姓", "联系人姓", "聯絡人姓"),
    ),
    Column(
        Key.DESCRIPTION,
        False,
        _four("Description", "Description", "説明", "描述"),
        N_("What you want to remember about the partner."),
        _four("Sailing and travel", "Cuisine et jardin", "旅行と料理のブログ", "旅行与美食博客"),
        ("Notes", "备注", "備考", "说明", "說明",
         "Note", "Remarques", "メモ", "コメント",
         "紹介文", "備考欄", "简介", "介绍", "註記", "備註"),
    ),
    Column(
        Key.MPID,
        False,
        _four("Partner ID", "ID du partenaire", "パートナーID", "合作伙伴 ID"),
        N_("The ID of an existing partner account. Leave it empty for someone new."),
        _same("98765"),
        ("MPID", "Identifiant du partenaire", "合作夥伴 ID",
         "Partner number", "Numéro de partenaire", "Identifiant partenaire", "パートナー番号",
         "合作伙伴编号"),
    ),
    Column(
        Key.LANGUAGE,
        False,
        _four("Language", "Langue", "言語", "语言"),
        N_("The language to write in: a code such as ja, or the name of the language."),
        _four("en", "fr", "ja", "zh"),
        ("Locale", "Lang", "ロケール", "語言",
         "Language code", "Preferred language", "Contact language", "Langue du contact", "Code langue",
         "Langue préférée", "使用言語", "言語コード", "语种", "首选语言", "語系"),
    ),
    Column(
        Key.TIME_ZONE,
        False,
        _four("Time zone", "Fuseau horaire", "タイムゾーン", "时区"),
        N_("The time zone of the contact, such as Asia/Tokyo."),
        _four("Europe/London", "Europe/Paris", "Asia/Tokyo", "Asia/Shanghai"),
        ("Timezone", "時區",
         "TZ", "Fuseau", "Zone horaire", "標準時間帯", "时区名称"),
    ),
)  # fmt: skip
BY_KEY: Mapping[Key, Column] = {column.key: column for column in COLUMNS}

# The columns that a result file has on its right: they are known, and no longer data, when it comes back.
STATUS_NAMES = _four("Import status", "État de l’importation", "インポート状態", "导入状态")
REASON_NAMES = _four("Import reason", "Motif de l’importation", "インポート理由", "导入原因")
NUMBER_NAMES = _four("Import row number", "Numéro de ligne importée", "インポート行番号", "导入行号")
# The first of them in a result file whose cells are exactly those of the file, formulas included.
RAW_STATUS_NAMES = _four(
    "Import status (raw)",
    "État de l’importation (brut)",
    "インポート状態（生データ）",
    "导入状态（原样）",
)
