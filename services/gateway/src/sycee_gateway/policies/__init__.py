"""Policies that ship, one file a version; a version that decided anything is never changed, a new one is added."""
