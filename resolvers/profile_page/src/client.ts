// A client, for the salesperson: contracts, accounts with their current period, last calls.

import { ClientProfile } from 'virtual:documents';

import { card, facts, h, table } from './dom';
import type { Child } from './dom';
import { ask } from './graph';
import type { Seen } from './graph';
import { absent, banner, note, show, showDay, showList, showMoney, showStatus, showWord, validity } from './showing';
import type { Session } from './session';
import { days, duration, instant, texts } from './texts';

export async function clientView(session: Session, id: string): Promise<Child[]> {
  const answer = await ask(session, ClientProfile, { id });
  const client = answer.at('client');
  if (!client.isThere) return absent(answer, client, texts.client, id, texts.unknownClient);
  return [
    banner(answer),
    h('p', { class: 'kind' }, `${texts.client} ${client.at('id').text}`),
    h('h1', {}, show(client.at('name'))),
    facts(
      [texts.companyNumber, show(client.at('companyNumber'))],
      [texts.vatNumber, show(client.at('vatNumber'))],
      [texts.salesperson, show(client.at('salesperson'))],
      [texts.email, show(client.at('email'), (email) => h('a', { href: `mailto:${email}` }, email))],
      [texts.address, address(client.at('postalAddress'))],
    ),
    h(
      'div',
      { class: 'columns' },
      h('div', {}, accounts(client.at('billingAccounts')), contracts(client.at('contracts')), contacts(client.at('contacts'))),
      h('div', {}, calls(client.at('bookings'))),
    ),
  ];
}

function address(seen: Seen): Child {
  if (!seen.isThere) return show(seen);
  const { street, postalCode, city, country } = seen.value as Record<string, string>;
  return `${street}, ${postalCode} ${city}, ${country}`;
}

function contracts(seen: Seen): HTMLElement {
  const row = (contract: Seen) => [
    show(contract.at('number')),
    showStatus(contract.at('status')),
    validity(contract),
    show(contract.at('currency')),
  ];
  const heads = [texts.number, texts.status, texts.validity, texts.currency];
  return card(
    texts.contracts,
    showList(seen, (items) => table(texts.contracts, heads, items.map(row))),
  );
}

function contacts(seen: Seen): HTMLElement {
  const row = (contact: Seen) =>
    h(
      'li',
      {},
      h('strong', {}, show(contact.at('name'))),
      h('span', { class: 'quiet' }, [contact.at('email').text, contact.at('phone').text].filter(Boolean).join(' · ')),
    );
  return card(
    texts.contacts,
    showList(seen, (items) => h('ul', { class: 'rows' }, ...items.map(row))),
  );
}

function accounts(seen: Seen): HTMLElement {
  return card(
    texts.accounts,
    showList(seen, (items) => h('div', {}, ...items.map(account))),
  );
}

function account(seen: Seen): HTMLElement {
  const period = seen.at('currentPeriod');
  const number = seen.at('number').text!;
  return h(
    'article',
    { class: 'account' },
    h('h3', {}, h('a', { href: `#/account/${number}` }, `${texts.account} ${number}`)),
    facts(
      [texts.period, period.isThere ? periodOf(period) : period.problem ? note(period.problem) : texts.noPeriod],
      [texts.unbilled, period.isThere && showMoney(period.at('unbilledTotal'))],
    ),
    period.isThere && h('h4', {}, texts.openInvoices),
    period.isThere &&
      showList(period.at('openInvoices'), (items) => h('ul', { class: 'rows' }, ...items.map(openInvoice))),
  );
}

export function periodOf(period: Seen): HTMLElement {
  return h('span', {}, days(period.at('from').text!, period.at('to').text!), ' ', showStatus(period.at('status')));
}

function openInvoice(invoice: Seen): HTMLElement {
  return h(
    'li',
    {},
    h('a', { href: `#/invoice/${invoice.at('id').text}` }, show(invoice.at('number'))),
    h('span', { class: 'quiet' }, `${texts.due} `, showDay(invoice.at('dueOn'))),
    showStatus(invoice.at('status')),
    h('span', { class: 'number' }, showMoney(invoice.at('total'))),
  );
}

function calls(seen: Seen): HTMLElement {
  return card(
    texts.calls,
    showList(seen, (items) => h('ul', { class: 'calls' }, ...items.toReversed().map(call))),
  );
}

function call(booking: Seen): HTMLElement {
  const conference = booking.at('conference');
  return h(
    'li',
    {},
    h('div', { class: 'spread' }, h('strong', {}, show(booking.at('title'))), showStatus(booking.at('status'))),
    h(
      'div',
      { class: 'spread quiet' },
      h('span', {}, show(booking.at('startsAt'), instant), ` · ${booking.at('ref').text}`),
      conference.isThere ? lengthOf(conference) : conference.problem ? note(conference.problem) : texts.noCall,
    ),
    conference.isThere && participants(conference.at('legs')),
  );
}

export function lengthOf(conference: Seen): Child {
  return show(conference.at('durationSeconds'), (seconds) => duration(Number(seconds)));
}

function participants(legs: Seen): Child {
  const { items } = legs;
  if (items === undefined) return h('p', {}, show(legs));
  const row = (leg: Seen) =>
    h(
      'li',
      {},
      h('span', {}, show(leg.at('displayName'))),
      h('span', { class: 'quiet' }, showWord(leg.at('service'))),
      h('span', { class: 'number' }, show(leg.at('seconds'), (seconds) => duration(Number(seconds)))),
    );
  const counted = `${items.length} ${items.length === 1 ? texts.person : texts.people}`;
  return h('details', {}, h('summary', {}, counted), h('ul', { class: 'rows' }, ...items.map(row)));
}
