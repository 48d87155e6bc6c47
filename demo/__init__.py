"""The demonstration: a plant, its bridge, the packaged app on the local stack, and five people, end to end."""
