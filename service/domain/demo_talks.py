"""The invented conversations of the demo, each in the language its two sides would speak."""

from dataclasses import dataclass
from enum import Enum, auto


class Mark(Enum):
    """What the brand's users made of a conversation."""

    UNREAD = auto()
    PRIORITY = auto()
    ARCHIVED = auto()
    ASSIGNED = auto()


@dataclass(frozen=True, slots=True)
class Said:
    """A message, so many hours ago; the partner's where `is_answer`."""

    hours: float
    text: str
    is_answer: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation with the partner of this name, and what the demo's administrator has begun to write."""

    program: str
    name: str
    said: tuple[Said, ...]
    marks: frozenset[Mark] = frozenset()
    draft: str | None = None


def _talk(program: str, name: str, marks: tuple[Mark, ...], *lines: str, draft: str | None = None) -> Talk:
    """Read lines as they stand below: the hours, `>` for the brand's or `<` for the partner's, the text."""
    said = []
    for line in lines:
        hours, side, text = line.split(" ", 2)
        said.append(Said(float(hours), text, is_answer=side == "<"))
    return Talk(program, name, tuple(said), frozenset(marks), draft)


AURORE, KUMO = "Maison Aurore", "Kumo Outdoor"

TALKS = (
    _talk(
        AURORE,
        "Atelier Lumière",
        (Mark.UNREAD, Mark.PRIORITY),
        "70 > Bonjour Camille,\n\nNous lançons notre collection d’automne le 15 et pensons qu’elle plairait à"
        " vos lecteurs. Seriez-vous intéressée par un article ?",
        "46 < Bonjour, merci pour votre message ! La collection me plaît beaucoup. Quelle commission"
        " proposez-vous ?",
        "45 > Nous proposons 12 % sur chaque vente, et 15 % le premier mois.",
        "0.4 < C’est parfait. Pouvez-vous m’envoyer deux ou trois pièces à photographier avant vendredi ?",
    ),
    _talk(
        AURORE,
        "Carnets d’Élodie",
        (),
        "30 > Bonjour Élodie,\n\nVotre carnet sur les matières naturelles nous a beaucoup plu. Aimeriez-vous"
        " découvrir notre atelier ?",
    ),
    _talk(
        AURORE,
        "Cuisine de Grand-mère",
        (Mark.ARCHIVED,),
        "110 > Bonjour Thérèse, accepteriez-vous de parler de nos tabliers en lin dans votre lettre ?",
        "98 < Bonjour, je vous remercie, mais ma lettre reste sans publicité. Bonne continuation à vous.",
        "97 > Nous comprenons tout à fait. Merci de votre réponse.",
    ),
    _talk(
        AURORE,
        "さくらポイントモール",
        (Mark.UNREAD, Mark.ASSIGNED),
        "52 > 齋藤様\n\nいつもお世話になっております。秋のキャンペーンでのポイント付与率について、"
        "ご相談させていただけますでしょうか。",
        "28 < お世話になっております。通常は3%ですが、キャンペーン期間中でしたら5%まで対応可能です。",
        "27 > ありがとうございます。5%でお願いしたく存じます。開始日は10日でよろしいでしょうか。",
        "2 < 10日で承知いたしました。バナー画像をお送りいただけますか。",
    ),
    _talk(
        AURORE,
        "ルミエール編集部",
        (),
        "75 > 加藤様\n\n秋冬コレクションの展示会を東京で開催いたします。ぜひお越しください。",
        "50 < ご案内ありがとうございます。編集部から2名で伺います。",
        "49 > ありがとうございます。当日お会いできるのを楽しみにしております。",
        draft="加藤様\n\n先日は展示会にお越しいただき、",
    ),
    _talk(
        AURORE,
        "暮らしのノート",
        (),
        "20 > 山﨑様\n\nはじめまして。リネンのエプロンの使い心地を、ブログでご紹介いただけませんか。",
    ),
    _talk(
        AURORE,
        "杭州云上文化传媒有限公司",
        (Mark.UNREAD,),
        "64 > 王女士，您好！\n\n我们计划在华东地区推出秋季新品，想请贵公司负责内容推广。不知您是否有兴趣？",
        "40 < 您好，感谢您的邀请。我们对合作很感兴趣，请问预算大概是多少？",
        "39 > 首期预算为八万元，另有销售佣金。详细方案今天会发给您。",
        "5 < 方案已经收到，我们内部讨论后周三答复您。另外，可以先寄一套样品吗？",
    ),
    _talk(
        AURORE,
        "户外联盟",
        (Mark.PRIORITY,),
        "90 > 司马先生，您好！欢迎加入我们的合作计划。下周的特惠活动从周一开始，请留意。",
        "88 < 收到，谢谢。我们会在周日晚上的通讯里预告。",
        "87 > 太好了，辛苦您了！",
    ),
    _talk(
        AURORE,
        "Pacific Compare",
        (Mark.UNREAD,),
        "33 > Hi Ethan,\n\nYour comparison of travel bags sent us a lot of readers last week. Thank you!"
        " Would you like early access to the winter line?",
        "9 < Yes, please! We publish our gift guide on the 20th, so samples by the 12th would be ideal.",
    ),
    _talk(
        AURORE,
        "Harbour & Pine",
        (Mark.ASSIGNED,),
        "55 > Hello Olivia,\n\nWe would love to see our linen in your autumn kitchen series. Could we send"
        " you a set?",
        "31 < That sounds lovely. I have room for one more brand in October. What would you need from me?",
        "30 > One post with a link would be wonderful. You choose the day and the words.",
    ),
    _talk(
        AURORE,
        "Brightside Deals",
        (),
        "12 > Hi Priya, our free delivery week starts on Monday. Shall we set up a code for your readers?",
        draft="Hi Priya, just checking whether you saw my note about the free delivery week.",
    ),
    _talk(
        KUMO,
        "旅する𠮷野",
        (Mark.UNREAD, Mark.PRIORITY),
        "48 > 𠮷野様\n\n春の新作テントができあがりました。来月の旅でお試しいただけませんか。",
        "24 < ありがとうございます！来月は四国を歩く予定なので、ぜひ使わせてください。",
        "23 > では今週中にお送りします。送り先をお知らせください。",
        "1 < 宿の住所をお送りします。15日着でお願いできますか。",
    ),
    _talk(
        KUMO,
        "Érable & Sirop",
        (),
        "60 > Bonjour Geneviève, nos tentes d’hiver arrivent au Québec. Aimeriez-vous les essayer dans le"
        " parc du Mont-Tremblant ?",
        "36 < Avec plaisir ! Par contre, il me faudrait un modèle pour quatre personnes.",
        "35 > C’est noté, il part demain.",
    ),
    _talk(
        KUMO,
        "小鱼的手工坊",
        (),
        "15 > 您好！我们很喜欢您做的露营灯罩，想和您一起设计一款联名产品，不知您意下如何？",
    ),
)
