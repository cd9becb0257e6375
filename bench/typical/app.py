"""The plain program: POST /api/v2/orders, with the body and the token that ours takes."""

import warnings
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, Header, HTTPException
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from bench.typical.tables import Order, OrderLine, Product
from chassis.auth.tokens import ALGORITHM

POOL_SIZE = 20
OVERFLOW_MAX = 12
"""Together as many connections as the busiest scenario has clients: nobody waits for one."""
LINES_MAX = 200

# The same rename that chassis.auth.tokens explains.
warnings.filterwarnings("ignore", category=SecurityWarning, message="EdDSA is deprecated")


class LineIn(BaseModel):
    """A line as it is ordered."""

    item_id: UUID
    quantity: int = Field(ge=1, le=999)


class OrderIn(BaseModel):
    """An order as it is placed."""

    order_type: Literal["eat_in", "takeaway", "delivery"]
    lines: list[LineIn] = Field(min_length=1, max_length=LINES_MAX)


class LineOut(BaseModel):
    """A line as it was stored."""

    id: UUID
    item_id: UUID
    name: str
    quantity: int
    unit_price_minor: int


class OrderOut(BaseModel):
    """An order as it was stored."""

    id: UUID
    status: str
    total_minor: int
    lines: list[LineOut]


def engine_of(database: str) -> AsyncEngine:
    """``database``: a postgresql:// URL."""
    url = database.replace("postgresql://", "postgresql+asyncpg://", 1)
    return create_async_engine(url, pool_size=POOL_SIZE, max_overflow=OVERFLOW_MAX)


def create_app(engine: AsyncEngine, public_key: dict[str, Any]) -> FastAPI:
    """The program. ``public_key``: the JWK that tokens are signed with."""
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    key = OKPKey.import_key(public_key)
    rules = jwt.JWTClaimsRegistry(exp={"essential": True}, rid={"essential": True})
    app = FastAPI()

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as opened:
            yield opened

    async def restaurant(authorization: Annotated[str, Header()] = "") -> UUID:
        try:
            claims = jwt.decode(authorization.removeprefix("Bearer "), key, algorithms=[ALGORITHM]).claims
            rules.validate(claims)
            return UUID(claims["rid"])
        except (JoseError, ValueError) as error:
            raise HTTPException(401, "The token is not valid.") from error

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/api/v2/orders", status_code=201)
    async def place(
        draft: OrderIn,
        restaurant_id: Annotated[UUID, Depends(restaurant)],
        db: Annotated[AsyncSession, Depends(session)],
    ) -> OrderOut:
        async with db.begin():
            order = await _placed(db, restaurant_id, draft)
        return _shown(order)

    return app


async def _placed(db: AsyncSession, restaurant_id: UUID, draft: OrderIn) -> Order:
    wanted = {line.item_id for line in draft.lines}
    found = await db.scalars(
        select(Product).where(Product.restaurant_id == restaurant_id, Product.id.in_(wanted))
    )
    products = {product.id: product for product in found}
    if len(products) < len(wanted):
        raise HTTPException(422, "An item is not on this restaurant's menu.")
    lines = [
        OrderLine(
            id=uuid4(),
            product_id=line.item_id,
            name=products[line.item_id].name,
            quantity=line.quantity,
            unit_price_minor=products[line.item_id].price_minor,
        )
        for line in draft.lines
    ]
    order = Order(
        id=uuid4(),
        restaurant_id=restaurant_id,
        order_type=draft.order_type,
        status="placed",
        total_minor=sum(line.quantity * line.unit_price_minor for line in lines),
        lines=lines,
    )
    db.add(order)
    return order


def _shown(order: Order) -> OrderOut:
    lines = [
        LineOut(
            id=line.id,
            item_id=line.product_id,
            name=line.name,
            quantity=line.quantity,
            unit_price_minor=line.unit_price_minor,
        )
        for line in order.lines
    ]
    return OrderOut(id=order.id, status=order.status, total_minor=order.total_minor, lines=lines)
