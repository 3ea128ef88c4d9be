"""What a field may ask of whoever wants it: the scopes of the company's graph, each with what it opens.

A type asks for what all of it needs, its fields only for what is more: whoever wants `Client.email` needs clients:read
for the type and addresses:read for the field. Personal data have scopes of their own, so that nobody sees a telephone
number for being let in to something else. Which role has which is in `roles.py`.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["OF_THE_GATEWAY", "Scope", "asks"]


class Scope(StrEnum):
    """Every scope there is. tests/journeys/test_roles.py finds one that nothing in the graph asks for."""

    NODES_READ = "nodes:read"  # asks for an entity again by its nodeId; its type asks for its own scope besides
    CLIENTS_READ = "clients:read"  # who is a client: id, name, company number, VAT number, its salesperson
    CLIENTS_ALL = "clients:all"  # no row rule: facts and lists of every client's, not of one's own alone
    ADDRESSES_READ = "addresses:read"  # a client's postal address and e-mail
    CONTACTS_READ = "contacts:read"  # the people at a client, with e-mail and telephone
    CONTRACTS_READ = "contracts:read"  # contracts, without their prices
    RATES_READ = "rates:read"  # prices by contract and version
    ACCOUNTS_READ = "accounts:read"  # that an account is: its number
    LINKS_READ = "links:read"  # whose account it is and was, and which accounts a client has
    LINKS_WRITE = "links:write"  # links accounts to clients by hand
    BILLING_READ = "billing:read"  # terms, periods, invoices, charges
    BILLING_EXCEPTIONS = "billing:exceptions"  # calls that could not be rated
    BILLING_RESOLVE = "billing:resolve"  # says who works on those, and decides about them
    BILLING_ISSUE = "billing:issue"  # makes a draft an invoice
    BILLING_WRITE = "billing:write"  # records charges and exceptions: for processes
    BOOKINGS_READ = "bookings:read"  # what was ordered
    BOOKINGS_BOOK = "bookings:book"  # books, moves and cancels conferences, for clients whose bookings one sees
    BOOKINGS_WRITE = "bookings:write"  # records bookings, rooms and what became of them: for processes
    PINS_READ = "pins:read"  # the PINs of bookings
    CALLS_READ = "calls:read"  # what took place: conferences and legs, without who
    CALLS_WRITE = "calls:write"  # records calls and makes conferences of them: for processes
    BRIDGE_READ = "bridge:read"  # how the switches are, and which booking has which room there
    BRIDGE_PROVISION = "bridge:provision"  # makes and closes rooms on the switches: for processes
    BRIDGE_SIMULATE = "bridge:simulate"  # has calls simulated on a bridge that is no real one
    PARTICIPANTS_READ = "participants:read"  # the names of those who took part in a call
    CALLERS_READ = "callers:read"  # their telephone numbers, and raw lines of call records
    MAILING_READ = "mailing:read"  # templates, mailings, who got which letter and why others got none
    MAILING_WRITE = "mailing:write"  # makes and approves mailings, pauses and cancels them, decides about letters
    MAILING_DELIVER = "mailing:deliver"  # takes snapshots, renders, prints and sends: for processes
    PROCESSES_READ = "processes:read"  # runs of processes, and who started them
    PROCESSES_IMPORT = "processes:import"  # imports files of call records, sees what was not taken of them
    PROCESSES_INVOICE = "processes:invoice"  # has a conference invoiced
    PROCESSES_STEER = "processes:steer"  # has a run done again, or ended
    PLAN_READ = "plan:read"  # how a request is answered: which system is asked what, and how long it took


OF_THE_GATEWAY = frozenset({Scope.PLAN_READ})
"""What no field asks for: the gateway itself does."""


def asks(*scopes: Scope) -> list[list[str]]:
    """All of `scopes`, as @requiresScopes has it: alternatives of sets, here one set."""
    return [[scope.value for scope in scopes]]
