"""What the bot can do besides answering: calls to the tenant's own system, handing over, sending a card."""
