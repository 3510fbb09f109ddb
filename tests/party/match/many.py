"""Any number of made persons as one CSV file, made set-wise in DuckDB: for what a million costs.

Three records in ten are copies of another record's person, as another source would hold them: values missing, changed,
mistyped, written otherwise. Half of the persons share house, line and often surname with another person.
"""

from pathlib import Path
from typing import NamedTuple

import duckdb

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛"
    "叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段"
)
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰文建国梅红志新春晓东海波云飞鹏宇浩天佳琪雨婷"
    "思远子轩欣怡梓涵博文俊熙美玲淑珍凤琴慧珊珠莉蓉嘉颖诗瑶雪晨曦辰泽洪荣庆祥福寿康宁安乐永恒健壮德义"
    "仁礼智信忠孝"
)
_PLACES = [
    ["浙江省", "杭州市", "西湖区", "310012"],
    ["浙江省", "宁波市", "海曙区", "315000"],
    ["江苏省", "南京市", "鼓楼区", "210009"],
    ["江苏省", "苏州市", "姑苏区", "215005"],
    ["广东省", "广州市", "天河区", "510630"],
    ["广东省", "深圳市", "南山区", "518052"],
    ["四川省", "成都市", "武侯区", "610041"],
    ["湖北省", "武汉市", "江岸区", "430014"],
    ["山东省", "青岛市", "市南区", "266071"],
    ["福建省", "厦门市", "思明区", "361004"],
    ["河南省", "郑州市", "金水区", "450003"],
    ["陕西省", "西安市", "雁塔区", "710061"],
]
_ROADS = [
    "人民路", "中山路", "解放路", "建设路", "文化路", "新华路", "和平路", "胜利路", "友谊路", "长江路",
    "黄河路", "北京路", "南京路", "青年路", "学院路", "工业路", "朝阳路", "光明路", "幸福路", "团结路",
    "花园路", "体育路", "公园路", "湖滨路", "江南路", "环城路", "科技路", "滨江路", "迎宾路", "东风路",
]  # fmt: skip
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_MAPPING = """source: {column: source}
key: key
columns: {name: name, gender: gender, birth_date: birth_date, id_number: id_number, phone: [mobile, phone], email:
email, address: address, postcode: postcode}
"""


class Made(NamedTuple):
    """A file of persons, its mapping, and whose record each is: `key`, `entity`."""

    file: Path
    mapping: Path
    truth: Path


def write_persons(folder: Path, records: int, seed: int = 7) -> Made:
    """Write so many records of persons; the same ones for the same seed."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Made(folder / "persons.csv", folder / "persons.yaml", folder / "truth.csv")
    made.mapping.write_text(_MAPPING, encoding="utf-8")
    with duckdb.connect(config={"temp_directory": str(folder / "spill")}) as duck:
        duck.execute(
            f"CREATE MACRO dice(what, number, sides) AS (hash(what, number, {seed}) >> 8)::BIGINT % sides;"
            "CREATE MACRO one_of(texts, what, number) AS texts[1 + dice(what, number, len(texts))]"
        )
        duck.execute(f"CREATE TABLE record AS {_RECORDS.format(records=records, persons=max(records * 7 // 10, 1))}")
        told = "source, key, name, gender, birth_date, id_number, mobile, phone, email, address, postcode"
        for columns, file in ((told, made.file), ("key, person AS entity", made.truth)):
            duck.execute(f"COPY (SELECT {columns} FROM record ORDER BY key) TO '{file}' (HEADER)")
    return made


_CHECK = " + ".join(f"{weight} * substr(seventeen, {place}, 1)::INT" for place, weight in enumerate(_WEIGHTS, start=1))
_PERSONS = f"""
SELECT *, seventeen || substr('10X98765432', ({_CHECK}) % 11 + 1, 1) AS id_number,
       {list(_SURNAMES)}[1 + (pow(dice('surname', kin, 10000) / 10000, 2) * {len(_SURNAMES)})::INT] AS surname,
       one_of({list(_GIVEN)}, 'given', person)
           || CASE WHEN dice('two', person, 4) > 0 THEN one_of({list(_GIVEN)}, 'second', person) ELSE '' END AS given,
       {_PLACES}[1 + dice('place', home, {len(_PLACES)})] AS place,
       one_of({_ROADS}, 'road', home) || (1 + dice('number', home, 400)) || '号' || (1 + dice('house', home, 30))
           || '幢' || (1 + dice('stair', home, 4)) || '单元' || (1 + dice('floor', home, 18)) || '0'
           || (1 + dice('room', home, 4)) || '室' AS spot,
       printf('1%d%09d', 3 + dice('net', person, 7), dice('mobile', person, 1000000000)) AS mobile,
       printf('0571-8%07d', dice('phone', home, 10000000)) AS phone,
       printf('%s%d@%s', chr((97 + dice('letter', person, 26))::INT), dice('user', person, 100000000),
              one_of(['qq.com', '163.com', '126.com', 'sina.com', 'example.cn'], 'mail', person)) AS email
