"""What column titles of retail exports mean: names here, and kinds.

Belongs here: words. Does not belong here: how a title is taken apart (names.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.ingestion.draft import kinds
from orchestration.ingestion.draft.kinds import Kind

_KINDS: dict[str, Kind | None] = {
    "-": None,
    "code": kinds.CODE,
    "private_code": kinds.PRIVATE_CODE,
    "text": kinds.TEXT,
    "private": kinds.PRIVATE_TEXT,
    "person": kinds.PERSON_NAME,
    "phone": kinds.PHONE,
    "email": kinds.EMAIL,
    "national_id": kinds.NATIONAL_ID,
    "postcode": kinds.POSTCODE,
    "birth": kinds.BIRTH_DATE,
    "amount": kinds.AMOUNT,
    "quantity": kinds.QUANTITY,
    "whole": kinds.WHOLE_NUMBER,
    "flag": kinds.YES_NO,
    "date": kinds.DATE,
    "time": kinds.TIMESTAMP,
}


@dataclass(frozen=True)
class Word:
    """A title, or a word of one.

    Attributes:
        name: What it is called here; empty for words that add nothing.
        kind: What a column whose title is it, or ends in it, holds; None where it does not tell.
    """

    name: str
    kind: Kind | None


def _words(text: str) -> dict[str, Word]:
    """Lines of kind, name (`.` for none) and every spelling."""
    words = {}
    for line in text.split("\n"):
        if line.strip():
            kind, name, *spellings = line.split()
            words |= dict.fromkeys(spellings, Word(name.strip("."), _KINDS[kind]))
    return words


# Whole titles, whose name is not the sum of their words.
TITLES = _words("""
    code          order_id          订单编号 订单号
    code          line_id           子订单编号 子订单号
    code          line_no           行号 序号
    code          member_no         会员号 会员编号 会员卡号 会员卡 卡号
    code          customer_no       客户编号 客户号 顾客号 顾客编号
    code          product_id        商品编码 商品编号 商品id 货号 款号 sku 商家编码
    code          barcode           条码 商品条码
    code          store_id          门店编号 门店编码 店号
    code          register_no       收银机号
    code          ticket_no         小票号
    code          coupon_id         优惠券编号 券号 券码
    code          campaign_id       活动编号
    code          entry_id          流水号
    code          tracking_no       快递单号 运单号 物流单号
    code          refund_id         退款编号 退款单号
    code          tax_no            税号
    flag          consent_sms       短信授权
    flag          consent_email     邮件授权
    flag          consent_push      推送授权
    flag          consent_ads       广告授权
    person        full_name         姓名 客户姓名 会员姓名 真实姓名 用户姓名
    person        receiver_name     收货人 收件人
    private       nickname          昵称 用户昵称 微信昵称 买家会员名
    private       alipay_account    买家支付宝账号
    phone         phone             手机 手机号 手机号码 电话 电话号码 联系电话 联系手机 联系方式
    phone         receiver_phone    收货人手机 收货人电话
    email         email             邮箱 电子邮箱 邮件 电子邮件 邮箱地址
    national_id   national_id       身份证 身份证号 身份证号码 证件号 证件号码
    birth         birth_date        生日 出生日期 出生年月日 会员生日
    postcode      postcode          邮编 邮政编码
    private       address           地址 详细地址 联系地址 家庭地址
    private       receiver_address  收货地址 收货人地址
    private_code  wechat_openid     openid 微信openid
    private_code  wechat_unionid    unionid 微信unionid
    private_code  device_id         设备号 设备id 设备编号
    time          updated_at        更新时间 修改时间 最后更新时间 最后修改时间 最近更新时间
    time          ordered_at        下单时间 订单创建时间 订单时间
    time          paid_at           付款时间 支付时间 订单付款时间
    time          created_at        创建时间 新建时间
    time          registered_at     注册时间 入会时间
    time          occurred_at       时间
    time          sold_at           交易时间 销售时间
    time          refunded_at       退款时间 退款完结时间
    date          business_date     日期 业务日期
    date          registered_on     注册日期 入会日期
    amount        unit_price        单价 销售单价 价格
    amount        list_price        吊牌价 标价 原价
    amount        postage_amount    运费 邮费
    amount        paid_amount       实付金额 实收金额 实付 实收 支付金额
    amount        amount            金额 总金额 总价
    amount        discount_amount   优惠金额 折扣金额 优惠
    amount        coupon_amount     优惠券抵扣
    quantity      quantity          数量 购买数量 件数
    quantity      stock_quantity    库存 库存数量
    whole         points            积分 变动积分
    whole         age               年龄
    whole         rating            评分 评分等级
    text          product_name      商品名称 品名 商品名 宝贝名称
    text          title             标题
    text          category_l1       大类
    text          category_l2       中类
    text          category_l3       小类
    text          province          省 省份
    text          city              市 城市
    text          district          区 区县 县
    text          member_tier       会员等级
    text          payment_method    支付方式
    text          note              备注 订单备注 买家留言
    text          review_text       评价 评论 评价内容 评论内容
    text          gender            性别
    text          occupation        职业
    text          country           国家
    text          income_band       收入
    text          origin            来源
