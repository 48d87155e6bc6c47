"""green-shield: what an operator does from a shell. It talks to the tables and the bucket of a deployed park with the operator's own
AWS credentials, and runs the same use cases as the functions."""
