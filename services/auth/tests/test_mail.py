"""Mail: one contract for all adapters, and a queue that loses nothing and repeats within bounds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import pytest
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from chassis.clock import FakeClock
from chassis.errors import ResourceExhausted
from chassis.ids import new_id
from harness.rpc import keys_for_tests
from services.auth.domain.invitation import Invitee, Inviter
from services.auth.domain.mail import (
    ATTEMPTS_MAX,
    LONGEST_PAUSE,
    PER_RECIPIENT_DAY_MAX,
    Kind,
    Letter,
    NoLocalMail,
    QueuedMail,
    letter_of,
)
from services.auth.domain.role import Role
from services.auth.mail import MailPort, MailRefused, MailUnavailable
from services.auth.mail.local import LocalMail
from services.auth.mail.resend import ResendMail
from services.auth.mail.smtp import SmtpMail, SmtpServer
from services.auth.rpc.invitation import INVITED
from services.auth.settings import AuthSettings
from services.auth.store import mail as store
from services.auth.tests.builders import Mailbox, Town, context, key, signing_keys
from services.auth.tests.mail_servers import Mood, Received, Server, resend_server, smtp_server
from services.auth.usecases import invitation as invitations
from services.auth.usecases import mail
from services.auth.usecases import password as passwords
from services.auth.usecases.context import MailPolicy
from services.auth.usecases.invitation import Invite
from services.auth.usecases.mail import LEASE

SENDER = "Fynlo <no-reply@fynlo.test>"
KEY = "a-key-of-resend"
ADAPTERS = ("local", "smtp", "resend")


@dataclass(slots=True)
class Post:
    """An adapter and what stands behind it (None: the database)."""

    port: MailPort
    server: Server | None
    town: Town

    async def received(self, letter: Letter) -> list[Received]:
        """What arrived at the letter's recipient."""
        if self.server is not None:
            return [one for one in self.server.letters if one.recipient == letter.recipient]
        async with self.town.ctx.db.transaction(None) as tx:
            kept = await store.local_mails(tx, letter.recipient, 100)
        return [Received(one.recipient, one.subject, one.text, str(one.id)) for one, _ in kept]


@pytest.fixture(params=ADAPTERS)
async def post(request: pytest.FixtureRequest, town: Town) -> AsyncIterator[Post]:
    """Each adapter, against a real server."""
    async with AsyncExitStack() as stack:
        made: Post
        if request.param == "smtp":
            server = await stack.enter_async_context(smtp_server())
            made = Post(SmtpMail(SmtpServer("127.0.0.1", server.port, "none", "", ""), SENDER), server, town)
        elif request.param == "resend":
            server = await stack.enter_async_context(resend_server())
            made = Post(ResendMail(f"http://127.0.0.1:{server.port}", KEY, SENDER), server, town)
        else:
            made = Post(LocalMail(town.ctx.db), None, town)
        stack.push_async_callback(made.port.close)
        yield made


def letter(about: str = "Casa Demo") -> Letter:
    """An invitation to an address of its own."""
    queued = QueuedMail(new_id(), Kind.INVITATION, f"{new_id().hex}@example.test", about)
    return letter_of(queued, "https://pos.example.test", "the-secret-of-a-link")


# -- the contract of an adapter ------------------------------------------------------------------------------


async def test_a_letter_arrives_as_it_was_written(post: Post) -> None:
    sent = letter("Café Müller & Söhne 🍝")
    await post.port.send(sent)
    [arrived] = await post.received(sent)
    assert (arrived.recipient, arrived.subject, arrived.text) == (sent.recipient, sent.subject, sent.text)
    assert sent.link in arrived.text


async def test_a_repeated_letter_is_known_by_its_id(post: Post) -> None:
    sent = letter()
    await post.port.send(sent)
    await post.port.send(sent)
    arrived = await post.received(sent)
    assert {str(sent.id) in one.id for one in arrived} == {True}
    assert len({one.id for one in arrived}) == 1


async def test_the_name_of_a_restaurant_writes_no_field_of_the_header(post: Post) -> None:
    sent = letter("Casa\r\nBcc: everybody@example.test\r\n\r\nBuy now")
    await post.port.send(sent)
    [arrived] = await post.received(sent)
    assert arrived.subject == "Your invitation to Casa Bcc: everybody@example.test Buy now"


