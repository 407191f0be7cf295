"""What adapters and engines may know of the core: messages, the channel contract, the engine contracts."""
