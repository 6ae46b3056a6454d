"""Identity, screening, consent, dated rules and a Merkle log of decisions."""