""")

# Words that titles are made of, Chinese and English.
WORDS = _words("""
    -         member         会员
    -         customer       客户 顾客 用户 买家
    -         order          订单
    -         product        商品 产品
    -         store          门店
    -         shop           店铺
    -         staff          员工 导购 店员
    -         cashier        收银员
    -         receiver       收货人 收件人
    -         refund         退款
    -         return         退货
    -         coupon         优惠券 券
    -         campaign       活动
    -         channel        渠道
    -         payment        支付 付款
    -         shipped        发货
    -         delivery       物流 快递
    -         brand          品牌
    -         category       类目 分类 品类
    -         supplier       供应商
    -         warehouse      仓库
    -         invoice        发票
    -         emergency      紧急
    -         contact        联系人
    -         used           使用
    -         transaction    交易
    -         original       原
    -         close          关闭
    -         payable        应付
    -         actual         实际
    -         ticket         小票
    -         till           收银
    -         discount       优惠 折扣
    -         cost           成本
    -         tax            税
    -         department     部门
    -         region         区域 地区
    -         device         设备
    -         platform       平台
    -         version        版本
    -         household      家庭
    -         company        公司
    -         referrer       推荐人 介绍人
    -         color          颜色
    -         size           尺码
    -         unit           单位
    -         business       业务
    -         document       单据
    -         first          首次
    -         last           最后 最近
    -         created        创建
    -         registered     注册 登记
    -         updated        更新 修改
    -         start          开始
    -         end            结束
    -         total          累计
    -         average        平均
    -         spend          消费
    -         sold           成交
    -         sales          销售
    -         ordered        下单
    -         sms            短信
    -         email          邮件
    -         push           推送
    -         ads            广告
    -         wechat         微信
    -         alipay         支付宝
    -         mini_program   小程序
    -         tmall          天猫
    -         taobao         淘宝
    -         jd             京东
    -         douyin         抖音
    -         weibo          微博
    -         event          事件
    -         page           页面
    -         search         搜索
    -         keyword        关键词
    -         view           浏览
    -         .              资料 明细 报表 导出 列表 所属
    code      no             编号 编码 单号 号码 号 no number
    code      code           代码 code
    code      id             id
    text      name           名称 名
    text      type           类型
    text      status         状态
    text      reason         原因
    text      description    描述 说明
    text      tier           等级 级别
    text      tag            标签
    text      method         方式 方法
    text      text           内容
    person    name           姓名
    phone     phone          手机 手机号 手机号码 电话 电话号码 phone mobile
    email     email          邮箱 email
    private   address        地址 address
    private   nickname       昵称 nickname
    postcode  postcode       邮编 postcode zip zipcode
    birth     birth_date     生日 birthday birthdate dob
    time      at             时间 at timestamp
    date      date           日期 date
    amount    amount         金额 amount total
    amount    price          价 价格 price
    amount    fee            费 费用 fee
    amount    balance_amount 余额
    amount    goods_amount   货款
    amount    postage_amount 邮费 运费
    amount    spend          消费额 消费金额
    quantity  quantity       数量 quantity qty
    whole     count          次数 数 count
    whole     points         积分 points
    whole     days           天数 days
    flag      consent        授权 consent
    flag      is             是否 is
    flag      has            has
""")

# English titles that tell more than their last word.
ENGLISH: dict[str, Kind] = {
    **dict.fromkeys(
        ("full_name", "first_name", "last_name", "given_name", "surname", "customer_name", "name"),
        kinds.PERSON_NAME,
    ),
    **dict.fromkeys(("national_id", "id_card", "identity_no", "ssn"), kinds.NATIONAL_ID),
    **dict.fromkeys(
        ("device_id", "wechat_openid", "wechat_unionid", "openid", "unionid"), kinds.PRIVATE_CODE
    ),
    **dict.fromkeys(("birth_date", "date_of_birth"), kinds.BIRTH_DATE),
    **dict.fromkeys(("user_name", "username", "login"), kinds.PRIVATE_TEXT),
}

# Columns that say which copy of a row is the newest, the most trusted first.
WATERMARKS = ("updated_at", "modified_at", "last_updated_at", "last_modified_at", "changed_at")

# The hundred most frequent surnames, of more than four in five people in China.
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任"
    "卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
)
