"""The emulated Graph API's refusals."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from channels.emulation.faults import Fault


class GraphError(Exception):
    """A refusal in the vendor's form."""

    def __init__(self, status: int, code: int, text: str, after: float | None = None) -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.after = status, code, text, after


def injected(fault: Fault) -> GraphError:
    """Return the refusal that a test asked for."""
    return GraphError(fault.status, fault.code, fault.text or "Injected by a test", fault.after)


async def refused(_: Request, error: Exception) -> Response:
    """Answer with a refusal in the vendor's form."""
    if not isinstance(error, GraphError):
        raise error
    details = {"messaging_product": "whatsapp", "details": error.text}
    headers = {} if error.after is None else {"retry-after": str(int(error.after))}
    if not error.code:
        # The vendor's proxies fail without the API's own form.
        return Response(status_code=error.status, headers=headers)
    body = {"message": error.text, "type": "OAuthException", "code": error.code, "error_data": details}
    return JSONResponse({"error": body}, error.status, headers=headers)
