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
    """A column: names by locale code, other names it goes by, what it is for, an example by locale.

    `synonyms` say the same as the name. `loose` are names that other things have, too: they count, the first
    of them that the file has, where nothing else says which column it is.
    """

    key: Key
    required: bool
    names: Mapping[str, str]
    explanation: Phrase
    examples: Mapping[str, str]
    synonyms: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()


def _four(en: str, fr: str, ja: str, zh: str) -> ByLocale[str]:
    return ByLocale(en=en, fr=fr, ja=ja, zh=zh)


def _same(text: str) -> ByLocale[str]:
    return _four(text, text, text, text)


# What a person is called, in one piece: beside a company it is the contact, else there is no other name.
WHOLE_NAMES = (
    "Name", "Full name", "Display name", "Contact name", "Contact",
    "Nom complet", "Nom et prénom", "Prénom et nom", "Nom prénom", "Prénom nom",
    "氏名", "お名前", "ご氏名", "名前", "フルネーム", "担当者名", "ご担当者名", "担当者氏名", "担当者",
    "ご担当者",
    "表示名", "アカウント名", "チャンネル名", "顧客名",
    "姓名", "名称", "名稱", "全名", "联系人", "联系人姓名", "客户姓名", "负责人", "昵称", "账号名称", "达人",
    "达人昵称",
    "博主", "聯絡人", "聯絡人姓名", "暱稱",
)  # fmt: skip
# The name of a part of it, or of all of it where the file has no other part: the other part.
EITHER = {"Nom": Key.FIRST_NAME, "名字": Key.LAST_NAME}

