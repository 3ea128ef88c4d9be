"""The company's roles as sets of scopes, and whose rows a viewer may see: plain values for the wiring.

salesperson         sees who all clients are (name, company number, whose they are); of their own clients addresses,
                    contacts, contracts, rates, accounts, periods, invoices, exceptions, bookings, and calls with the
                    names of those who took part
billing-specialist  sees names of clients, contracts, rates, accounts, periods, invoices, exceptions, bookings and their
                    calls (what is to be invoiced) with the names of those who took part, runs, and plans of requests;
                    may decide about exceptions, have a conference invoiced, have a run done again or ended, and issue
reservations        sees names of clients, bookings with PIN and the number of the account they name, conferences;
                    may book, move and cancel conferences
mailing             sees names, addresses and e-mail of clients, and all mailings; no money; saves templates, makes and
                    approves mailings, pauses and cancels them, decides about letters
manager             sees everything; may do all of that, import, link accounts, and have calls simulated
integrator          sees conferences and legs without names, and what was not taken of a file; no clients, no money;
                    may import call records; sees how the bridges' switches are
processes           sees what the documents in `processes/` name, and does what they do: records calls, conferences,
                    charges and exceptions, and delivers mailings

Nobody has more than that needs. What the processes write with (calls:write, billing:write, bridge:provision,
mailing:deliver) no person has: people start a process, which does it right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from resolvers.access import Scope

__all__ = ["ROLES", "ROW_RULES", "RowRuleData"]


def _scopes(*scopes: Scope) -> frozenset[str]:
    return frozenset(scope.value for scope in scopes)


_SALES = (
    Scope.BOOKINGS_BOOK,
    Scope.NODES_READ,
    Scope.CLIENTS_READ,
    Scope.ADDRESSES_READ,
    Scope.CONTACTS_READ,
    Scope.CONTRACTS_READ,
    Scope.RATES_READ,
    Scope.ACCOUNTS_READ,
    Scope.LINKS_READ,
    Scope.BILLING_READ,
    Scope.BILLING_EXCEPTIONS,
    Scope.BOOKINGS_READ,
    Scope.CALLS_READ,
    Scope.PARTICIPANTS_READ,
)

ROLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "salesperson": _scopes(*_SALES),
        "billing-specialist": _scopes(
            Scope.NODES_READ,
            Scope.CLIENTS_READ,
            Scope.CLIENTS_ALL,
            Scope.CONTRACTS_READ,
            Scope.RATES_READ,
            Scope.ACCOUNTS_READ,
            Scope.LINKS_READ,
            Scope.BILLING_READ,
            Scope.BILLING_EXCEPTIONS,
            Scope.BILLING_RESOLVE,
            Scope.BILLING_ISSUE,
            Scope.BOOKINGS_READ,
            Scope.CALLS_READ,
            Scope.PARTICIPANTS_READ,
            Scope.PROCESSES_READ,
            Scope.PROCESSES_INVOICE,
            Scope.PROCESSES_STEER,
            Scope.PLAN_READ,
        ),
        "reservations": _scopes(
            Scope.NODES_READ,
            Scope.CLIENTS_READ,
            Scope.CLIENTS_ALL,
            Scope.ACCOUNTS_READ,
            Scope.BOOKINGS_READ,
            Scope.BOOKINGS_BOOK,
            Scope.PINS_READ,
            Scope.CALLS_READ,
        ),
        "mailing": _scopes(
            Scope.NODES_READ,
            Scope.CLIENTS_READ,
            Scope.CLIENTS_ALL,
            Scope.ADDRESSES_READ,
            Scope.CONTRACTS_READ,
            Scope.ACCOUNTS_READ,
            Scope.LINKS_READ,
            Scope.MAILING_READ,
            Scope.MAILING_WRITE,
        ),
        "manager": _scopes(
            *_SALES,
            Scope.CLIENTS_ALL,
            Scope.PINS_READ,
            Scope.LINKS_WRITE,
            Scope.BILLING_RESOLVE,
            Scope.BILLING_ISSUE,
            Scope.CALLERS_READ,
            Scope.MAILING_READ,
            Scope.MAILING_WRITE,
            Scope.BRIDGE_READ,
            Scope.BRIDGE_SIMULATE,
            Scope.PROCESSES_READ,
            Scope.PROCESSES_IMPORT,
            Scope.PROCESSES_INVOICE,
            Scope.PROCESSES_STEER,
            Scope.PLAN_READ,
        ),
        "integrator": _scopes(
            Scope.NODES_READ, Scope.CLIENTS_ALL, Scope.CALLS_READ, Scope.BRIDGE_READ, Scope.PROCESSES_IMPORT
        ),
        "processes": _scopes(
            Scope.CLIENTS_READ,
            Scope.CLIENTS_ALL,
            Scope.CONTRACTS_READ,
            Scope.RATES_READ,
            Scope.ACCOUNTS_READ,
            Scope.LINKS_READ,
            Scope.BILLING_READ,
            Scope.BILLING_WRITE,
            Scope.BILLING_ISSUE,
            Scope.ADDRESSES_READ,
            Scope.BOOKINGS_READ,
            Scope.BOOKINGS_WRITE,
            Scope.PINS_READ,
            Scope.CALLS_READ,
            Scope.CALLS_WRITE,
            Scope.PARTICIPANTS_READ,
            Scope.CALLERS_READ,
            Scope.BRIDGE_READ,
            Scope.BRIDGE_PROVISION,
            Scope.MAILING_READ,
            Scope.MAILING_DELIVER,
        ),
    }
)
"""Each role's scopes by its name; `processes` is the identity of the processes themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRuleData:
    """Of `type` a viewer sees only what is theirs: where `fields`, one path, leads to the value of `claim`.

    Keys are always seen, and the fields named in `except_fields`. Viewers with one of `exempt_scopes` see every row.
    """

    type: str
    fields: str
    claim: str = "sub"
    except_fields: frozenset[str] = frozenset({"nodeId"})  # which is the key in other words
    exempt_scopes: frozenset[str] = frozenset({Scope.CLIENTS_ALL.value})


# Who a client is: what a public register says, and whom to ask about them.
_WHO = frozenset({"name", "nodeId", "companyNumber", "vatNumber", "salesperson"})

ROW_RULES: tuple[RowRuleData, ...] = (
    RowRuleData(type="Client", fields="salesperson", except_fields=_WHO),
    RowRuleData(type="Contract", fields="client { salesperson }"),
    RowRuleData(type="RateVersion", fields="contract { client { salesperson } }"),
    RowRuleData(type="BillingAccount", fields="client { salesperson }"),
    # Of whom is billed, not of who has the account now. When a period begins and ends is no secret.
    RowRuleData(type="BillingPeriod", fields="client { salesperson }", except_fields=frozenset({"to", "status"})),
    RowRuleData(type="Invoice", fields="client { salesperson }"),
    RowRuleData(type="Booking", fields="client { salesperson }"),
    RowRuleData(type="Conference", fields="booking { client { salesperson } }"),
    RowRuleData(type="Leg", fields="conference { booking { client { salesperson } } }"),
)
"""A row is its client's salesperson's, by whatever way it was reached. What belongs to no client is nobody's."""
