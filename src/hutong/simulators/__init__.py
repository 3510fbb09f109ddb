"""Simulated peer centers: network, payment, SMS. They stand in for real ones, in a process of their own, and say so."""