COLUMNS: tuple[Column, ...] = (
    Column(
        Key.NAME,
        True,
        _four("Partner name", "Nom du partenaire", "パートナー名", "合作伙伴名称"),
        N_("The company or creator, as you want to see it."),
        _four("Blue Harbor Media", "Ateliers de l’Étang", "株式会社みどり企画", "杭州青禾文化传媒有限公司"),
        ("Company", "Company name", "Partner", "Société", "Entreprise", "Nom de l’entreprise",
         "会社名", "企業名", "公司名称", "公司", "合作夥伴名稱", "公司名稱",
         "Partner's name", "Organization", "Organisation", "Raison sociale",
         "Partenaire", "Nom de la société", "Nom de l’organisation", "パートナー", "社名", "法人名",
         "団体名", "屋号", "合作伙伴", "合作方", "合作方名称", "公司名", "企业名称", "单位名称",
         "Account name", "Company / Account", "Organization name", "Organization 1 - Name", "Business name",
         "Default Address Company", "Brand", "Brand name", "Creator", "Creator name",
         "Nom du compte", "Société / Compte", "Nom d’entreprise", "Nom entreprise", "Nom société",
         "Compagnie", "Établissement", "Enseigne", "Nom commercial", "Marque", "Nom de la marque",
         "Créateur", "Nom du créateur", "Créatrice",
         "会社", "企業", "団体", "組織", "組織名", "貴社名", "御社名", "会社・団体名", "会社名・団体名",
         "法人・団体名", "会社名／団体名", "取引先", "取引先名", "事業者名", "店舗名", "店名", "ショップ名",
         "ブランド", "ブランド名", "クリエイター", "クリエイター名", "活動名",
         "企业", "企业名", "单位", "机构", "机构名称", "组织", "组织名称", "公司/组织", "公司/单位",
         "所属公司", "品牌", "品牌名称", "品牌名", "商家", "商家名称", "客户名称", "客户名", "创作者",
         "创作者名称", "企業名稱", "單位", "機構", "機構名稱", "組織名稱", "品牌名稱", "客戶名稱"),
        ("Associated Company", "Client", "Nom du client", "所属", "勤務先", "勤務先名", "所属会社",
         "店铺名称", "店铺", *WHOLE_NAMES),
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
         "電子郵件地址", "電子信箱", "信箱",
         "E-mail 1 - Value", "E-mail 1", "Primary email", "Email ID",
         "Adresse de messagerie", "Adresse email", "Courrier électronique", "Adresse courriel",
         "E-mailアドレス", "Emailアドレス", "メールアドレス1", "ご連絡先メールアドレス", "担当者メール",
         "担当者のメールアドレス", "Email地址", "E-mail地址", "邮件地址", "电邮地址", "联系人邮件",
         "联系人邮箱地址", "电子信箱", "電郵地址", "電子郵件位址", "電子郵件信箱", "聯絡信箱"),
        ("Business email", "Email (work)", "E-mail professionnel", "E-mail pro", "PCメールアドレス",
         "PCメール",
         "会社メールアドレス", "代表メールアドレス", "工作邮箱", "公司邮箱", "企业邮箱", "公司信箱"),
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
         "ウェブサイトURL", "媒体属性", "主页", "官网", "網站網址",
         "Website 1 - Value", "Site URL", "Website link", "Website address", "Blog URL", "Channel URL",
         "URL du site web", "Lien du site", "Adresse du site web", "URL de la chaîne",
         "Webページ", "WebサイトURL", "ホームページURL", "会社URL", "企業URL", "ブログURL", "チャンネルURL",
         "媒体URL", "メディアURL", "サイトのURL", "URL1",
         "网页", "网站地址", "网站链接", "公司网站", "公司网址", "官方网站", "个人主页", "主页链接",
         "主页地址",
         "频道链接", "账号链接", "媒体链接", "博客地址", "網頁", "官方網站", "網站連結"),
        ("Blog", "Channel", "Profile URL", "Link", "Links", "Domain", "Company domain name",
         "Chaîne", "Lien", "Nom de domaine de l’entreprise", "HP", "ブログ", "チャンネル", "SNS", "メディア",
         "媒体",
         "リンク", "会社のドメイン名", "博客", "频道", "链接", "公司域名", "部落格", "頻道", "連結"),
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
         "担当者名（名）", "担当者の名", "下の名前", "联系人名", "聯絡人名",
         "Prénom(s)", "お名前（名）", "氏名（名）", "ファーストネーム"),
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
         "担当者名（姓）", "担当者の姓", "联系人姓", "聯絡人姓",
         "お名前（姓）", "氏名（姓）", "ラストネーム", "担当者（姓）"),
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
        ("Comments", "Comment", "Remarks", "About", "Bio", "Biography", "Profile",
         "Commentaires", "Commentaire", "Remarque", "Présentation", "À propos", "Biographie",
         "特記事項", "プロフィール", "自己紹介", "概要", "会社概要", "附注", "备注信息", "个人简介",
         "公司简介",
         "注释", "附註", "簡介"),
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
         "Langue préférée", "使用言語", "言語コード", "语种", "首选语言", "語系",
         "Preferred locale", "Language preference", "Communication language", "Langue de communication",
         "Langue de correspondance", "優先言語", "希望言語", "対応言語", "言語設定", "沟通语言", "联系语言",
         "使用语言", "语言代码", "语言偏好", "首選語言", "偏好語言"),
    ),
    Column(
        Key.TIME_ZONE,
        False,
        _four("Time zone", "Fuseau horaire", "タイムゾーン", "时区"),
        N_("The time zone of the contact, such as Asia/Tokyo."),
        _four("Europe/London", "Europe/Paris", "Asia/Tokyo", "Asia/Shanghai"),
        ("Timezone", "時區",
         "TZ", "Fuseau", "Zone horaire", "標準時間帯", "时区名称",
         "Fuseau horaire du contact", "所在时区", "所在時區"),
    ),
)  # fmt: skip
BY_KEY: Mapping[Key, Column] = {column.key: column for column in COLUMNS}

# The columns that a result file has on its right: they are known, and no longer data, when it comes back.
STATUS_NAMES = _four("Import status", "État de l’importation", "インポート状態", "导入状态")
REASON_NAMES = _four("Import reason", "Motif de l’importation", "インポート理由", "导入原因")
NUMBER_NAMES = _four("Import row number", "Numéro de ligne importée", "インポート行番号", "导入行号")
# Between the last two, after an undo.
UNDO_NAMES = _four("Import undo", "Annulation de l’importation", "インポートの取り消し", "导入撤销")
# The first of them in a result file whose cells are exactly those of the file, formulas included.
RAW_STATUS_NAMES = _four(
    "Import status (raw)",
    "État de l’importation (brut)",
    "インポート状態（生データ）",
    "导入状态（原样）",
)
