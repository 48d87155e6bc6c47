"""What builds, checks and runs Green Shield's package: nothing in here is deployed."""
