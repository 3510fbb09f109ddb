## Price plans that cannot be compiled
billing-plan-overflow = Plan { $plan }, tariff { $tariff }: the largest event or cycle could leave the range of exact integers (common denominator { $denominator }). Use fewer decimals, a larger unit for the price, or a coarser rounding unit.
billing-plan-increments = Plan { $plan }, tariff { $tariff }: increments must begin at 0 and ascend, and each must end on a whole block.
billing-plan-not-whole = Plan { $plan }, tariff { $tariff }: a quantity is not a whole number of base units of { $unit }.
billing-plan-percentage = Plan { $plan }, tariff { $tariff }: a percentage needs the unit currency.
billing-plan-volume-by-band = Plan { $plan }, tariff { $tariff }: a volume price cannot differ by band of the clock.
billing-plan-volume-counts = Plan { $plan }, tariff { $tariff }: a volume price counts charged units; set scale_counts, or counts of its accumulator, to charged.
billing-plan-cumulative = Plan { $plan }, tariff { $tariff }: cumulative rounding needs an accumulator as scale, one price for all bands, no cap, and a connection fee that is a multiple of the rounding unit.
billing-plan-rounding-unit = Plan { $plan }, tariff { $tariff }: the rounding unit must be a positive multiple of 0.000001.
billing-plan-accumulator-unit = Plan { $plan }, tariff { $tariff }: accumulator { $accumulator } counts another kind of unit.
billing-plan-counted-twice = Plan { $plan }, section { $section }: accumulator { $accumulator } would count the same use twice.
billing-plan-allowance-whole = Plan { $plan }, allowance { $allowance }: the quantity is not a whole number of base units of { $unit }.

## Why this price
billing-why-opened = entry fee of the first step: { $amount }
billing-why-covered = { $since }–{ $until } { $unit } from allowance { $allowance }
billing-why-charged = { $since }–{ $until } { $unit }: { $amount }
billing-why-charged-band = { $since }–{ $until } { $unit } in band { $band }: { $amount }
billing-why-connected = connection fee: { $amount }
billing-why-capped = capped: { $amount }
billing-why-rounded = rounding: { $amount }

## Usage
billing-usage-no-file = There is no file { $name }. Give a usage file, or a folder of them.
billing-usage-unreadable = A usage file cannot be read as lines of text: { $reason }
billing-cycle-invalid = { $cycle } is no bill cycle. Write year and month, as in 202609.
billing-no-bill = There is no bill { $bill }, or you may not see it.
billing-no-usage = There is no usage event { $usage }, or you may not see it.
