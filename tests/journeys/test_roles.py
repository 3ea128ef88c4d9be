"""Every role against every field and mutation of the graph: what was decided, what is asked for, and what happens.

Whose rows a salesperson sees is the next file's, test_row_rules.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping

import pytest
from graphql import TypeInfo, TypeInfoVisitor, get_named_type, parse, visit
from graphql.language import FieldNode, ObjectTypeDefinitionNode, StringValueNode, Visitor

from gateway.company import Company, supergraph_sdl
from gateway.doors.viewer import ANONYMOUS, Viewer
from processes import (
    audience,
    book_conference,
    cancel_conference,
    close_period,
    deliver_mailing,
    invoice_call,
    issue_invoice,
    move_conference,
    note_call,
    provision_conference,
    read_bounces,
    settle_booking,
    watches,
)
from processes.collect_call import DOCUMENTS as COLLECTING
from processes.import_call_records import DOCUMENTS as IMPORTING
from processes.invoice_conference import DOCUMENTS as INVOICING
from processes.resolve_exceptions import DOCUMENTS as RESOLVING
from resolvers.access import OF_THE_GATEWAY, Scope
from resolvers.roles import ROLES
from tests.company import ask
from tests.journeys.decisions import ASKED, COORDINATES, DECISIONS, SCHEMA
from tests.journeys.one_of_each import OTHER_ARGUMENTS, made_ready
from tests.journeys.telling import NOT_ASKED, Told, told
from tests.journeys.ways import Way, document, fields_of, found_at, ways

BOOKING = (
    *book_conference.DOCUMENTS,
    *cancel_conference.DOCUMENTS,
    *move_conference.DOCUMENTS,
    *note_call.DOCUMENTS,
    *provision_conference.DOCUMENTS,
    *settle_booking.DOCUMENTS,
    *watches.DOCUMENTS,
)
MAILING = (*audience.DOCUMENTS, *deliver_mailing.DOCUMENTS, *read_bounces.DOCUMENTS)


def test_every_field_has_a_decision() -> None:
    """Whoever adds a field decides who may see it, in decisions.toml; nobody sees it by accident."""
    assert [each for each in COORDINATES if each not in DECISIONS] == []
    assert [each for each in DECISIONS if each not in COORDINATES] == []


def test_supergraph_asks_for_what_was_decided() -> None:
    """The directives of all subgraphs, composed, say the same as decisions.toml."""
    assert dict(composed()) == DECISIONS


def composed() -> Iterator[tuple[str, frozenset[str]]]:
    """What the supergraph asks of each coordinate, keys marked, in the words of decisions.toml."""
    parsed = parse(supergraph_sdl()).definitions
    types = {each.name.value: each for each in parsed if isinstance(each, ObjectTypeDefinitionNode)}
    for type_name, field, definition in fields_of(SCHEMA):
        of = types[type_name]
        node = next(each for each in of.fields or () if each.name.value == field)
        target = types.get(get_named_type(definition.type).name)
        words = asked_on(of) | asked_on(node) | (asked_on(target) if target else frozenset())
        yield f"{type_name}.{field}", words | ({"key"} if field in keys_of(of) else frozenset())


def asked_on(node: object) -> frozenset[str]:
    """The scopes of its @requiresScopes. The company's are one set each: no field is open to either of two."""
    asked: set[str] = set()
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value == "requiresScopes":
            (scopes,) = directive.arguments[0].value.values
            asked.update(each.value for each in scopes.values)
    return frozenset(asked)


def keys_of(node: ObjectTypeDefinitionNode) -> frozenset[str]:
    """The fields of the type's own that its keys name."""
    joins = [each for each in node.directives or () if each.name.value == "join__type"]
    values = [argument.value for each in joins for argument in each.arguments or () if argument.name.value == "key"]
    texts = [value.value for value in values if isinstance(value, StringValueNode)]
    return frozenset(field.name.value for text in texts for field in top_fields(text))


def top_fields(selections: str) -> list[FieldNode]:
    (operation,) = parse(f"{{ {selections} }}").definitions
    return list(operation.selection_set.selections)  # type: ignore[attr-defined]


def test_every_scope_opens_something() -> None:
    """A scope that nothing asks for is a promise that nobody keeps; and nothing asks for one that there isn't."""
    asked = frozenset().union(*ASKED.values())
    assert asked | OF_THE_GATEWAY | {Scope.CLIENTS_ALL} == set(Scope)
    assert {scope for scopes in ROLES.values() for scope in scopes} == set(Scope)


def test_only_processes_deliver() -> None:
    """What renders, prints and sends: people approve, pause, cancel and decide about letters."""
    assert {role for role, scopes in ROLES.items() if Scope.MAILING_DELIVER in scopes} == {"processes"}


