"""Name material for simulated people: surnames with pinyin, given-name characters, places,
streets.

Belongs here: constants from common knowledge. Does not belong here: drawing from them
(`population`). Nobody in particular is meant: names, streets and estates are combined at
random.
"""

from __future__ import annotations

# Most frequent first; the weight falls with the rank.
_SURNAMES = """
王wang 李li 张zhang 刘liu 陈chen 杨yang 黄huang 赵zhao 吴wu 周zhou 徐xu
孙sun 马ma 朱zhu 胡hu 郭guo 何he 林lin 高gao 罗luo 郑zheng 梁liang 谢xie
宋song 唐tang 许xu 韩han 邓deng 冯feng 曹cao 彭peng 曾zeng 肖xiao 田tian
董dong 潘pan 袁yuan 蔡cai 蒋jiang 余yu 于yu 杜du 叶ye 程cheng 魏wei 苏su 吕lv
丁ding 任ren 卢lu 姚yao 沈shen 钟zhong 姜jiang 崔cui 谭tan 陆lu 范fan 汪wang
廖liao 石shi 金jin 韦wei 贾jia 夏xia 付fu 方fang 邹zou 熊xiong 白bai 孟meng
秦qin 邱qiu 侯hou 江jiang 尹yin 薛xue 闫yan 段duan 雷lei 龙long 黎li 史shi
陶tao 贺he 毛mao 郝hao 顾gu 龚gong 邵shao 万wan 覃qin 武wu 钱qian 戴dai 严yan
莫mo 孔kong 向xiang 常chang 汤tang 康kang 易yi 乔qiao 赖lai 文wen 温wen
庄zhuang 樊fan 申shen 殷yin 倪ni 洪hong 季ji 兰lan 施shi 俞yu 翟zhai 章zhang
柳liu 颜yan 岳yue 牛niu 尚shang 葛ge 梅mei 管guan 齐qi 盛sheng 关guan 包bao
祝zhu 左zuo 柯ke 纪ji 霍huo 耿geng 毕bi 童tong 阮ruan 路lu 欧ou 鲁lu 焦jiao
项xiang 游you 詹zhan 裴pei 凌ling 辛xin 舒shu 甘gan 单shan 鲍bao 涂tu 苗miao
宁ning 蒲pu 司si 符fu 成cheng 柴chai 尤you 曲qu 谷gu 房fang 靳jin 车che 骆luo
蓝lan 邢xing 解xie 聂nie 安an 占zhan 米mi 卫wei 应ying 冉ran 桂gui 卓zhuo
沙sha 佟tong 简jian 丛cong 鄢yan 郎lang 覃tan 瞿qu 饶rao 阎yan 古gu
欧阳ouyang 上官shangguan 司马sima 诸葛zhuge 皇甫huangfu 东方dongfang
令狐linghu 慕容murong
"""
MALE_CHARACTERS = (
    "伟强磊军勇杰涛超明刚平辉鹏飞波斌宇浩凯健俊帆帅旭宁龙林阳鑫华亮建国志文海峰博诚航毅昊天晨轩"
    "睿泽子豪翔宏彬栋梁成康松柏云川洋震东南北江山石岩嘉佳铭瑞祥福荣贵昌盛兴旺达远望思源清正义仁"
    "礼智信忠孝良才学书剑锋锐钢铁鹤鸣霖霄雷炎炜煜烨焕灿然哲贤德善庆奇骏骁骅驰腾跃尧舜禹彦晋楚秦"
)
FEMALE_CHARACTERS = (
    "芳娜敏静丽艳娟霞秀英玲桂兰燕红梅琳雪莹倩颖婷慧洁莉丹萍雯蕾薇菲媛欣怡佳悦琪瑶瑾璐琴珍珠玉"
    "珊蓉芬芝荷莲菊萱蕊茜莎菁蓓苗婕娇妍妮姗嫣婉淑贞惠美凤春夏秋冬雨露霜虹彩月星晴朗晓晨曦昕梦思"
    "念忆语诗书画音韵歌舞灵巧心爱宁安然乐笑可人依依一诺涵清澜沁溪汐漫漪柔柳絮桃杏橙若初云朵锦绣"
)
TITLES = {"male": ("先生",), "female": ("女士", "小姐")}

