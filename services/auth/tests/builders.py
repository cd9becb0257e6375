"""People and places for the tests of auth."""

import asyncio
import json
from dataclasses import dataclass, field
from uuid import UUID

from argon2 import PasswordHasher
from joserfc.jwk import OKPKey

from chassis.auth import Principal, TokenVerifier
from chassis.db import Database
from chassis.db.idempotency import IdempotencyKey
from chassis.ids import new_id, parse_id
from services.auth.domain.guess import LockPolicy, address_lock
from services.auth.domain.invitation import Invitee, Inviter
from services.auth.domain.mail import Letter
from services.auth.domain.member import Membership
from services.auth.domain.role import Role
from services.auth.domain.standing import OpenedSession
from services.auth.passwords import Passwords
from services.auth.rpc.invitation import INVITED
from services.auth.rpc.platform import CREATED
from services.auth.rpc.restaurant import FOUNDED
from services.auth.tokens import SigningKeys
from services.auth.usecases import invitation as invitations
from services.auth.usecases import mail
from services.auth.usecases import platform as platforms
from services.auth.usecases import restaurant as usecases
from services.auth.usecases import session as sessions
from services.auth.usecases.account import Person
from services.auth.usecases.context import Context, MailPolicy
from services.auth.usecases.invitation import Acceptance, Invite
from services.auth.usecases.platform import CreatePlatform

PASSWORD = "a-long-enough-password"
POOL_SIZE = 25
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""The real algorithm at a cost that lets a test log in a hundred people."""


def key(scope: str = "test") -> IdempotencyKey:
    """A key nobody used before."""
    return IdempotencyKey(scope, str(new_id()), b"hash")


def signing_keys(*kids: str) -> str:
    """A JWK set with fresh private keys."""
    keys = [{**OKPKey.generate_key("Ed25519").as_dict(private=True), "kid": kid} for kid in kids or ("one",)]
    return json.dumps({"keys": keys})


def context(
    db: Database,
    *,
    keys: str | None = None,
    address_policy: LockPolicy | None = None,
    mail: MailPolicy | None = None,
) -> Context:
    """The service's parts on a test database."""
    return Context(
        db,
        SigningKeys(keys or signing_keys()),
        Passwords(hasher=CHEAP, former=()),
        address_policy or address_lock(),
        mail or MailPolicy(),
    )


def verifier(ctx: Context) -> TokenVerifier:
    """What every other service verifies tokens with."""

    async def fetch() -> dict[str, object]:
        found: dict[str, object] = json.loads(ctx.keys.public_jwks_json)
        return found

    return TokenVerifier(fetch, ctx.db.clock)


