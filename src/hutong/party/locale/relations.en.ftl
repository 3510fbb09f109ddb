## Relations, households, groups
party-relation-kind = There is no kind of relation { $kind }.
party-relation-self = A party has no relation to itself.
party-relation-persons = { $kind } ties persons only.
party-relation-organisations = { $kind } ties organisations only.
party-relation-circle = Party { $one } already stands above { $other }: the hierarchy would be a circle.
party-relation-overlaps = The two already have the relation { $kind } in that period. End it first, or give another period.
party-household-unknown = There is no household { $id }.
party-group-unknown = There is no customer group { $id }.
party-group-by-condition = Members of group { $id } follow from its condition. Change the condition instead.
