// The search as you type: clients by name or IČO, and an account by its number.

import { FindClients } from 'virtual:documents';

import { h } from './dom';
import type { Child } from './dom';
import { ask } from './graph';
import type { Seen } from './graph';
import { banner, show } from './showing';
import type { Session } from './session';
import { texts } from './texts';

const ACCOUNT = /^\d{4,}$/;
const EXAMPLES = ['Novák', 'dve pobocky', '27604977', '7700128'];

export async function searchView(session: Session, text: string): Promise<Child[]> {
  if (text === '') return welcome(session);
  const answer = await ask(session, FindClients, { search: text });
  const found = answer.at('clients');
  const { items } = found.at('edges');
  const list = h('ul', { class: 'found' }, ...(items ?? []).map(entry));
  return [
    banner(answer),
    h('h1', {}, texts.clients),
    ACCOUNT.test(text) &&
      h('p', {}, h('a', { class: 'jump', href: `#/account/${text}` }, `${texts.openAccount} ${text}`)),
    items === undefined ? h('p', {}, show(found)) : items.length > 0 ? list : h('p', {}, texts.noClients),
    more(session, text, found.at('pageInfo'), list),
  ];
}

function welcome(session: Session): Child[] {
  const link = (example: string) => h('a', { class: 'jump', href: `#/find/${encodeURIComponent(example)}` }, example);
  return [
    h('h1', {}, texts.title),
    h('p', { class: 'quiet' }, texts.hint),
    session.roles.length > 0 && h('p', { class: 'examples' }, `${texts.examples} `, ...EXAMPLES.map(link)),
  ];
}

function entry(edge: Seen): HTMLElement {
  const client = edge.at('node');
  return h(
    'li',
    {},
    h(
      'a',
      { href: `#/client/${client.at('id').text}` },
      h('strong', {}, show(client.at('name'))),
      h('span', { class: 'quiet' }, show(client.at('companyNumber'), (number) => `${texts.companyNumber} ${number}`)),
      h('span', { class: 'quiet number' }, client.at('id').text),
    ),
  );
}

function more(session: Session, search: string, page: Seen, list: HTMLElement): Child {
  if (page.at('hasNextPage').value !== true) return undefined;
  const place = h('p', {});
  const next = async () => {
    const answer = await ask(session, FindClients, { search, after: page.at('endCursor').value });
    list.append(...(answer.at('clients', 'edges').items ?? []).map(entry));
    place.replaceWith(more(session, search, answer.at('clients', 'pageInfo'), list) || '');
  };
  place.append(h('button', { type: 'button', onclick: () => void next() }, texts.more));
  return place;
}
