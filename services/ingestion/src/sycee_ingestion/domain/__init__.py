"""What a merchant is, what happens in its trade, and how the portrait is reckoned from it: pure, without I/O."""
