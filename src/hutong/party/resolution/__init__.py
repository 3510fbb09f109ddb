"""Resolution (EC-05): what rules and models in force judge, the log of judgements, the parties that follow from it, and
the suspects that are left for people."""
