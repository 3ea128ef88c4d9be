"""What `spojka check` finds out about how mailings go out: do the printers, the mail server and the mailbox answer?

Nothing is printed or sent, no message of the mailbox is touched.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from gateway.commands.findings import Finding, fine, note, problem
from gateway.commands.places import why_unwritable
from gateway.config import ConfigError, Settings
from gateway.http.settings import LOOPBACK_HOSTS
from gateway.post import FOLDER, configured_post, open_bounces, open_mailer
from gateway.printers import open_printers
from sources.errors import PostUnavailable, SourceError
from sources.post import BounceReader
from sources.post.settings import PostSettings
from sources.printers import FolderPrinter, Printer

__all__ = ["look_at_mailing"]


def look_at_mailing(settings: Settings) -> list[Finding]:
    """One finding for each printer, then those about e-mail."""
    return [*_printers(settings), *_post(settings)]


def _printers(settings: Settings) -> list[Finding]:
    try:
        printers = open_printers(settings)
    except ConfigError as error:
        return [problem("printers", str(error))]
    return asyncio.run(_asked(printers))


async def _asked(printers: dict[str, Printer]) -> list[Finding]:
    try:
        return list(await asyncio.gather(*(_look_at(f"printer {id}", each) for id, each in printers.items())))
    finally:
        await asyncio.gather(*(printer.close() for printer in printers.values()))


async def _look_at(about: str, printer: Printer) -> Finding:
    if isinstance(printer, FolderPrinter):
        return _folder(about, printer.path, "letters are put into {}, and nothing is printed")
    try:
        state = await printer.state()
    except SourceError as error:
        return problem(about, error.message)
    if not state.accepting:
        return problem(about, f"{state.about} takes no jobs: have it accept them")
    if state.condition == "STOPPED" or state.reasons:
        told = ", ".join(state.reasons) or state.message or "nobody says why"
        return note(about, f"{state.about} is {state.condition.lower()}: {told}")
    return fine(about, f"{state.about} answers")


def _folder(about: str, path: Path, told: str) -> Finding:
    why = why_unwritable(path)
    return problem(about, why) if why else fine(about, told.format(path))


def _post(settings: Settings) -> Iterator[Finding]:
    try:
        post = configured_post(settings)
    except ConfigError as error:
        yield problem("post", str(error))
        return
    if post is None:
        yield note("post", "no e-mail is sent: say [post] with its sender, or the email of [company]")
        return
    if post.smtp is None:
        yield _folder("post", post.folder or settings.data / FOLDER, "e-mails are put into {}, and nothing is sent")
    else:
        yield asyncio.run(_greeted(post, settings))
    yield from _unsubscribing(post, settings)
    bounces = open_bounces(post)
    if bounces is not None:
        yield asyncio.run(_opened(bounces))
    elif post.smtp is not None:
        yield note("bounces", "nobody reads what comes back: say [post.bounces]")


async def _greeted(post: PostSettings, settings: Settings) -> Finding:
    mailer = open_mailer(post, settings.data)
    try:
        told = await mailer.greeted()
    except PostUnavailable as error:
        return problem("post", error.why)
    finally:
        await mailer.close()
    return fine("post", f"{told}; mails are from {post.sender}")


async def _opened(bounces: BounceReader) -> Finding:
    try:
        return fine("bounces", await bounces.opened())
    except PostUnavailable as error:
        return problem("bounces", error.why)


def _unsubscribing(post: PostSettings, settings: Settings) -> Iterator[Finding]:
    if post.unsubscribe is None:
        yield note(
            "post", "marketing is not announced by e-mail: nobody could unsubscribe; say url in [post.unsubscribe]"
        )
        return
    host = urlsplit(post.unsubscribe.url).hostname or ""
    if not any(_is_called(host, each) for each in (*LOOPBACK_HOSTS, *settings.http.hosts)):
        yield note("post", f"who clicks to unsubscribe asks for {host}, which is not in hosts of [http]: add it")


def _is_called(host: str, name: str) -> bool:
    return host == name or (name.startswith("*.") and host.endswith(name[1:]))
