"""`make train`: the models of the score, application and bureau. Each fetches its data, checks it and writes its
files."""

from __future__ import annotations

from sycee_scoring.training import application, bureau

if __name__ == "__main__":
    application.main([])
    bureau.main([])
