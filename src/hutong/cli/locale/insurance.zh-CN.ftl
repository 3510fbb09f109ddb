## 保险样例
cli-help-sample-insurance = 生成寿险核心（CSV）、财险核心（XLSX）和客服中心（JSON 行）的导出文件：客户、保单、险种、理赔、事件、联络，以及真实答案和清单。
cli-source-life = 寿险核心系统
cli-source-property = 财险核心系统
cli-source-service = 客户服务中心
