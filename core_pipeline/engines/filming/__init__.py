"""What engines that draw faces on the processor share: threads to film in, and a scene filmed picture by picture."""
