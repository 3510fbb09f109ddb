masterdata-code-unknown = 代码集 { $code_set } 中没有标准代码：{ $codes }。请改用已发布的代码，或先发布新代码。
