"""What other systems connect with: keys to the public API, and addresses that are told what happens."""