@dataclass(slots=True)
class Mailbox:
    """A mail server that takes everything, or answers what it is told."""

    letters: list[Letter] = field(default_factory=list)
    answers: list[Exception] = field(default_factory=list)

    async def send(self, letter: Letter) -> None:
        """Keeps the letter, or raises the next answer."""
        if self.answers:
            raise self.answers.pop(0)
        self.letters.append(letter)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class Town:
    """A platform with its owner and restaurants; every name is of its own, since tests share a database."""

    ctx: Context
    platform_id: UUID
    owner_id: UUID
    owner_email: str
    restaurants: dict[str, UUID] = field(default_factory=dict)
    mailbox: Mailbox = field(default_factory=Mailbox)

    def email(self, who: str) -> str:
        """An address nobody else has."""
        return f"{who}-{self.platform_id.hex[-12:]}@example.test"

    async def restaurant(self, name: str = "Casa", owner: str | None = None) -> UUID:
        """A restaurant in London with ``owner@`` of the same name as its owner."""
        command = self.restaurant_command(name, owner)
        reply = await usecases.create_restaurant(self.ctx, command, key(), FOUNDED)
        await self.accept(command.owner.email)
        self.restaurants[name] = parse_id(reply.restaurant.id)
        return self.restaurants[name]

    def restaurant_command(self, name: str, owner: str | None = None) -> usecases.CreateRestaurant:
        """How ``restaurant`` asks for it."""
        person = Invitee(self.email(owner or name.lower()), Role.RESTAURANT_OWNER, f"Owner of {name}")
        return usecases.CreateRestaurant(
            creator=self.owner_id,
            platform_id=self.platform_id,
            name=name,
            currency_code="GBP",
            time_zone="Europe/London",
            owner=person,
            bill_mode=None,
            service_charge_bp=1250,
        )

    async def member(self, restaurant_id: UUID, who: str, role: Role = Role.EMPLOYEE) -> UUID:
        """A person in a restaurant, who was invited by the platform's owner and accepted with PASSWORD."""
        await self.invite(restaurant_id, who, role)
        return (await self.accept(self.email(who))).user_id

    async def invite(
        self, restaurant_id: UUID, who: str, role: Role = Role.EMPLOYEE, *, inviter: Inviter | None = None
    ) -> UUID:
        """An invitation to ``who@``, by the platform's owner unless told otherwise."""
        inviter = inviter or Inviter(self.owner_id, Role.PLATFORM_OWNER)
        invitee = Invitee(self.email(who), role, who.title())
        reply = await invitations.invite(self.ctx, Invite(restaurant_id, key(), inviter, invitee), INVITED)
        return parse_id(reply.invitation.id)

    async def accept(self, email: str, *, password: str = PASSWORD) -> Membership:
        """The holder of the mailbox takes up what was sent there last."""
        return await invitations.accept(self.ctx, Acceptance(await self.token_sent_to(email), password))

    async def letters_to(self, email: str) -> list[Letter]:
        """Everything that was sent to an address, oldest first; sends what is due."""
        while await mail.deliver_due(self.ctx, self.mailbox):
            pass
        return [letter for letter in self.mailbox.letters if letter.recipient == email]

    async def token_sent_to(self, email: str) -> str:
        """The secret of the link that was sent to an address last."""
        links = [letter.link for letter in await self.letters_to(email) if letter.link]
        return links[-1].partition("#")[2]

    async def warm(self) -> None:
        """Opens every connection of the pool, so that what races next really does."""
        await asyncio.gather(
            *(
                usecases.list_restaurants(self.ctx, self.owner_id, limit=1, after=None)
                for _ in range(3 * POOL_SIZE)
            )
        )

    async def log_in(
        self, who: str, *, password: str = PASSWORD, device: str = "", address: str = "", secret: str = ""
    ) -> OpenedSession:
        """A session of ``who@``."""
        return (await self.log_in_as_device(who, secret, password, device, address)).session

    async def log_in_as_device(
        self, who: str, secret: str = "", password: str = PASSWORD, device: str = "", address: str = ""
    ) -> sessions.LoggedIn:
        """The same, with what the device is known by: ``secret`` before and afterwards."""
        command = sessions.LogIn(self.email(who), password, device, "ios", address, secret)
        return await sessions.log_in(self.ctx, command)

    async def principal(self, opened: OpenedSession) -> Principal:
        """Who an access token proves, as any service sees it."""
        return await verifier(self.ctx).verify(opened.access_token)

    async def caller(self, opened: OpenedSession) -> sessions.Caller:
        """The same, as use cases take it."""
        principal = await self.principal(opened)
        assert principal.subject is not None
        assert principal.session_id is not None
        return sessions.Caller(principal.subject, principal.session_id, principal.restaurant_id)


async def new_town(ctx: Context) -> Town:
    """A platform that no other test knows."""
    suffix = new_id().hex[-12:]
    email = f"platform-{suffix}@example.test"
    command = CreatePlatform(f"Platform {suffix}", Person(email, "Pia Platform", PASSWORD, "owner_"))
    reply = await platforms.create_platform(ctx, command, key(), CREATED)
    return Town(ctx, parse_id(reply.platform.id), parse_id(reply.owner.id), email)
