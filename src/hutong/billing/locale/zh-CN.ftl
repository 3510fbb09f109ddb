## 无法编译的定价计划
billing-plan-overflow = 定价计划 { $plan } 的资费 { $tariff }：最大的单次使用量或账期累积量可能超出精确整数的范围（公分母 { $denominator }）。请减少小数位数、使用更大的计价单位或更粗的舍入单位。
billing-plan-increments = 定价计划 { $plan } 的资费 { $tariff }：计费步长须从 0 开始递增，且每段须在整块处结束。
billing-plan-not-whole = 定价计划 { $plan } 的资费 { $tariff }：数量不是 { $unit } 基本单位的整数倍。
billing-plan-percentage = 定价计划 { $plan } 的资费 { $tariff }：按百分比计费时单位须为 currency。
billing-plan-volume-by-band = 定价计划 { $plan } 的资费 { $tariff }：全量阶梯价不能按时段区分。
billing-plan-volume-counts = 定价计划 { $plan } 的资费 { $tariff }：全量阶梯价按计费量累计，请将 scale_counts 或累积量的 counts 设为 charged。
billing-plan-cumulative = 定价计划 { $plan } 的资费 { $tariff }：累积舍入需要以累积量为刻度、各时段同价、不设封顶，且接续费为舍入单位的整数倍。
billing-plan-rounding-unit = 定价计划 { $plan } 的资费 { $tariff }：舍入单位须为 0.000001 的正整数倍。
billing-plan-accumulator-unit = 定价计划 { $plan } 的资费 { $tariff }：累积量 { $accumulator } 的单位种类不同。
billing-plan-counted-twice = 定价计划 { $plan } 的定价段落 { $section }：累积量 { $accumulator } 会将同一次使用计两次。
billing-plan-allowance-whole = 定价计划 { $plan } 的免费资源 { $allowance }：数量不是 { $unit } 基本单位的整数倍。

## 为何是这个价格
billing-why-opened = 首档固定费：{ $amount }
billing-why-covered = 第 { $since }–{ $until } { $unit }由免费资源 { $allowance } 抵扣
billing-why-charged = 第 { $since }–{ $until } { $unit }：{ $amount }
billing-why-charged-band = 第 { $since }–{ $until } { $unit }（时段 { $band }）：{ $amount }
billing-why-connected = 接续费：{ $amount }
billing-why-capped = 封顶减免：{ $amount }
billing-why-rounded = 舍入：{ $amount }

## 话单
billing-usage-no-file = 没有文件 { $name }。请给出话单文件或其所在目录。
billing-usage-unreadable = 话单文件无法按文本行读取：{ $reason }
billing-cycle-invalid = { $cycle } 不是账期。请按年月书写，例如 202609。
billing-no-bill = 没有账单 { $bill }，或您无权查看。
billing-no-usage = 没有话单 { $usage }，或您无权查看。
