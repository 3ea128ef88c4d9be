"""A small company in four systems, for tests of the engine: a federated world with one of each thing that matters.

sales     Client.name, Account.rate (@requires currency), the searches
links     Client.accounts, Account.owner
billing   Account.currency, invoices; payments are its mutations
support   tickets about anything: an interface and a union over what the others own
"""

from collections.abc import Callable
from typing import Any

from tests.gateway.federation import Computed, Thing, World, coded, thing

__all__ = ["SUBGRAPHS", "company"]

SALES = """
enum Segment { SMALL LARGE }
input Wanted { text: String, segment: Segment = LARGE }
type Query {
  client(id: ID!): Client
  clients(first: Int = 2): [Client]
  sureClients: [Client!]!
  echo(text: String, times: Int! = 1, wanted: Wanted): String
}
type Client implements Party @key(fields: "id") {
  id: ID!
  name: String
  label(lang: String = "cs"): String
  legalName: String!
  segment: Segment
  best: Client
}
interface Party { id: ID! label(lang: String = "cs"): String }
type Account @key(fields: "number") {
  number: ID!
  currency: String @external
  rate(plus: Int = 0): Int @requires(fields: "currency")
  manager: String
}
"""
LINKS = """
type Client @key(fields: "id") { id: ID!  accounts(last: Int): [Account!]  mainAccount: Account! }
type Account @key(fields: "number") { number: ID!  owner: Client }
"""
BILLING = """
type Query { account(number: ID!): Account }
type Mutation { pay(account: ID!, amount: Int!): Payment!  open(number: ID!): Account  forget: Account }
type Payment { account: Account!  sequence: Int! }
type Account implements Party @key(fields: "number") {
  number: ID!
  id: ID!
  label(lang: String = "cs"): String
  currency: String
  sureCurrency: String!
  balance(in: String): Int
  paid: Int
  invoices: [Invoice!]
  ticket: Ticket
}
interface Party { id: ID! label(lang: String = "cs"): String }
type Invoice @key(fields: "id") { id: ID!  total: Int!  account: Account! }
type Ticket @key(fields: "code") { code: ID! }
"""
SUPPORT = """
type Query { tickets: [Ticket!]!  about: [Subject]  parties: [Party] }
type Ticket @key(fields: "code") { code: ID!  title: String  subject: Subject  reporter: Party }
union Subject = Client | Invoice | Note
type Note { text: String!  author: Client }
interface Party { id: ID! }
type Client implements Party @key(fields: "id", resolvable: false) { id: ID! }
type Account implements Party @key(fields: "number") { number: ID!  id: ID! @external  tickets: [Ticket!] }
type Invoice @key(fields: "id", resolvable: false) { id: ID! }
"""
SUBGRAPHS = {"sales": SALES, "links": LINKS, "billing": BILLING, "support": SUPPORT}


def company() -> World:
    """Anna with two accounts and Bedřich with none; a ticket about Anna, one about an invoice, one note."""
    anna = _client("1", "Anna")
    bedrich = _client("2", "Bedřich")
    first, second = _account("7", "CZK", 100), _account("8", "EUR", 5)
    invoice = thing("Invoice", id="I1", total=175, account=first)
    note = thing("Note", text="call back", author=anna)
    tickets = [
        thing("Ticket", code="T1", title="slow", subject=anna, reporter=anna),
        thing("Ticket", code="T2", title="dear", subject=invoice, reporter=first),
        thing("Ticket", code="T3", title="odd", subject=note, reporter=None),
    ]
    anna.values.update(accounts=lambda last=None: [first, second][-(last or 2) :], mainAccount=first, best=bedrich)
    bedrich.values.update(accounts=lambda last=None: [], mainAccount=None)
    first.values.update(owner=anna, invoices=[invoice], tickets=tickets[1:2], ticket=tickets[1])
    second.values.update(owner=anna, invoices=[], tickets=[], ticket=None)
    by_id = {"1": anna, "2": bedrich}
    by_number = {"7": first, "8": second}
    query = {
        "client": lambda id: by_id.get(id),
        "clients": lambda first: [anna, bedrich][:first],
        "sureClients": [anna, bedrich],
        "echo": _echo,
        "account": lambda number: by_number.get(number),
        "tickets": tickets,
        "about": [anna, invoice, note, None],
        "parties": [anna, first, None],
    }
    return World(
        SUBGRAPHS,
        [anna, bedrich, first, second, invoice, *tickets],
        query=query,
        mutation={"pay": _paying(by_number), "open": lambda number: by_number.get(number), "forget": coded("forgot")},
    )


def _client(id: str, name: str) -> Thing:
    return thing(
        "Client", id=id, name=name, label=lambda lang: f"{lang} {name}", legalName=f"{name} s.r.o.", segment="SMALL"
    )


def _account(number: str, currency: str, balance: int) -> Thing:
    return thing(
        "Account",
        number=number,
        id=f"A{number}",
        label=lambda lang: f"{lang} account {number}",
        currency=currency,
        sureCurrency=currency,
        balance=lambda **asked: balance * (2 if asked.get("in") == "EUR" else 1),
        paid=0,
        rate=Computed(lambda sent, plus: len(sent["currency"] or "") + plus),
        manager="Marie",
    )


def _echo(text: str | None = None, times: int = 1, wanted: dict[str, Any] | None = None) -> str:
    return f"{text}*{times} {wanted}"


def _paying(by_number: dict[str, Thing]) -> Callable[..., Thing | Exception]:
    """Payments have a sequence over all, and the account's `paid` shows how much has been paid so far."""
    paid: list[int] = []

    def pay(account: str, amount: int) -> Thing | Exception:
        if amount < 0:
            return coded("pay more than nothing", "BAD_AMOUNT")
        paid.append(amount)
        by_number[account].values["paid"] += amount
        return thing("Payment", account=by_number[account], sequence=len(paid))

    return pay
