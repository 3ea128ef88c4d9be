// An invoice or a draft: what it is made of, and for a draft the button that issues it.

import { Invoice, IssueInvoice } from 'virtual:documents';

import { act } from './acting';
import { card, facts, h, table } from './dom';
import type { Child } from './dom';
import { ask } from './graph';
import type { Seen } from './graph';
import { absent, banner, show, showDay, showDecimal, showList, showMoney, showStatus } from './showing';
import type { Session } from './session';
import { texts } from './texts';

export async function invoiceView(session: Session, id: string, again: () => void): Promise<Child[]> {
  const answer = await ask(session, Invoice, { id });
  const invoice = answer.at('invoice');
  if (!invoice.isThere) return absent(answer, invoice, texts.invoice, id, texts.unknownInvoice);
  const isDraft = invoice.at('status').value === 'DRAFT';
  return [
    banner(answer),
    h('p', { class: 'kind' }, isDraft ? texts.draft : texts.invoice),
    h('h1', {}, invoice.at('number').text ?? invoice.at('id').text, ' ', showStatus(invoice.at('status'))),
    facts(
      [texts.client, client(invoice.at('account', 'client'))],
      [texts.account, account(invoice.at('account', 'number'))],
      [texts.issued, !isDraft && showDay(invoice.at('issuedOn'))],
      [texts.taxPoint, !isDraft && showDay(invoice.at('taxPointOn'))],
      [texts.dueOn, !isDraft && showDay(invoice.at('dueOn'))],
      [texts.total, h('strong', {}, showMoney(invoice.at('total')))],
    ),
    isDraft &&
      session.may('billing:issue') &&
      act(session, texts.issue, { document: IssueInvoice, variables: { id }, question: texts.issueQuestion, done: again }),
    lines(invoice.at('lines')),
    vat(invoice.at('vat')),
  ];
}

function client(seen: Seen): Child {
  if (!seen.isThere) return show(seen);
  return h('a', { href: `#/client/${seen.at('id').text}` }, show(seen.at('name')));
}

const account = (number: Seen) => show(number, (text) => h('a', { href: `#/account/${text}` }, text));

function lines(seen: Seen): HTMLElement {
  const row = (line: Seen) => [
    show(line.at('text')),
    show(line.at('quantity'), () => h('span', {}, showDecimal(line.at('quantity')), ' s')),
    showMoney(line.at('unitPrice')),
    showMoney(line.at('net')),
  ];
  const heads = [texts.line, texts.quantity, texts.unitPrice, texts.net];
  return card(
    texts.lines,
    showList(seen, (items) => table(texts.lines, heads, items.map(row), [1, 2, 3])),
  );
}

function vat(seen: Seen): HTMLElement {
  const inCzk = seen.items?.some((line) => line.at('amountInCzk').isThere) ?? false;
  const row = (line: Seen) => [
    show(line.at('rate'), (rate) => `${rate} %`),
    showMoney(line.at('base')),
    showMoney(line.at('amount')),
    ...(inCzk ? [showMoney(line.at('amountInCzk'))] : []),
  ];
  const heads = [texts.vatRate, texts.base, texts.vat, ...(inCzk ? [`${texts.vat} (CZK)`] : [])];
  return card(
    texts.vat,
    showList(seen, (items) => table(texts.vat, heads, items.map(row), [1, 2, 3])),
  );
}
