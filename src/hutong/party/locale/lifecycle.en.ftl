## Changes and erasure
party-change-state = Change request { $id } is “{ $state }”, which does not allow this. Look at it anew.
party-change-own = What one asked for oneself, another person approves.
party-change-others = Only who asked for a change withdraws it.
party-change-pending = Change request { $id } of this party waits for approval: decide it first.
party-change-parties = Name { $least } to { $most } parties.
party-change-unknown = There is no change request { $id }.
party-erased = Party { $id } was erased.
party-erased-key = This record of source system { $source } was erased at the wish of the person. It is taken again only once they consent anew.
party-erased-key-unknown = No such record of source system { $source } was erased.
party-change-why = Say why it is refused.
party-change-overtaken = The party of change request { $id } was merged into another since. Refuse it, and ask anew for the party as it is now.
party-change-in-use = Customer { $id } is in use already.
party-change-not-in-use = Customer { $id } is no longer in use. Take it into use again first.
party-change-withdrawn = No source states customer { $id } any more: every source withdrew its record. It comes into use again with the next record a source sends, or when it is created anew.
