"""The pages that visitors of a tenant's assistant get to see, and the widget they talk with."""

from webhooks.pages.serving import routes

__all__ = ["routes"]
