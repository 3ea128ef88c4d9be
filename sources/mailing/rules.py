"""What mailing must have decided while it holds its locks; the decisions themselves are in processes.rules.mailing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sources.records.mailing import AudienceRow, Campaign, Letter, TemplateVersion
from sources.records.refusal import Refusal

__all__ = ["Decided", "Followed", "Judged", "Known", "MailingRules", "Told"]


@dataclass(frozen=True, slots=True)
class Known:
    """What came before a row, kept up by who writes: clients with a letter, whose each address is, who opted out."""

    clients: set[str]
    addresses: dict[str, str]
    opted_out: Collection[str]


class Judged(Protocol):
    """Does a row get a letter, and what is noted of it: pairs of a code and a sentence."""

    @property
    def gets_letter(self) -> bool: ...
    @property
    def exclusions(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def address_key(self) -> str: ...


class Followed(Protocol):
    """A print job's state, that of its letter, and why."""

    @property
    def job(self) -> str: ...
    @property
    def letter(self) -> str: ...
    @property
    def reason(self) -> str | None: ...


class Told(Protocol):
    """A notice's state, and when it is tried again."""

    @property
    def state(self) -> str: ...
    @property
    def next_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Decided:
    """What a letter and its last job are after a person's word; None: the job stays what it is."""

    letter: str
    job: str | None


@dataclass(frozen=True, slots=True)
class MailingRules:
    """Pure functions on records.

    judge         (row, its campaign, the campaign's template, what came before) -> does it get a letter, or why not
    check_values  (template, values) -> what is wrong with them, None where nothing is
    may_snapshot, may_render, may_print, may_follow, may_notify   (campaign) -> why not, None where it may
    snapshot_taken, letters_rendered   (campaign) -> the campaign once all has come, all is rendered
    advanced      (campaign, letters by state, notices still open) -> where it stands now
    next_step     (the printer's word about a job left SENDING, its documents) -> SENT, SEND, ANEW or ASK
    follow        (the printer's word, its documents, its reason) -> what the job and its letter are now
    decide        (letter, decision, has it a job, its campaign's state) -> what they are then, or why not
    told          (outcome, attempts, first_at, now) -> the notice's state, and when it is tried again
    filled        (text, the recipient's name, values) -> the text with them in it
    outcome       (campaign, letter's state, its notice's, has it an e-mail) -> LETTER, NOTICE, FAILED or OPEN
    """

    judge: Callable[[AudienceRow, Campaign, TemplateVersion, Known], Judged]
    check_values: Callable[[TemplateVersion, Mapping[str, str]], str | None]
    may_snapshot: Callable[[Campaign], Refusal | None]
    may_render: Callable[[Campaign], Refusal | None]
    may_print: Callable[[Campaign], Refusal | None]
    may_follow: Callable[[Campaign], Refusal | None]
    may_notify: Callable[[Campaign], Refusal | None]
    snapshot_taken: Callable[[Campaign], Campaign]
    letters_rendered: Callable[[Campaign], Campaign]
    advanced: Callable[[Campaign, Mapping[str, int], int], Campaign]
    next_step: Callable[[str | None, int], str]
    follow: Callable[[str | None, int, str | None], Followed]
    decide: Callable[[Letter, str, bool, str], Decided | Refusal]
    told: Callable[[str, int, datetime, datetime], Told]
    filled: Callable[[str, str, Mapping[str, str]], str]
    outcome: Callable[[Campaign, str, str | None, bool], str]
