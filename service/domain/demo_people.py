"""The invented people of the demo, their names as they are written in Paris, Tokyo, Shanghai and London."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """One invented partner or creator; addresses end in the reserved `.example`."""

    name: str
    first_name: str | None
    last_name: str | None
    email: str
    locale: str
    zone: str
    country: str
    kind: str
    model: str
    site: str
    mpid: str | None = None


_PLACES = {
    "fr": ("fr", "Europe/Paris", "FR"),
    "ca": ("fr", "America/Montreal", "CA"),
    "ja": ("ja", "Asia/Tokyo", "JP"),
    "zh": ("zh", "Asia/Shanghai", "CN"),
    "en": ("en", "Europe/London", "GB"),
    "us": ("en", "America/New_York", "US"),
    "la": ("en", "America/Los_Angeles", "US"),
    "de": ("de", "Europe/Berlin", "DE"),
}

# place, company, first name, last name, mailbox, kind, business model, partner ID (or none)
_ROWS = """
fr|Atelier Lumière|Camille|Lefèvre|camille@atelier-lumiere.example|partner|content|20101
fr|La Cabane à thé|Hugo|Girard|hugo@cabane-a-the.example|partner|newsletter|20102
fr|Carnets d’Élodie|Élodie|Bérenger|elodie@carnets.example|creator|social|20103
fr|Nœud Papillon|Maël|Le Goff|mael@noeud-papillon.example|creator|content|20104
fr|Bons Plans du Rhône|Inès|Charpentier|ines@plans-rhone.example|partner|deals|20105
fr|L’Œil du Photographe|Zoé|d’Aubigné|zoe@oeil-photo.example|creator|content|
fr|Collectif Marée Haute|Yann|Kerouédan|yann@maree-haute.example|partner|content|
fr|Petites Mains|Anaïs|Roussel|anais@petites-mains.example|creator|social|
fr|Cuisine de Grand-mère|Thérèse|Beaumont|therese@cuisine-gm.example|creator|newsletter|20109
fr|Fidélité Plus|Loïc|Marchetti|loic@fidelite-plus.example|partner|loyalty|20110
ca|Érable & Sirop|Geneviève|Tremblay|genevieve@erable.example|partner|content|20111
ca|Nordet Plein Air|Benoît|Gagnon|benoit@nordet.example|creator|social|
fr|Studio Garance||Vasseur|contact@garance.example|partner|content|
fr|Maison Olivier|Olivier||olivier@maison-olivier.example|creator|content|20114
fr|Librairie du Canal|||bonjour@librairie-canal.example|partner|newsletter|20115
ja|株式会社みなと出版|健太|髙橋|takahashi@minato.example|partner|content|20201
ja|暮らしのノート|美咲|山﨑|misaki@kurashi-note.example|creator|content|20202
ja|東京ガジェット通信|翔|渡邉|sho@gadget.example|partner|content|20203
ja|さくらポイントモール|由美子|齋藤|saito@sakura-point.example|partner|loyalty|20204
ja|旅する𠮷野|亮|𠮷野|ryo@yoshino.example|creator|social|20205
ja|おうちごはん研究所|真央|小林|mao@ouchi-gohan.example|creator|social|20206
ja|北海道アウトドアクラブ|大輔|佐々木|daisuke@hokkaido-out.example|partner|newsletter|20207
ja|ねこと珈琲|さくら|中村|sakura@neko-coffee.example|creator|social|
ja|キャンプ日和|直樹|長谷川|naoki@camp-biyori.example|creator|content|
ja|ルミエール編集部||加藤|henshu@lumiere.example|partner|content|20210
ja|クーポンひろば|恵|五十嵐|megumi@coupon-hiroba.example|partner|deals|20211
ja|京都てしごと市|千尋|西園寺|chihiro@teshigoto.example|partner|content|
ja|週末ランナー|拓也|森|takuya@weekend-run.example|creator|social|20213
ja|株式会社ホライズン・デジタルマーケティング・パートナーズ|明|伊集院|akira@horizon-dmp.example|partner|search|20214
ja|はな工房|||info@hana-kobo.example|creator|content|20215
zh|杭州云上文化传媒有限公司|秀英|王|xiuying@yunshang.example|partner|content|20301
zh|李师傅的厨房|建国|李|jianguo@li-kitchen.example|creator|social|20302
zh|数码小站|伟|张|zhangwei@shuma.example|partner|content|20303
zh|旅行者阿珍|珍|欧阳|ouyang@azhen.example|creator|social|20304
zh|省钱生活|丽|陈|chenli@shengqian.example|partner|deals|20305
zh|四季花艺|梓涵|刘|zihan@siji.example|creator|content|20306
zh|户外联盟|海|司马|sima@huwai.example|partner|newsletter|20307
zh|读书会|文静|赵|wenjing@dushuhui.example|creator|content|
zh|深圳市跨境优选电子商务有限公司|强|黄|huangqiang@youxuan.example|partner|search|20309
zh|积分乐园|敏|周|zhoumin@jifen.example|partner|loyalty|20310
zh|小鱼的手工坊||余|xiaoyu@shougong.example|creator|social|20311
zh|茶语时光|雨桐|诸葛|yutong@chayu.example|creator|content|
zh|城市摄影师|昊|孙|sunhao@sheying.example|creator|social|20313
zh|母婴好物|||hello@muying.example|partner|content|20314
en|Harbour & Pine|Olivia|Whitfield|olivia@harbour-pine.example|partner|content|20401
en|The Slow Kettle|Rhys|O’Connor|rhys@slowkettle.example|creator|newsletter|20402
en|Brightside Deals|Priya|Nair|priya@brightside.example|partner|deals|20403
en|Long Way Round|Hamish|MacGregor-Stewart|hamish@longwayround.example|creator|social|20404
en|Quiet Corner Books|Amara|Okafor|amara@quietcorner.example|creator|content|
us|Prairie Home Tools|Dakota|Lindqvist|dakota@prairie-tools.example|partner|content|20406
us|Perks & Points|Miguel|Fernández|miguel@perks.example|partner|loyalty|20407
us|Maya Makes Things|Maya|Goldberg|maya@mayamakes.example|creator|social|20408
us|Trailhead Weekly|Jordan|Pham|jordan@trailhead.example|partner|newsletter|20409
la|Golden Hour Studio|Sofia|Reyes|sofia@goldenhour.example|creator|content|20410
la|Pacific Compare|Ethan|Nakamura|ethan@pacificcompare.example|partner|search|20411
us|Night Owl Reviews||Whitaker|tips@nightowl.example|partner|content|
us|Juniper|Juniper||hi@juniper.example|creator|social|20413
en|Fern Street Market|||team@fernstreet.example|partner|deals|20414
de|Werkstatt Blau|Jürgen|Weiß|juergen@werkstatt-blau.example|partner|content|20501
de|Berghüttenkalender|Anneliese|Größl|anneliese@berghuette.example|creator|newsletter|
"""


def people() -> list[Person]:
    """Return the demo's partners and creators, in a fixed order."""
    found = []
    for row in _ROWS.strip().splitlines():
        place, name, first, last, email, kind, model, mpid = row.split("|")
        locale, zone, country = _PLACES[place]
        site = f"https://{email.partition('@')[2]}/"
        found.append(
            Person(
                name,
                first or None,
                last or None,
                email,
                locale,
                zone,
                country,
                kind,
                model,
                site,
                mpid or None,
            )
        )
    return found