async def test_letters_sent_at_once_all_arrive(post: Post) -> None:
    sent = [letter() for _ in range(10)]
    await asyncio.gather(*(post.port.send(one) for one in sent))
    for one in sent:
        assert len(await post.received(one)) == 1


@pytest.mark.parametrize(
    ("mood", "error"),
    [
        (Mood.BUSY, MailUnavailable),
        (Mood.HANGS_UP, MailUnavailable),
        (Mood.OURS, MailUnavailable),
        (Mood.REFUSES, MailRefused),
    ],
)
async def test_what_a_server_answers_is_told_as_final_or_not(
    post: Post, mood: Mood, error: type[Exception]
) -> None:
    if post.server is None:
        # The database answers in its own words, which the queue understands as well.
        await post.port.send(letter())
        return
    post.server.mood = mood
    sent = letter()
    with pytest.raises(error) as told:
        await post.port.send(sent)
    assert not {sent.link, sent.recipient, KEY, sent.text} & set(str(told.value).split())
    post.server.mood = Mood.TAKES
    await post.port.send(sent)
    assert len(await post.received(sent)) == 1


async def test_a_server_that_is_not_there_is_no_refusal() -> None:
    async with smtp_server() as gone:
        port = gone.port
    for adapter in (
        SmtpMail(SmtpServer("127.0.0.1", port, "none", "", ""), SENDER),
        ResendMail(f"http://127.0.0.1:{port}", KEY, SENDER),
    ):
        with pytest.raises(MailUnavailable):
            await adapter.send(letter())
        await adapter.close()


async def test_an_address_that_no_server_can_write_to_is_refused() -> None:
    async with smtp_server() as server:
        adapter = SmtpMail(SmtpServer("127.0.0.1", server.port, "none", "", ""), SENDER)
        for address in ("müller@example.test", "a@example.test\r\nDATA"):
            with pytest.raises(MailRefused):
                await adapter.send(replace(letter(), recipient=address))
    assert server.letters == []


# -- the queue -----------------------------------------------------------------------------------------------


async def test_what_is_rolled_back_sends_nothing(town: Town) -> None:
    address = town.email("nobody")
    with pytest.raises(ResourceExhausted):
        async with town.ctx.db.transaction(None) as tx:
            queued = QueuedMail(new_id(), Kind.PASSWORD_CHANGED, address)
            await mail.enqueue(town.ctx, tx, queued)
            raise ResourceExhausted
    assert await town.letters_to(address) == []


async def test_a_mail_is_tried_again_with_growing_pauses_and_then_given_up(
    town: Town, fake_clock: FakeClock
) -> None:
    casa = await town.restaurant()
    await town.invite(casa, "mia")
    town.mailbox.answers = [MailUnavailable("busy")] * (ATTEMPTS_MAX + 5)
    tries = 0
    for _ in range(ATTEMPTS_MAX + 3):
        before = len(town.mailbox.answers)
        await town.letters_to(town.email("mia"))
        tries += before - len(town.mailbox.answers)
        fake_clock.advance(LONGEST_PAUSE)
    assert tries == ATTEMPTS_MAX
    async with town.ctx.db.transaction(None) as tx:
        state = await tx.fetchval("SELECT state FROM mail WHERE recipient = $1", town.email("mia"))
    assert state == "failed"


async def test_a_mail_that_comes_late_still_works_and_so_does_one_that_came_twice(
    town: Town, fake_clock: FakeClock
) -> None:
    casa = await town.restaurant()
    await town.invite(casa, "mia")
    lost = Mailbox(answers=[MailUnavailable("taken, and the answer was lost")])
    await mail.deliver_due(town.ctx, lost)
    assert await town.letters_to(town.email("mia")) == []
    fake_clock.advance(LONGEST_PAUSE)
    await town.accept(town.email("mia"))


async def test_a_refused_mail_is_not_tried_again(town: Town, fake_clock: FakeClock) -> None:
    casa = await town.restaurant()
    await town.invite(casa, "mia")
    town.mailbox.answers = [MailRefused("no such mailbox")]
    for _ in range(3):
        assert await town.letters_to(town.email("mia")) == []
        fake_clock.advance(LONGEST_PAUSE)