FROM (SELECT *, printf('33010%d%s%02d%d', 2 + dice('area', person, 7), strftime(born, '%Y%m%d'),
                       dice('serial', person, 100), 2 * dice('fifth', person, 5) + gender % 2) AS seventeen,
             CASE WHEN dice('kin', person, 2) = 0 THEN home ELSE person END AS kin
      FROM (SELECT range AS row, range >= {{persons}} AS copied,
                   CASE WHEN range < {{persons}} THEN range ELSE dice('whom', range, {{persons}}) END AS person,
                   person - person % 4 % 2 AS home, 1 + dice('gender', person, 2) AS gender,
                   DATE '1945-01-01' + dice('born', person, 23000)::INT AS born FROM range({{records}})))"""


def _lost(what: str, percent: int) -> str:
    return f"(copied AND dice('{what}', row, 100) < {percent})"


_RECORDS = f"""
SELECT one_of(['shop', 'calls', 'branch'], 'source', row) AS source, printf('%08d', row * 1000003 % {{records}}) AS key,
       person,
       surname || CASE WHEN {_lost("title", 3)} THEN CASE gender WHEN 1 THEN '先生' ELSE '女士' END
                       WHEN {_lost("slip", 3)} THEN one_of({list(_GIVEN)}, 'slip', row) || substr(given, 2)
                       ELSE given END AS name,
       CASE WHEN NOT {_lost("gender", 20)} THEN gender END AS gender,
       CASE WHEN {_lost("born", 25)} THEN NULL WHEN {_lost("form", 50)} THEN strftime(born, '%Y/%m/%d')
            ELSE strftime(born, '%Y-%m-%d') END AS birth_date,
       CASE WHEN {_lost("id slip", 2)} THEN left(id_number, 16) || right(id_number, 1) || substr(id_number, 17, 1)
            WHEN NOT {_lost("id", 45)} AND dice('no id', person, 10) > 0 THEN id_number END AS id_number,
       CASE WHEN {_lost("number", 15)} THEN printf('13%09d', dice('number', row, 1000000000))
            WHEN {_lost("code", 20)} THEN '+86 ' || mobile WHEN NOT {_lost("mobile", 10)} THEN mobile END AS mobile,
       CASE WHEN dice('line', home, 3) = 0 AND NOT {_lost("line", 40)} THEN phone END AS phone,
       CASE WHEN dice('mail', person, 2) = 0 AND NOT {_lost("email", 40)} THEN email END AS email,
       CASE WHEN {_lost("moved", 15)} THEN NULL WHEN {_lost("short", 40)} THEN place[2] || place[3] || spot
            ELSE place[1] || place[2] || place[3] || spot END AS address,
       CASE WHEN NOT {_lost("post", 30)} THEN place[4] END AS postcode
FROM ({_PERSONS})"""
