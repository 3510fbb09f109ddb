party-reveal-field = There is no sensitive field { $name }.
party-reveal-reason = Say why you need to see it, in at least four characters.
party-filter-hidden = This interface does not have { $name }, so it may not ask by it. An administrator can add it to its field list.
