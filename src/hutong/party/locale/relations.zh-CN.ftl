## 关系、家庭、群组
party-relation-kind = 没有关系类型 { $kind }。
party-relation-self = 客户不能与自己建立关系。
party-relation-persons = { $kind } 只适用于个人之间。
party-relation-organisations = { $kind } 只适用于组织之间。
party-relation-circle = { $one } 已经是 { $other } 的上级，层级会形成循环。
party-relation-overlaps = 两者在该期间已有关系 { $kind }。请先结束原关系，或填写其他期间。
party-household-unknown = 没有家庭 { $id }。
party-group-unknown = 没有客户群 { $id }。
party-group-by-condition = 客户群 { $id } 的成员由条件决定，请修改条件。
