"""Why, why not and how (EC-05, XP-02): what made records one party, what keeps two apart, in which order."""
