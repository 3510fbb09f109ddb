party-reveal-field = There is no sensitive field { $field }.
party-reveal-reason = Say why you need to see it, in at least four characters.
