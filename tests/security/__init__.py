"""That nobody gets in where they don't belong. `make security` prints what was asked, and what was answered."""
