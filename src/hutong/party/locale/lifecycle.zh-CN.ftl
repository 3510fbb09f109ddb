## 变更与删除
party-change-state = 变更申请 { $id } 处于“{ $state }”状态，不能这样处理。请刷新后再看。
party-change-own = 自己提出的变更须由他人审批。
party-change-others = 只有申请人可以撤回变更申请。
party-change-pending = 该参与人有待审批的变更申请 { $id }，请先处理。
party-change-parties = 请指定 { $least } 至 { $most } 个参与人。
party-change-unknown = 没有变更申请 { $id }。
party-erased = 参与人 { $id } 已被物理删除。
party-erased-key = 来源系统 { $source } 的这条记录已应本人要求删除，须本人重新同意后才能再次接收。
party-erased-key-unknown = 来源系统 { $source } 没有这条已删除的记录。
party-change-why = 请说明拒绝的理由。
party-change-overtaken = 变更申请 { $id } 的参与人此后已并入他人。请拒绝该申请，并就现在的参与人重新申请。
party-change-in-use = 客户 { $id } 已在使用中。
party-change-not-in-use = 客户 { $id } 已停用，请先恢复使用。
party-change-withdrawn = 各来源均已撤回客户 { $id } 的记录。来源再次送达其记录，或重新建档后，即恢复使用。
