"""The park on one machine: what stands in for the services outside AWS, and the local stack around it."""
