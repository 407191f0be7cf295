"""Where colleagues serve customers beside the bot: finding conversations, reading them, taking over, answering."""
