"""How fast Frontrow sells, beside what the machine can do at all: limits and us, measured in turn in one run."""
