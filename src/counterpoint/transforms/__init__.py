"""What can happen to a sample: one class a transform, filed by the axis it moves."""
