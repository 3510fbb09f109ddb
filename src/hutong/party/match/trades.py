"""What Chinese firms trade in, as words: in a name such a word says as much as one word does, not as its characters."""

# ruff: noqa: SIM905  (long lists of words read better as text)

import re

_TRADES = """
科技 技术 信息 网络 软件 电子 商务 通信 通讯 数据 智能 互联网 贸易 进出口 商贸 实业 工业 投资 控股 资产 管理
咨询 服务 物流 运输 货运 供应链 快递 仓储 建筑 工程 装饰 装修 建设 建材 房地产 置业 开发 物业 园林 绿化 设计
医疗 器械 医药 药业 药房 生物 健康 医院 诊所 门诊部 餐饮 食品 饮料 酒店 宾馆 旅游 旅行社 文化 传媒 传播 广告
影视 娱乐 教育 培训 学校 幼儿园 机械 设备 制造 机电 电气 电器 电力 能源 新能源 环保 化工 化学 材料 新材料 塑料
橡胶 五金 金属 钢铁 模具 仪器 仪表 汽车 汽配 配件 维修 服装 服饰 纺织 鞋业 皮革 家具 家居 百货 超市 日用品
化妆品 美容 农业 种植 养殖 农产品 粮油 畜牧 水产 金融 保险 证券 银行 基金 担保 租赁 人力 资源 劳务 家政 保洁
保安 安防 律师 事务所 会计师 会计 印刷 包装 纸业 玻璃 陶瓷 珠宝 体育 健身 发展 国际 集团 有限 中心 合作社
经营部 加工厂 商行
""".split()
TRADES = re.compile("(" + "|".join(sorted(_TRADES, key=lambda word: (-len(word), word))) + ")")
