## 信息区：人工陈述
party-area-unknown = 没有信息区 { $area }。
party-area-field-unknown = 信息区 { $area } 没有字段 { $what }。
party-area-field-missing = 信息区 { $area } 必须填写字段 { $what }。
party-area-field-type = { $area } 的 { $what } 须为{ $type ->
    [bigint] 整数
    [boolean] 是或否
    [date] 日期（如 2026-01-31）
    [instant] 时刻（如 2026-01-31T09:30:00+08:00）
   *[text] 文字
  }。
party-area-code-unknown = { $code } 不是 { $what } 的有效代码。
party-area-period = { $area } 的结束时间早于开始时间，或该信息区不按期间记录。
party-area-row-unknown = 该客户没有记录 { $id }，或记录已经结束。
party-area-systems-only = { $area } 只由系统提供。
party-value-not-one = 输入的内容不是有效的{ $kind ->
    [phone] 电话号码：请带上区号（0571-87654321）或国家代码（+86 139 1234 0001）
    [email] 邮箱地址：请写成 name@example.com 的形式
    [address] 地址
    [bank_card] 银行卡号：请与卡面核对
    [identifier] 证件号码：请与证件核对
    [name] 姓名或名称
   *[other] 内容（{ $kind }）
}。请更正，或不填此项。
party-value-unknown = 没有来源给出过该客户的这个 { $kind }。
party-image-refused = 只接受不超过 { $most } MiB 的图片（JPEG、PNG）和 PDF。
party-image-masked = 单证影像只对能看到完整证件号码的人员开放。
party-not-then = 在那个时间还没有客户 { $id }。
party-area-value = 无法识别 { $what } 的取值。

## 扩展属性
party-extension-unknown = 该类客户没有声明扩展属性 { $what }。
party-extension-invalid = { $what } 的取值无效。
