"""Who moves people, estimated apart from who is merely followed."""
