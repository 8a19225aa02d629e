"""What a fleet is watched with."""
