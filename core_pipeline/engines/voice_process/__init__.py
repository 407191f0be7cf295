"""What voices that speak in a process of their own share: the process, its frames, sayings in a queue, tashkeel."""
