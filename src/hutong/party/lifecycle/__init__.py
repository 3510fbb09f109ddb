"""The life of a party (EC-02): changes asked for, approved where the policy wants it, and physical erasure."""
