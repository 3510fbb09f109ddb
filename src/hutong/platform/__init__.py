"""The ground every center stands on: database, history, outbox, jobs, expressions, money, clock, errors, words."""
