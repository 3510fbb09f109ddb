"""Resolution (EC-05): from judgements to clusters, and which party a cluster is."""
