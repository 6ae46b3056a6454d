"""The steps that every RPC passes, one file each; `chain` has them as one list."""
