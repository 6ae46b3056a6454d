"""A score opened down to its features: exact contributions of the models that decided."""
