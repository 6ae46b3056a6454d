"""The life of a model: digests, loading, roles, training. Pure: what is kept where is the store's matter."""