@pytest.mark.parametrize("root", ["Query", "Mutation"])
def test_every_root_field_asks_for_something(root: str) -> None:
    """So without a token there is nothing but `__typename`."""
    assert [each for each in COORDINATES if each.startswith(f"{root}.") and not ASKED[each]] == []


def test_processes_have_what_their_documents_ask_for() -> None:
    """Least privilege: neither less, or they stop, nor more."""
    closing = (*invoice_call.DOCUMENTS, *issue_invoice.DOCUMENTS, *close_period.DOCUMENTS)
    texts = (*BOOKING, *COLLECTING, *IMPORTING, *INVOICING, *RESOLVING, *MAILING, *closing)
    asked = frozenset().union(*(ASKED[each] for text in texts for each in coordinates_in(text)))
    assert ROLES["processes"] == asked | {Scope.CLIENTS_ALL}


def coordinates_in(text: str) -> set[str]:
    """Every coordinate that a document names."""
    info = TypeInfo(SCHEMA)
    found: set[str] = set()

    class Collect(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent = info.get_parent_type()
            if parent is not None and not node.name.value.startswith("__"):
                found.add(f"{parent.name}.{node.name.value}")

    visit(parse(text), TypeInfoVisitor(info, Collect()))
    return found


PERSONAL: Mapping[str, set[str]] = {
    "Client.email": {"processes", "salesperson", "mailing", "manager"},
    "Client.postalAddress": {"processes", "salesperson", "mailing", "manager"},
    "Contact.email": {"salesperson", "manager"},
    "Contact.phone": {"salesperson", "manager"},
    "Leg.displayName": {"salesperson", "billing-specialist", "manager", "processes"},
    "Leg.callerNumber": {"manager", "processes"},
    "QuarantinedLine.text": {"manager", "processes"},
    "QuarantinedCall.text": {"manager"},
    "Booking.pin": {"reservations", "manager", "processes"},
    "Letter.documentBase64": {"mailing", "manager", "processes"},
    "Letter.recipient": {"mailing", "manager", "processes"},
    "Notice.email": {"mailing", "manager", "processes"},
}


@pytest.mark.parametrize(("coordinate", "roles"), PERSONAL.items())
def test_personal_data_are_for_few(coordinate: str, roles: set[str]) -> None:
    """Addresses, telephone numbers and names of people who called, role by role."""
    assert {role for role, scopes in ROLES.items() if ASKED[coordinate] <= scopes} == roles


@pytest.mark.parametrize("role", ["mailing", "integrator", "reservations"])
def test_some_see_no_money(role: str) -> None:
    """No amount is theirs, wherever it is."""
    money = [
        f"{name}.{field}" for name, field, found in fields_of(SCHEMA) if get_named_type(found.type).name == "Money"
    ]
    assert len(money) > 10
    assert [each for each in money if ASKED[each] <= ROLES[role]] == []


def test_only_those_change_something_who_should() -> None:
    """What a person may start, and what processes alone write with."""
    allowed = {
        each.removeprefix("Mutation."): {role for role, scopes in ROLES.items() if ASKED[each] <= scopes}
        for each in COORDINATES
        if each.startswith("Mutation.")
    }
    assert allowed == {
        "bookConference": {"salesperson", "reservations", "manager"},
        "moveBooking": {"salesperson", "reservations", "manager"},
        "cancelBooking": {"salesperson", "reservations", "manager"},
        "takeRecipients": {"mailing", "manager"},
        "createBooking": {"processes"},
        "changeBooking": {"processes"},
        "recordCancellation": {"processes"},
        "recordRoom": {"processes"},
        "recordRoomClosed": {"processes"},
        "recordBookingState": {"processes"},
        "recordCharges": {"processes"},
        "recordFee": {"processes"},
        "withdrawFee": {"processes"},
        "recordChargesOfConferences": {"processes"},
        "recordRatingExceptionsOfConferences": {"processes"},
        "noteInvoicingPosition": {"processes"},
        "noteFeedPosition": {"integrator", "manager"},
        "recordRatingExceptions": {"processes"},
        "recordResolution": {"processes"},
        "assignException": {"billing-specialist", "manager"},
        "resolveException": {"billing-specialist", "manager"},
        "receiveCallRecords": {"processes"},
        "releaseHeldLegs": {"processes"},
        "publishCall": {"processes"},
        "assembleConferences": {"processes"},
        "provisionRoom": {"processes"},
        "closeRoom": {"processes"},
        "simulateCall": {"manager"},
        "issueInvoice": {"billing-specialist", "manager", "processes"},
        "createCreditNote": {"billing-specialist", "manager", "processes"},
        "closePeriod": {"processes"},
        "finishPeriod": {"processes"},
        "linkAccount": {"manager"},
        "linkAccounts": {"manager"},
        "unlinkAccount": {"manager"},
        "invoiceConference": {"billing-specialist", "manager"},
        "invoiceBacklog": {"billing-specialist", "manager"},
        "importCallRecords": {"integrator", "manager"},
        "retryProcess": {"billing-specialist", "manager"},
        "cancelProcess": {"billing-specialist", "manager"},
        "saveTemplate": {"mailing", "manager"},
        "createCampaign": {"mailing", "manager"},
        "refreshRecipients": {"mailing", "manager"},
        "approveMailing": {"mailing", "manager"},
        "pauseMailing": {"mailing", "manager"},
        "resumeMailing": {"mailing", "manager"},
        "cancelMailing": {"mailing", "manager"},
        "decideLetter": {"mailing", "manager"},
        "snapshotRecipients": {"processes"},
        "renderLetters": {"processes"},
        "submitLetters": {"processes"},
        "followLetters": {"processes"},
        "sendNotices": {"processes"},
        "readBounces": {"processes"},
        "recordUnsubscribe": {"processes"},
    }


# What happens: every field is asked for by somebody of every role, through the company's gateway


async def test_each_field_is_reached_by_whoever_may_do_everything(company: Company) -> None:
    """Or the tests below would find nothing denied, and nothing allowed either."""
    problems = [each async for each in wrong_answers(company, frozenset(Scope), await ways_of(company))]
    assert problems == []


@pytest.mark.parametrize("role", ROLES)
async def test_role_sees_what_was_decided_and_nothing_else(company: Company, role: str) -> None:
    """Allowed: no error. Denied: null and FORBIDDEN at the first field that is too much, and no subgraph is asked.

    Row rules are another test's: here nobody is held to their own clients.
    """
    problems = [each async for each in wrong_answers(company, ROLES[role], await ways_of(company))]
    assert problems == []


async def test_without_a_token_there_is_only_typename(company: Company) -> None:
    """UNAUTHENTICATED at each root field, and no system hears of it."""
    for coordinate, way in (await ways_of(company)).items():
        answer = await ask(company, document(way), viewer=ANONYMOUS)
        assert answer.codes == {"UNAUTHENTICATED"}, coordinate
        assert [error["path"] for error in answer.errors] == [[way[0].field]], coordinate
        assert answer.requests == [], coordinate
        assert answer.data is None or answer.data == {way[0].field: None}, coordinate
    assert (await ask(company, "{ __typename }", viewer=ANONYMOUS)).data == {"__typename": "Query"}


async def ways_of(company: Company) -> dict[str, Way]:
    """The ways to every field, after what they need was made: a draft, an exception, a call without a conference."""
    arguments = await made_ready(company)
    found = ways(SCHEMA, arguments, given=OTHER_ARGUMENTS)
    assert list(found) == COORDINATES
    return found


async def wrong_answers(company: Company, scopes: frozenset[str], found: Mapping[str, Way]) -> AsyncIterator[str]:
    """What was answered otherwise than the decisions say, in words."""
    # plan:read shows what the subgraphs were sent; clients:all lifts the row rules.
    asking = Viewer("somebody", scopes | {Scope.PLAN_READ, Scope.CLIENTS_ALL}, {"sub": "somebody"})
    queries_first = sorted(found.items(), key=lambda item: item[1][0].type == "Mutation")  # imports take the legs away
    for coordinate, way in queries_first:
        denied = next((n for n, step in enumerate(way) if not ASKED[step.coordinate] <= asking.scopes), None)
        answer = await told(company, document(way), asking)
        if denied is None:
            problem = wrong_if_allowed(answer, way)
        else:
            before = await told(company, document(way, to=denied), asking) if denied else NOT_ASKED
            problem = wrong_if_denied(answer, way, denied=denied, before=before)
        if problem:
            yield f"{coordinate}: {problem}: {document(way)}"


def wrong_if_allowed(answer: Told, way: Way) -> str | None:
    if answer.errors:
        return f"it is allowed, and answered {answer.errors}"
    parents = found_at(answer.data, tuple(step.field for step in way[:-1]), way)
    return None if any(parent is not None for parent in parents) else "nothing leads there"


def wrong_if_denied(answer: Told, way: Way, *, denied: int, before: Told) -> str | None:
    path = tuple(step.field for step in way[: denied + 1])
    told_at = {tuple(name for name in error["path"] if isinstance(name, str)) for error in answer.errors}
    if {error["extensions"]["code"] for error in answer.errors} != {"FORBIDDEN"} or told_at != {path}:
        return f"{way[denied].coordinate} is denied, and answered {answer.errors}"
    if any(value is not None for value in found_at(answer.data, path, way)):
        return f"{way[denied].coordinate} is denied, and seen"
    if answer.sent != before.sent:
        return f"{way[denied].coordinate} is denied, and asked for: {answer.sent} instead of {before.sent}"
    return None
