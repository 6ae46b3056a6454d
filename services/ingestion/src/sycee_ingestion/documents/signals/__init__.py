"""Signs that a document may have been tampered with: reasons to look closer, never proof of anything."""
