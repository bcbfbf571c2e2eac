"""Names of people, where a cue says that one follows: 姓名, 我叫, 投保人, 联系人, 我是 ...

A name is a Chinese surname with one or two characters that can be part of a name; what cannot (是, 的, 想, 电话) ends it.
Strong cues (姓名：) believe any surname; weak ones (我是, 车主) only a common one, with a boundary behind the name, because
我是高兴 and 车主何时 begin like names. A surname with a title (王先生, 李女士, 张姐) stays: it singles nobody out, and a
call without it cannot be coached.
"""
from __future__ import annotations

import re
from collections.abc import Iterator

COMMON = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗于高梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛"
    "伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景"
    "薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾"
    "郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙闫肖付邝占尚杭缪蔺尉"
    "展粟")
_RARE = (
    "伏岑麻嵇元平和狄茅蓟贝钮骆富乌储谯甫蔚越夔隆师厍暨劳逄浦慕茹习鱼容暴居衡步满国寇广禄阙东殴沃利晁勾融那空毋乜养须丰巢蒯相"
    "后红权逯益桓公牧隗山宓蓬郗班仰秋伊宰璩濮寿通扈郏农别晔充宦殳禹汲邴松巴弓邰从鄂索咸籍双闻莘扶堵却弘鬲羿鹿水危但佴佘帅同线"
    "豆税荀泰尧冒青海云信戈火代冮庹巨初才苍矫由仉督帖奉母麦骞招阚迮钭戎祖束逮")
_RISKY = frozenset("位时成都来全明和平台应官单包司花银沿车占谈查项原卓")  # ordinary words begin with them all the time
_COMPOUNDS = """
欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车
亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 东门 西门 第五 南荣 纳兰 完颜 叶赫 那拉 爱新
"""
COMPOUND = frozenset(_COMPOUNDS.split())
_CJK = r"\u4e00-\u9fff"
_GAP = r"[\s:=(“\"「]{0,3}"
_STRONG = re.compile(
    rf"(?:(?:姓名|全名|本名|真名|大名|名字){_GAP}(?:(?<=[:=])|就?是|叫做?|写的?是?|为|填){_GAP}|姓名\s?|我名?叫{_GAP}|名叫{_GAP}|叫做{_GAP})")
_WEAK = re.compile(
    rf"(?:投保人|被保险?人|车主|联系人|收[件货]人|户主|受益人|持卡人|开户人|驾驶员|司机|机主|户名|抬头|客户|行驶证|"
    rf"(?:[我他她]|老公|老婆|爱人|儿子|女儿|爸|妈|父亲|母亲|朋友|对象|同事|本人|这位|那位)(?=[是叫])|找|叫|本姓){_GAP}"
    rf"(?:(?:就?是|叫做?|写的?是?|为|填的?是?){_GAP})?")
_SAID_TWICE = re.compile(rf"姓([{_CJK}])[\s,.]{{0,2}}(?:我?叫|名字?[叫是]?)?(?=\1)")
_GIVEN = re.compile(rf"姓[{_CJK}][\s,]{{0,2}}(?:单?名|名字叫)\s?([{_CJK}]{{1,2}})")
_TITLED = re.compile(rf"(?:^|[^{_CJK}]|[是叫找帮给为和跟与同位约])([{_CJK}]{{2,4}}?)(?=先生|女士|小姐)")
_MINORITY = re.compile(rf"[{_CJK}]{{1,8}}(?:[·•.][{_CJK}]{{1,8}}){{1,3}}")
_LATIN = re.compile(r"[A-Za-z]{2,15}(?:[ ·][A-Za-z]{2,15}){0,2}(?![A-Za-z0-9@])")
_TITLES = ("先生", "女士", "小姐", "师傅", "老师", "经理", "主任", "大爷", "大哥", "大姐", "阿姨", "叔叔", "老板", "总", "姐", "哥",
           "工", "某", "队", "局", "处", "科", "董", "医生", "护士", "同学", "同志", "太太", "家")
_NEVER_GIVEN = frozenset("的了吗呢吧啊呀嘛哦么我你您他她它们这那是不没也就还在给把被让说问打很太什怎谁哪几着过得跟买卖续投保险号元块吃哈啦嗯呃"
                         "［]")
