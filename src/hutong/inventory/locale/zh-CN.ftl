## Requests
inventory-account-terms = 账户条件不成立：付费方式为预付或后付，账期日在 1 至 28 之间，信用额度不能为负。
inventory-no-account = 账户 { $account } 不是该客户的在用账户。请先开户或指定其他账户。
inventory-no-component = { $offer } 没有适用于该产品的组成项 { $component }。请指定其组成项之一。
inventory-no-group = { $offer } 不是群组销售品，不能有成员。
inventory-no-member = 实例 { $instance } 不能成为 { $offer } 的成员：未在用，或产品不符合群组要求。
inventory-attachment = { $product }：附属产品须指定同一客户的可附属主产品实例；主产品不指定。
inventory-attribute-unknown = { $owner } 没有属性 { $attribute }。可用属性：{ $allowed }。
inventory-attribute-missing = { $owner } 缺少属性 { $attribute }。
inventory-attribute-type = { $owner } 的属性 { $attribute } 类型不符。
inventory-attribute-choice = { $owner } 的属性 { $attribute } 只能取 { $allowed }。
inventory-attribute-range = { $owner } 的属性 { $attribute } 超出范围。
inventory-attribute-length = { $owner } 的属性 { $attribute } 过长。
inventory-offer-key-used = 销售品键 { $key } 已指向其他或已终止的销售品实例。
## Numbers
inventory-number-expected = { $product } 需要接入号码。
inventory-number-needless = { $product } 不需要接入号码。
inventory-number-taken = 号码 { $number } 不可用，请另选。
inventory-no-numbers = 号码类 { $class } 没有空闲号码，请补充号码池。
## Instances
inventory-no-instance = 没有在用的实例 { $instance }。
inventory-one-instance = 请指定销售品实例或产品实例之一。
inventory-nothing-to-do = 请求中没有任何变更。
inventory-state = 状态不能从 { $before } 变为 { $after }；可变为：{ $allowed }。
