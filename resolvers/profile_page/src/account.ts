// An account, for the billing specialist: its rates, its invoices and drafts, and the calls that are on none.

import { Account, CallsToInvoice, InvoiceConference } from 'virtual:documents';

import { act } from './acting';
import { lengthOf, periodOf } from './client';
import { card, facts, h, table } from './dom';
import type { Child } from './dom';
import { ask } from './graph';
import type { Seen } from './graph';
import { absent, banner, note, show, showDay, showList, showMoney, showStatus, showWord, validity } from './showing';
import type { Session } from './session';
import { instant, texts, word } from './texts';

export async function accountView(session: Session, number: string): Promise<Child[]> {
  const [answer, waiting] = await Promise.all([
    ask(session, Account, { number }),
    ask(session, CallsToInvoice, { number }),
  ]);
  const account = answer.at('billingAccount');
  if (!account.isThere) return absent(answer, account, texts.account, number, texts.unknownAccount);
  const period = account.at('currentPeriod');
  return [
    banner(answer) || banner(waiting),
    h('p', { class: 'kind' }, texts.account),
    h('h1', {}, account.at('number').text),
    facts(
      [texts.owner, owner(account.at('client'))],
      [texts.currency, show(account.at('currency'))],
      [texts.cycleDay, show(account.at('cycleDay'), (day) => `${day}.`)],
      [texts.terms, show(account.at('paymentTermsDays'), (days) => `${days} ${texts.days}`)],
      [texts.period, period.isThere ? periodOf(period) : period.problem ? note(period.problem) : texts.noPeriod],
      [texts.unbilled, period.isThere && showMoney(period.at('unbilledTotal'))],
    ),
    h(
      'div',
      { class: 'columns' },
      h('div', {}, callsToInvoice(session, waiting.at('billingAccount'), number), invoices(account.at('invoices'))),
      h('div', {}, rates(account.at('contractRates'))),
    ),
  ];
}

function owner(client: Seen): Child {
  if (!client.isThere) return show(client);
  return h('a', { href: `#/client/${client.at('id').text}` }, show(client.at('name')));
}

function rates(version: Seen): HTMLElement {
  if (!version.isThere) return card(texts.rates, h('p', {}, version.problem ? note(version.problem) : texts.noRates));
  const next = version.at('next');
  return h(
    'div',
    {},
    card(texts.rates, ratesOf(version, version.at('contract', 'number').text)),
    next.isThere ? card(texts.nextRates, ratesOf(next)) : next.problem && card(texts.nextRates, h('p', {}, show(next))),
  );
}

function ratesOf(version: Seen, contract?: string): HTMLElement {
  const row = (rate: Seen) => [
    showWord(rate.at('service')),
    showWord(rate.at('band')),
    showMoney(rate.at('pricePerMinute')),
    `${rate.at('firstIncrement').text}/${rate.at('nextIncrement').text} s`,
    showMoney(rate.at('minimumCharge')),
  ];
  const heads = [texts.service, texts.band, texts.perMinute, texts.increments, texts.minimum];
  return h(
    'div',
    {},
    h(
      'p',
      { class: 'quiet' },
      contract && `${texts.contract} ${contract}, `,
      `${texts.version} ${version.at('version').text}, `,
      validity(version),
    ),
    showList(version.at('rates'), (items) => table(texts.rates, heads, items.map(row), [2, 3, 4])),
  );
}

function invoices(seen: Seen): HTMLElement {
  const row = (invoice: Seen) => [
    h('a', { href: `#/invoice/${invoice.at('id').text}` }, invoice.at('number').text ?? texts.draft),
    showStatus(invoice.at('status')),
    showDay(invoice.at('issuedOn')),
    showDay(invoice.at('dueOn')),
    showMoney(invoice.at('total')),
  ];
  const heads = [texts.number, texts.status, texts.issued, texts.dueOn, texts.total];
  return card(
    texts.invoices,
    showList(seen, (items) => table(texts.invoices, heads, items.toReversed().map(row), [4])),
  );
}

/** Of the owner's bookings those that took place, name no other account, and are charged nowhere. */
function callsToInvoice(session: Session, account: Seen, number: string): HTMLElement {
  const bookings = account.at('client', 'bookings');
  const { items } = bookings;
  if (items === undefined) return card(texts.callsToInvoice, h('p', {}, show(bookings)));
  const unclear = items.map((booking) => booking.at('conference').problem ?? chargesOf(booking).problem).find(Boolean);
  const waiting = items.filter((booking) => chargesOf(booking).items?.length === 0 && isFor(booking, number));
  const row = (booking: Seen) => waitingCall(session, booking);
  return card(
    texts.callsToInvoice,
    unclear && h('p', {}, note(unclear)),
    waiting.length > 0
      ? h('ul', { class: 'calls' }, ...waiting.toReversed().map(row))
      : !unclear && h('p', { class: 'quiet' }, texts.none),
  );
}

const chargesOf = (booking: Seen) => booking.at('conference', 'charges');

function isFor(booking: Seen, number: string): boolean {
  const named = booking.at('account', 'number').text;
  return named === undefined || named === number;
}

function waitingCall(session: Session, booking: Seen): HTMLElement {
  const conference = booking.at('conference');
  const id = conference.at('id').text!;
  const outcome = conference.at('invoicing', 'outcome').text;
  return h(
    'li',
    {},
    h('div', { class: 'spread' }, h('strong', {}, show(booking.at('title'))), lengthOf(conference)),
    h('div', { class: 'quiet' }, show(conference.at('startedAt'), instant), ` · ${id}`),
    outcome !== undefined && h('div', { class: 'quiet' }, `${texts.lastTry}: ${word(outcome)}`),
    session.may('processes:invoice') &&
      act(session, texts.makeInvoice, {
        document: InvoiceConference,
        variables: { id },
        done: (answer) => {
          location.hash = `#/invoice/${answer.at('invoiceConference', 'invoice', 'id').text}`;
        },
      }),
  );
}
