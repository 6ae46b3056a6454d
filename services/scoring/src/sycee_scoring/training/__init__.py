"""Training of the models that come with the code: `make train`. Never imported by the server."""
