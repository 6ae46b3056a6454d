"""What keeps the local suite from doing as it was told."""


class SuiteError(Exception):
    """One line for the person at the keyboard: what is wrong, and what to do about it where that is known."""
