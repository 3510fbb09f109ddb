"""What people decide (EC-06, EC-07): suspects, merge, split."""
