"""Where somebody lands: the businesses they look after, and one business at a glance."""
