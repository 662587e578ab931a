"""How likely a character is in a text of a language: the facts by which one reading of bytes beats another.

Weights are natural logarithms of rough probabilities per character, so the sums of two readings of the same
bytes can be compared. The lists of frequent characters are ordinary general-language ones; others are told
apart by the level their national standard gave them: JIS X 0208, GB 2312 and Big5 each have a first level of
everyday characters and a second of rare ones.
"""

import unicodedata
from collections.abc import Callable
from functools import lru_cache

KANJI = frozenset(
    "日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員九入選立開手米力学問"
    "高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法不来作性的要用制治度務強気小七成期公野協取都和統以機平"
    "総加山思家話世受区領多県続進正安設保改数記院女初北午指権心界支第産結百派点教報済書府活原先共得解名交資予川向際査勝面委告軍文反"
    "元重近千考判認画海参売利組知案道信策集在件団別物側任引使求所次水半品昨論計死官増係感特情投示変打男基私各始島直両朝革価式確村提運"
    "終挙果西勢減台広容必応演電歳住争談能無再位置企真流格有疑口過局少放税検藤町常校料沢裁状工建語球営空職証土与急止送援供可役構木割聞"
    "身費付施切由説転食比難防補車優夫研収断井何南石足違消境神番規術護展態導鮮備宅害配副算視条幹独警宮究育席輸訪楽起万着乗店述残想線率"
    "病農州武声質念待試族象銀域助労例衛然早張映限親額監環験追審商葉義伝働形景落欧担好退準賞訴辺造英被株頭技低毎医復仕去姿味負閣韓渡失"
    "移差衆個門写評課末守若脳極種美岡影命含福蔵量望松非撃佐核観察整段横融型白深字答夜製票況音申様財港識注呼渉達"
    "鈴橋伊村林吉池坂遠青竹河菅斎斉清森崎髙﨑阿久保々健太郎恵香織翔陽奈菜美優花結衣介裕雅隆弘浩幸紀貴誠智樹彩愛真由里佳友介"
    "旅春夏秋冬風雪星空桜茶酒魚肉野菜器具服店舗紹広告媒体個社販紙本誌読者誰今週末朝晩丁目番号室階建合同"
)
HANZI = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去"
    "法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点"
    "正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原"
    "东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命"
    "山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取"
    "拉格望觉术领共确传师观清今切院让识候带导争运笔"
    "网络科技有限公司文化传媒广告商贸媒体贸易集团股份投资咨询服务京上海广州深圳杭成都苏李王刘陈杨赵黄周吴徐孙胡朱林郭罗梁宋郑谢韩唐冯董"
    "程曹袁邓沈曾彭吕语群岛亚兰尼班牙阿伯伟芳娜敏静丽强磊军洋勇艳杰娟涛超秀英华明霞平刚桂丹萍鹏慧琳婷雪倩宇轩浩然欣怡梓涵诗雨晨阳"
    "旅游春夏秋冬风星茶酒鱼肉菜器具服饰店铺介绍个编辑视频直播博客读者周末早晚号楼室街潮流生鲜购物电商平台创作粉丝"
)
HANZI_TRADITIONAL = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作里用道行所然家種事成方多經麼去"
    "法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點"
    "正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原"
    "東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市直德資命"
    "山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象完設式色路記南品住告類求據程北邊死張該交規萬取"
    "拉格望覺術領共確傳師觀清今切院讓識候帶導爭運筆"
    "台灣臺網路股份有限公司陳林黃李吳劉蔡楊鄭謝郭洪曾邱廖賴周徐蘇葉莊呂江蕭羅潘簡朱鍾群島亞蘭尼班牙阿伯語媒廣商貿集團投資諮詢服務美食旅遊"
    "科技創意設計雜誌部落格頻道影音志明淑芬俊傑雅婷怡君建宏家豪佳穎宗翰夥伴絡稱"
)

