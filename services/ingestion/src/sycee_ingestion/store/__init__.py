"""All SQL of the service: merchants, events, the facts behind a portrait, and imports."""
