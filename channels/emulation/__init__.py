"""What the channels' emulators share: a local server, lanes for webhooks, a ledger of deliveries, injected faults."""
