"""What somebody is worth: valuation, net worth over time, allocation, and why. Without tables of its own."""