LATIN_FREQUENT = frozenset("éèàêçôîâùûëïÉÈÀÊÇÔÎ’«»–—“”…°€")
LATIN_ORDINARY = frozenset("œäöüÄÖÜßñÑáíóúÁÍÓÚåÅøØæÆãõâìòÂÛËÏÙŒ•·‘™®©£\u00a0")
CJK_MARKS = frozenset("、。・，．：；？！「」『』（）【】〈〉《》〜～…―ー－“”‘’　々〇→※①②③㈱№％＆＠￥／")


def _is_kana(char: str) -> bool:
    return "\u3041" <= char <= "\u30ff"


def _unlikely(char: str) -> float | None:
    """What no text should hold: kept bad bytes, private, unassigned and control characters."""
    category = unicodedata.category(char)
    if category in {"Co", "Cn", "Cs"}:
        return -25.0
    if category == "Cc" and char not in "\t\n\r":
        return -20.0
    return None


def _level(char: str, codec: str, first: range, second: range) -> int:
    """Level of a Han character in a national standard: 1, 2, or 3 for everything beyond."""
    try:
        lead = char.encode(codec)
    except UnicodeEncodeError:
        return 3
    if len(lead) != 2:
        return 3
    if lead[0] in first:
        return 1
    return 2 if lead[0] in second else 3


def _east_asian(char: str, kana: float, frequent: frozenset[str], levels: Callable[[str], int]) -> float:
    if char in frequent:
        return -5.3
    if _is_kana(char):
        return kana
    if char in CJK_MARKS:
        return -5.0
    if "\uff01" <= char <= "\uff5e":
        return -6.0
    if "\uff61" <= char <= "\uff9f":
        return -7.0
    if "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf":
        return {1: -7.8, 2: -10.5, 3: -13.0}[levels(char)]
    return -11.0


def _japanese(char: str) -> float:
    return _east_asian(
        char, -3.8, KANJI, lambda han: _level(han, "euc_jp", range(0xB0, 0xD0), range(0xD0, 0xF5))
    )


def _simplified(char: str) -> float:
    return _east_asian(
        char, -10.0, HANZI, lambda han: _level(han, "gb2312", range(0xB0, 0xD8), range(0xD8, 0xF8))
    )


def _traditional(char: str) -> float:
    return _east_asian(
        char, -11.0, HANZI_TRADITIONAL, lambda han: _level(han, "big5", range(0xA4, 0xC7), range(0xC9, 0xFA))
    )


def _latin(char: str) -> float:
    if char in LATIN_FREQUENT:
        return -3.6
    if char in LATIN_ORDINARY:
        return -5.5
    if char in _RARE_LETTERS or not char.isalpha():
        return -9.0
    return -7.5 if _is_european(char) else -11.0


def _is_european(char: str) -> bool:
    """Latin, Greek and Cyrillic letters of living languages."""
    return any(
        first <= char <= last
        for first, last in ("\u0080\u017f", "\u0370\u03ce", "\u0400\u045f", "\u1e00\u1eff")
    )


def _is_semitic(char: str) -> bool:
    """Letters of Hebrew and Arabic, two bytes each in UTF-8, which are Han characters by chance in others."""
    return "\u05d0" <= char <= "\u05ea" or "\u0620" <= char <= "\u064a" or "\u0671" <= char <= "\u06d3"


# Letters that stand in the legacy encodings and in hardly any text of ours.
_RARE_LETTERS = frozenset("ŸƒıŽžŠš")


_FAMILIES: dict[str, Callable[[str], float]] = {
    "japanese": _japanese,
    "simplified": _simplified,
    "traditional": _traditional,
    "latin": _latin,
}


@lru_cache(maxsize=65_536)
def weight(char: str, family: str) -> float:
    """Logarithm of how likely a character is in a text of a family, or in any of them for `any`."""
    if char.isascii():
        unlikely = _unlikely(char)
        return -3.2 if unlikely is None else unlikely
    unlikely = _unlikely(char)
    if unlikely is not None:
        return unlikely
    if family == "any":
        if _is_semitic(char):
            return -8.0
        if char.isalpha() and char < "\u2000" and not _is_european(char):
            return -9.0 if char < "\u0300" else -13.0
        return max(read(char) for read in _FAMILIES.values())
    return _FAMILIES[family](char)
