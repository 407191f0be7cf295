"""What the engines' emulators of vendors share: a local server and failures on demand."""