_ENDS = ("电话", "手机", "身份", "车牌", "号码", "今年", "先生", "女士", "小姐", "联系", "微信", "住在", "家住", "来自", "本人", "地址",
         "想", "要", "问", "说", "嫌", "觉得", "来", "打", "您", "你", "他", "她", "我", "这", "那", "的", "车", "和", "跟", "与", "及", "男", "女",
         "身份证", "性别", "年龄", "出生", "生日", "同志", "师傅", "老师", "经理", "开", "姓", "已", "去年", "刚", "找", "有", "前", "上", "下",
         "到", "对", "都", "也", "一", "两", "记", "写", "叫")
_WORD_LIST = """
    单人 全组 安心 安全 安装 安排 白天 白牌 白色 包月 包括 包年 包赔 常客 常年 常开 常用 常去 常州 成年 成都 成交 成心 程序 代理 代驾 代办 单位 单身 单独
    单子 单纯 单程 东北 东西 都是 都没 方便 方式 房东 房子 房贷 费用 付款 付钱 付费 付的 富二 高速 高中 高兴 高管 高档 高级 高龄 高配 高峰 高危
    公司 公家 公务 公交 古董 关机 关心 关于 关系 管理 管家 管不 管你 广东 广州 广西 贵州 桂林 国企 国产 海南 海口 杭州 何必 何时 何况 和平
    河南 红旗 洪水 华为 花钱 花了 黄牌 黄标 黄色 计划 计较 简单 江苏 江西 江浙 金融 金牌 金额 金杯 经理 经常 景区 康复 蓝牌 蓝色 老人 乐意
    雷克 冷静 黎明 利息 连续 连夜 连着 林场 林肯 临时 六安 龙岗 陆续 路上 路过 路边 路虎 洛阳 马上 马虎 马路 麻烦 满期 满意 满分 毛病 美团 蒙古
    明白 明天 明年 明明 明确 莫名 牧民 宁夏 宁波 宁可 宁愿 牛人 农民 农村 农户 平安 平时 平常 平台 齐全 钱多 钱少 强险 强制 秦皇 青岛 青海
    全款 全职 全险 全部 全程 全责 全家 全新 任何 任务 荣威 山东 山西 商量 商业 商家 商用 商贸 上班 尚未 申请 沈阳 师傅 施工 石家 时候 时间
    双方 双保 双休 水货 水淹 司机 司法 宋体 苏州 算了 太原 台州 台湾 唐山 通知 同意 同事 同城 万一 万能 王牌 王八 危险 温州 文员 文件 文科
    吴江 武汉 席位 夏天 夏利 相信 相关 项目 向你 小区 谢谢 新手 新车 信任 信用 邢台 徐州 许多 许久 学生 严重 严格 阳光 养车 叶子 易碎
    易手 益阳 银行 应该 应付 英文 尤其 游客 于是 余额 余下 原来 原价 原车 原厂 原装 岳父 岳母 岳阳 云南 运营 查询 查一 查下 查勘 查到 查过 查保 查的
    战友 章程 章子 张口 张嘴 长安 长城 长沙 长期 赵县 郑州 支付 中介 中国 周末 周边 周一 周二 周三 周四 周五 周六 周日 周期 周围 钟点 左右 车主 车险
    车子 车辆 车牌 车祸 车上 车坏 车贷 车库 边上 别人 别家 别的 别再 从来 从没 从业 从前 但是 但凡 过户 丁点 段时 段子 范围 符合 该不 顾客 顾问 顾虑 关注 广告
    汉族 贺卡 后来 后面 后天 后台 胡说 胡来 胡扯 花呗 会员 吉利 吉普 季度 纪录 纪念 家里 家人 解释 解决 解除 来电 来访 来不 郎中 乐观 冷门
    梁山 练车 练手 零件 鲁莽 路人 骆驼 梅雨 孟加 米色 苗木 莫非 木材 木工 那边 那种 南方 欧元 欧洲 潘家 盘子 庞大 彭水 祁阳 戚友 钱包 钱款 乔迁 秦岭 秋天 屈指 曲折 权限
    全都 全勤 阙值 冉冉 任性 容易 容我 沙发 沙县 尚可 邵阳 佘山 申报 申诉 盛大 石油 石头 史上 舒服 双十 司龄 松江 索赔 索要 谈判 谈谈 谈好 谈了 谈过 汤锅 陶瓷 田里 童车
    屠宰 危化 韦德 位置 卫生 卫星 温馨 文化 文明 文盲 闻到 巫山 习惯 奚落 项链 解约 幸好 须知 宣传 薛定 严肃 言语 阎王 扬言 阳性 养老 姚家 伊春 殷实 游戏 有限 鱼塘 于今 越野
    岳西 云端 宰客 曾经 展示 占用 占线 湛江 张家 张贴 章丘 仲裁 祝您 祝你 庄稼 卓越 宗旨 邹城 左转 左边 左侧 石化 武警 武术 万分 万元 万把 万多 万块 常规 常住 常在 常见 常说 常问 管用 方向
    相当 相同 相反 相中 公里 公众 公证 公示 水泡 水泵 水箱 水位 云盘 贝壳 平摊 平均 平行 平价 平日 国家 国外 国内 国际 国道 农用 步行 通过 通勤 通话 通用 师范 利润 利益 利率 满足 满了 满一 满三
    劳动 劳务 居民 居住 居家 东风 东莞 东边 信息 信贷 信不 海外 海鲜 海关 青年 青春 初次 初中 初始 才能 才行 由于 由你 由您 巨额 巨大 同样 同行 同款 同一 高铁 高价 高额 高点 高低 高度 高的 高了
    高出 高过 明细 明显 明码 明示 应当 应急 官方 官网 官司 司法 台风 成本 成员 成立 成功 成了 成为 全额 全损 全国 全市 全网 全年 全车 全包 全赔 和解 和谐 时效 时常 时刻 单交 单买 单位 单方 单车 单据 单价
    """
