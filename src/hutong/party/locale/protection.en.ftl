party-reveal-field = There is no sensitive field { $name }.
party-reveal-reason = Say why you need to see it, in at least four characters.
