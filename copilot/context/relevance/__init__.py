"""What a task needs: signals of each file, weighed into one order."""
