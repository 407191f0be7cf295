"""What engines that enlarge clips share: reading and running here, networks, tiles and colours in `torch`'s modules."""