async def test_two_senders_send_each_mail_once(town: Town) -> None:
    casa = await town.restaurant()
    names = [f"guest-{number}" for number in range(25)]
    for name in names:
        await town.invite(casa, name)
    boxes = [Mailbox(), Mailbox()]
    await town.warm()

    async def send(box: Mailbox) -> None:
        while await mail.deliver_due(town.ctx, box):
            pass

    await asyncio.gather(*(send(box) for box in boxes))
    sent = [letter.recipient for box in boxes for letter in box.letters]
    assert sorted(one for one in sent if one in map(town.email, names)) == sorted(map(town.email, names))


async def test_what_a_dead_sender_held_is_sent_by_another(town: Town, fake_clock: FakeClock) -> None:
    casa = await town.restaurant()
    await town.invite(casa, "mia")
    async with town.ctx.db.transaction(None) as tx:
        await store.claim_due(tx, fake_clock.now(), LEASE, 1_000)
    assert await town.letters_to(town.email("mia")) == []
    fake_clock.advance(LEASE)
    assert len(await town.letters_to(town.email("mia"))) == 1


async def test_nobodys_mailbox_is_flooded_through_many_restaurants(town: Town) -> None:
    for number in range(PER_RECIPIENT_DAY_MAX + 3):
        command = Invite(
            await town.restaurant(f"R{number}"),
            key(),
            Inviter(town.owner_id, Role.PLATFORM_OWNER),
            Invitee(town.email("mia"), Role.EMPLOYEE),
        )
        reply = await invitations.invite(town.ctx, command, INVITED)
        # The restaurant is told nothing of what others send.
        assert reply.invitation.email == town.email("mia")
    assert len(await town.letters_to(town.email("mia"))) == PER_RECIPIENT_DAY_MAX


# -- what shows a secret -------------------------------------------------------------------------------------


async def test_only_local_mail_is_listed(town: Town) -> None:
    with pytest.raises(NoLocalMail):
        await mail.local_mails(town.ctx, "")
    local = replace(town, ctx=context(town.ctx.db, mail=MailPolicy(local=True)))
    casa = await local.restaurant()
    await local.invite(casa, "mia")
    while await mail.deliver_due(local.ctx, LocalMail(town.ctx.db)):
        pass
    [(kept, _)] = await mail.local_mails(local.ctx, town.email("mia"))
    assert kept.link.startswith("http://127.0.0.1:8080/invitation#")


async def test_no_secret_of_a_link_is_logged_unless_mail_stays_here(town: Town) -> None:
    with capture_logs() as lines:
        await town.member(await town.restaurant(), "mia")
        await passwords.request_reset(town.ctx, town.email("mia"), "")
        await town.token_sent_to(town.email("mia"))
        town.mailbox.answers = [MailUnavailable("busy"), MailRefused("no")]
        for _ in range(2):
            await passwords.request_reset(town.ctx, town.email("mia"), "")
            await town.letters_to(town.email("mia"))
    assert lines
    secrets = {letter.link.partition("#")[2] for letter in town.mailbox.letters if letter.link}
    assert not [secret for secret in secrets if secret in repr(lines)]
    assert "@example.test" not in repr(lines)
    with capture_logs() as lines:
        sent = letter()
        await LocalMail(town.ctx.db).send(sent)
    assert sent.link in repr(lines)


def settings(**given: object) -> AuthSettings:
    """auth's settings with a mail adapter."""
    return AuthSettings.model_validate(
        {
            **keys_for_tests("auth"),
            "admin_port": 0,
            "grpc_port": 0,
            "database_url": "postgresql://nowhere/x",
            "nats_url": "nats://nowhere",
            "auth_signing_keys": SecretStr(signing_keys()),
            **given,
        }
    )


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"mail_adapter": "pigeon"},
        {"mail_adapter": "smtp"},
        {"mail_adapter": "smtp", "smtp_host": "mail.example.test", "smtp_security": "none"},
        {"mail_adapter": "resend"},
        {"mail_adapter": "local", "public_url": "https://pos.example.test/?q=1"},
    ],
)
def test_half_a_mail_adapter_does_not_start(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**given)


def test_whole_settings_start_and_show_no_secret() -> None:
    assert settings(mail_adapter="local").mail_adapter == "local"
    smtp = settings(mail_adapter="smtp", smtp_host="mail.example.test", smtp_password="hush-hush")
    resend = settings(mail_adapter="resend", resend_api_key="hush-hush")
    assert "hush-hush" not in repr(smtp) + repr(resend)
