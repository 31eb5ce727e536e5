"""What a change does downstream: plans, runs, batches, recovery, and the doors to them."""
