"""What a business keeps of its customers, for how long, and how it lets them go or takes them along."""