_WORDS = frozenset(_WORD_LIST.split())
_GROUP_END = re.compile(rf"$|[^{_CJK}]")


def _surname(text: str, at: int, any_surname: bool) -> int:
    """How many characters at `at` are a surname; 0 for none."""
    if text[at:at + 2] in COMPOUND:
        return 2
    known = text[at:at + 1] in COMMON or (any_surname and text[at:at + 1] in _RARE)
    return 1 if at < len(text) and known and (any_surname or text[at] not in _RISKY) else 0


def _can_be_given(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff" and char not in _NEVER_GIVEN


def _name(text: str, at: int, strong: bool) -> int:
    """Where a name that starts at `at` ends; `at` itself where none does."""
    surname = _surname(text, at, strong)
    given = at + surname
    if not surname or given >= len(text) or text.startswith(_TITLES, given) or not _can_be_given(text[given]):
        return at
    if surname == 1 and text[at:at + 2] in _WORDS or text.startswith(_ENDS, given):
        return at
    end = given + 1
    if end < len(text) and _can_be_given(text[end]) and not text.startswith(_ENDS, end) and not text.startswith(_TITLES[:13], end):
        end += 1
    if not (strong and text[at] not in _RISKY) and not (_GROUP_END.match(text, end) or text.startswith(_ENDS, end)):
        return at
    return end


def people(text: str) -> Iterator[tuple[int, int, str]]:
    """Names in `text` as (start, end, "姓名"), in order of their cues."""
    for cue in _STRONG.finditer(text):
        at = cue.end()
        minority = _MINORITY.match(text, at)
        latin = _LATIN.match(text, at) if ":" in cue.group() else None
        end = minority.end() if minority else latin.end() if latin else _name(text, at, strong=True)
        if end > at:
            yield at, end, "姓名"
    for cue in _WEAK.finditer(text):
        at = cue.end()
        end = _name(text, at, strong=":" in cue.group())
        if end > at:
            yield at, end, "姓名"
    for surname in _SAID_TWICE.finditer(text):
        at, end = surname.end(), _name(text, surname.end(), strong=True)
        if end > at:
            yield at, end, "姓名"
    for given in _GIVEN.finditer(text):
        if _surname(text, given.start() + 1, True) and all(map(_can_be_given, given[1])):
            yield *given.span(1), "姓名"
    for titled in _TITLED.finditer(text):
        at, end = titled.span(1)
        if _name(text, at, strong=False) == end:
            yield at, end, "姓名"
