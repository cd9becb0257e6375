"""Mail that stays on this machine, for people who develop: a page with every mail and its secret link.

It is added only where the mail adapter is "local", which in turn is allowed on loopback alone (see settings).
A page of another origin that has its name point here (DNS rebinding) is told from ours by the Host field.
"""

from pathlib import Path

from fastapi import FastAPI
from fynlo.auth.v1.people_service_pb2 import ListOutboxRequest
from fynlo_json import auth as auth_json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.calls import entered
from gateway.routes.pages import page_of
from gateway.settings import LOOPBACK

PAGE = Path(__file__).resolve().parents[1] / "outbox.html"
RECIPIENT_CHARS_MAX = 254
_PEOPLE = "fynlo.auth.v1.PeopleService"


def add_outbox(app: FastAPI) -> None:
    """Serves /outbox and what it shows."""
    shell = page_of(PAGE)

    async def page(request: Request) -> Response:
        _refuse_strangers(request)
        return await shell(request)

    app.add_route("/outbox", page, methods=["GET"], include_in_schema=False)
    app.add_route("/outbox/mails", _mails, methods=["GET"], include_in_schema=False)


async def _mails(request: Request) -> Response:
    """The newest hundred, or those to ``to``."""
    _refuse_strangers(request)
    call = await entered(request, "", None)
    recipient = request.query_params.get("to", "")[:RECIPIENT_CHARS_MAX]
    asked = ListOutboxRequest(recipient=recipient)
    reply = await call.services.method(_PEOPLE, "ListOutbox", asked)(asked)
    return call.answer({"items": [auth_json.outbox_mail(mail) for mail in reply.mails]})


def _refuse_strangers(request: Request) -> None:
    host, peer = request.url.hostname or "", request.client.host if request.client else ""
    if host not in LOOPBACK or peer not in LOOPBACK:
        raise HTTPException(404)
