## 保险样例
cli-help-sample-insurance = 生成寿险核心（CSV）、财险核心（XLSX）和客服中心（JSON 行）的导出文件：客户、保单、险种、理赔、事件、联络，以及真实答案和清单。
cli-source-life = 寿险核心系统
cli-source-property = 财险核心系统
cli-source-service = 客户服务中心
journey-insured =   { $policies } 份保单归到客户名下，按规则识别出 { $households } 个家庭
journey-insurer = 保险
journey-customers = 客户数
journey-households = 按规则识别的家庭及其成员
journey-due = 一个月内到期的保单
journey-both = 既是电信客户又是保险客户
