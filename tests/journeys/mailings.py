"""Mailings for tests that ask for every field: one of each of their values, and the arguments that lead there."""

from __future__ import annotations

import json
from dataclasses import dataclass

from gateway.company import Company
from sources.demo import cast
from sources.mailing import Mailing
from tests.company import EVENING
from tests.sources.mailing.scene import AUDIENCE, Clock, Scene, a_row

__all__ = ["mailings", "mailings_made"]

DELIVERED, DRAFT, SNAPSHOT, RENDERED, APPROVED, CANCELLED, TO_RENDER, TO_TAKE = (f"ML-2026-{n:06}" for n in range(1, 9))
PRICE = '{name: "price", value: "1.95"}'


@dataclass(frozen=True)
class Back:
    message_id: str
    recipient: str = "klient1@example.cz"
    status: str = "5.1.1"
    text: str = "no such user"
    is_final: bool = True


async def mailings_made(company: Company) -> None:
    """One in each state that a mutation needs; of the first a letter was printed again, and its notice came back."""
    scene = Scene(Mailing(company.databases["mailing"]), clock=Clock(EVENING))
    same = a_row(1, client=cast.MAIN.client), a_row(1, client=cast.EURO.client)
    await scene.to_approved(*same, a_row(2, client=cast.NO_CONTRACT.client, street=None))
    await scene.submit()
    await scene.follow()
    await scene.decide(f"{DELIVERED}-1", "PRINT_AGAIN")
    await scene.submit()
    await scene.follow()
    await scene.notify()
    await scene.mailing.keep_bounces([Back(scene.postman.posted[0].notice.message_id)], now=EVENING)
    await scene.make()
    for steps in range(3):
        await scene.make()
        await scene.snapshot(same)
        if steps > 0:
            await scene.render()
        if steps > 1:
            await scene.approve()
    await scene.make()
    await scene.make()
    await scene.snapshot(same)
    assert scene.id == TO_RENDER
    await scene.make()
    assert scene.id == TO_TAKE


def mailings() -> dict[str, str]:
    """The arguments of mailing's fields and mutations, by coordinate."""
    key = 'idempotencyKey: "k"'
    field = '{name: "price", type: AMOUNT}'
    template = (
        f'template: "another", name: "Another", language: CS, purpose: MARKETING, body: "= Hello", fields: [{field}]'
    )
    campaign = f'title: "t", template: "price-change", version: 1, audience: {json.dumps(AUDIENCE)}, printer: "letters"'
    campaign += f', conditions: [{{path: "name", operator: EXISTS}}], values: [{PRICE}]'
    row = f'{{client: "{cast.MAIN.client}", name: "x", values: [{PRICE}]}}'
    return {
        "Query.mailingsToDeliver": f'(at: "{EVENING.isoformat()}")',
        "Mutation.takeRecipients": f'(campaign: "{TO_TAKE}", {key})',
        "Query.mailing": f'(id: "{DELIVERED}")',
        "Query.letter": f'(id: "{DELIVERED}-1")',
        "Query.previewLetter": f'(campaign: "{DELIVERED}", position: 1)',
        "Query.letterTemplate": '(template: "price-change", version: 1)',
        "Mutation.saveTemplate": f'(input: {{{template}, subject: "s", notice: "n {{price}}"}}, {key})',
        "Mutation.createCampaign": f"(input: {{{campaign}}}, {key})",
        "Mutation.snapshotRecipients": f'(campaign: "{DRAFT}", recipients: [{row}], isLast: false, {key})',
        "Mutation.pauseMailing": f'(campaign: "{DRAFT}", {key})',
        "Mutation.resumeMailing": f'(campaign: "{DRAFT}", {key})',
        "Mutation.refreshRecipients": f'(campaign: "{SNAPSHOT}", {key})',
        "Mutation.renderLetters": f'(campaign: "{TO_RENDER}", {key})',
        "Mutation.approveMailing": f'(campaign: "{RENDERED}", round: 1, {key})',
        "Mutation.submitLetters": f'(campaign: "{APPROVED}", {key})',
        "Mutation.cancelMailing": f'(campaign: "{CANCELLED}", {key})',
        "Mutation.followLetters": f'(campaign: "{DELIVERED}", {key})',
        "Mutation.sendNotices": f'(campaign: "{DELIVERED}", {key})',
        "Mutation.decideLetter": f'(letter: "{DELIVERED}-2", decision: PRINT_AGAIN, reason: "torn", {key})',
        "Mutation.readBounces": "",
        "Mutation.recordUnsubscribe": f'(letter: "{DELIVERED}-1")',
    }
