"""What is kept, in PostgreSQL. A module for each subject."""