# city, province, weight, postcode prefix, identity-card region prefix, districts
_PLACES = """
上海市 上海市 10 2000 3101 浦东新区,徐汇区,静安区,闵行区,杨浦区,宝山区
北京市 北京市 9 1000 1101 朝阳区,海淀区,丰台区,西城区,通州区,昌平区
广州市 广东省 7 5100 4401 天河区,越秀区,海珠区,番禺区,白云区
深圳市 广东省 7 5180 4403 南山区,福田区,宝安区,龙岗区,罗湖区
杭州市 浙江省 6 3100 3301 西湖区,余杭区,滨江区,拱墅区,萧山区
成都市 四川省 6 6100 5101 武侯区,锦江区,青羊区,金牛区,双流区
武汉市 湖北省 5 4300 4201 武昌区,洪山区,江汉区,汉阳区
南京市 江苏省 5 2100 3201 鼓楼区,建邺区,江宁区,玄武区
重庆市 重庆市 5 4000 5001 渝北区,渝中区,江北区,沙坪坝区
西安市 陕西省 4 7100 6101 雁塔区,碑林区,未央区,莲湖区
苏州市 江苏省 4 2150 3205 姑苏区,吴中区,虎丘区,工业园区
长沙市 湖南省 3 4100 4301 岳麓区,芙蓉区,雨花区,天心区
天津市 天津市 3 3000 1201 和平区,河西区,南开区,滨海新区
郑州市 河南省 3 4500 4101 金水区,中原区,二七区,管城区
青岛市 山东省 3 2660 3702 市南区,崂山区,李沧区,黄岛区
济南市 山东省 2 2500 3701 历下区,市中区,槐荫区
宁波市 浙江省 2 3150 3302 鄞州区,海曙区,江北区
合肥市 安徽省 2 2300 3401 蜀山区,庐阳区,包河区
福州市 福建省 2 3500 3501 鼓楼区,台江区,仓山区
厦门市 福建省 2 3610 3502 思明区,湖里区,集美区
沈阳市 辽宁省 2 1100 2101 和平区,沈河区,铁西区
大连市 辽宁省 2 1160 2102 中山区,甘井子区,沙河口区
哈尔滨市 黑龙江省 1 1500 2301 南岗区,道里区,香坊区
长春市 吉林省 1 1300 2201 朝阳区,南关区,绿园区
石家庄市 河北省 1 0500 1301 长安区,裕华区,桥西区
太原市 山西省 1 0300 1401 小店区,迎泽区,万柏林区
南昌市 江西省 1 3300 3601 东湖区,红谷滩区,青山湖区
昆明市 云南省 1 6500 5301 五华区,盘龙区,官渡区
贵阳市 贵州省 1 5500 5201 南明区,云岩区,观山湖区
南宁市 广西壮族自治区 1 5300 4501 青秀区,兴宁区,西乡塘区
佛山市 广东省 2 5280 4406 禅城区,南海区,顺德区
东莞市 广东省 2 5230 4419 南城街道,东城街道,虎门镇
无锡市 江苏省 2 2140 3202 梁溪区,滨湖区,新吴区
温州市 浙江省 1 3250 3303 鹿城区,瓯海区,龙湾区
海口市 海南省 1 5700 4601 龙华区,美兰区,秀英区
兰州市 甘肃省 1 7300 6201 城关区,七里河区,安宁区
呼和浩特市 内蒙古自治区 1 0100 1501 新城区,赛罕区,回民区
乌鲁木齐市 新疆维吾尔自治区 1 8300 6501 天山区,沙依巴克区,水磨沟区
银川市 宁夏回族自治区 1 7500 6401 兴庆区,金凤区,西夏区
西宁市 青海省 1 8100 6301 城中区,城西区,城北区
"""
ROADS = [
    "建设路",
    "人民路",
    "解放路",
    "中山路",
    "文化路",
    "新华路",
    "和平路",
    "长江路",
    "黄河路",
    "学院路",
    "滨河路",
    "环城路",
    "迎宾路",
    "朝阳路",
    "光明路",
    "青年路",
    "友谊路",
    "胜利路",
    "体育路",
    "花园路",
    "公园路",
    "科技路",
    "创业路",
    "东风路",
    "育才路",
]
ESTATES = [
    "锦绣花园",
    "阳光小区",
    "翠湖苑",
    "金色家园",
    "幸福里",
    "紫荆城",
    "云景台",
    "江南春晓",
    "御景湾",
    "桂花园",
    "书香门第",
    "碧水园",
    "丽景苑",
    "和谐家园",
    "绿城雅居",
    "明珠花园",
    "星河湾畔",
    "梧桐里",
    "枫林苑",
    "海棠公馆",
]
OCCUPATIONS = [
    "教师",
    "医生",
    "工程师",
    "公务员",
    "销售",
    "会计",
    "学生",
    "自由职业",
    "设计师",
    "司机",
    "个体经营",
    "退休",
    "护士",
    "律师",
    "程序员",
]
EMAIL_DOMAINS = (
    "qq.com",
    "163.com",
    "126.com",
    "foxmail.com",
    "sina.com",
    "outlook.com",
    "139.com",
)
PHONE_PREFIXES = [
    "130",
    "131",
    "132",
    "133",
    "134",
    "135",
    "136",
    "137",
    "138",
    "139",
    "150",
    "151",
    "152",
    "153",
    "155",
    "156",
    "157",
    "158",
    "159",
    "166",
    "173",
    "175",
    "176",
    "177",
    "178",
    "180",
    "181",
    "182",
    "183",
    "185",
    "186",
    "187",
    "188",
    "189",
    "191",
    "198",
    "199",
]


def _split_surname(token: str) -> tuple[str, str]:
    hanzi = token.rstrip("abcdefghijklmnopqrstuvwxyz")
    return hanzi, token[len(hanzi) :]


#: (surname, pinyin), most frequent first.
SURNAMES: list[tuple[str, str]] = [_split_surname(token) for token in _SURNAMES.split()]
#: city, province, weight, postcode prefix, identity-card prefix, districts
PLACES: list[tuple[str, str, float, str, str, tuple[str, ...]]] = [
    (city, province, float(weight), postcode, region, tuple(districts.split(",")))
    for city, province, weight, postcode, region, districts in (
        line.split() for line in _PLACES.strip().splitlines()
    )
]
#: The first cities of the list have a store.
STORE_CITY_COUNT = 12
