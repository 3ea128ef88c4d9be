// The page: a bar with the search and who asks, and below it what the address names.
//
//   #/                 a hint        #/client/CL-00417    a client       #/invoice/IN-7700123-0001    an invoice
//   #/find/novak       clients       #/account/7700123    an account

import './style.css';

import { accountView } from './account';
import { clientView } from './client';
import { h } from './dom';
import type { Child } from './dom';
import { Unanswered } from './graph';
import { invoiceView } from './invoice';
import { searchView } from './search';
import { Session } from './session';
import { language, otherLanguage, texts } from './texts';

const PAUSE = 250; // ms without a keystroke before a search

const session = await Session.open();
const view = document.getElementById('view')!;
let turn = 0;

/** What the address names; a slower answer to an earlier address is dropped. */
async function show(): Promise<void> {
  const mine = ++turn;
  const [, kind = '', encoded = ''] = location.hash.split('/');
  const subject = decodeURIComponent(encoded);
  const sought = kind === 'find' ? subject : '';
  if (input.value.trim() !== sought) input.value = sought;
  const late = setTimeout(() => mine === turn && view.setAttribute('aria-busy', 'true'), 150);
  const shown = await viewOf(kind, subject).catch(refused);
  clearTimeout(late);
  if (mine !== turn) return;
  view.removeAttribute('aria-busy');
  view.replaceChildren(...shown.filter((each) => each !== undefined && each !== false));
  document.title = `${view.querySelector('h1')?.textContent ?? texts.title} · Spojka`;
}

function viewOf(kind: string, subject: string): Promise<Child[]> {
  switch (kind) {
    case 'client':
      return clientView(session, subject);
    case 'account':
      return accountView(session, subject);
    case 'invoice':
      return invoiceView(session, subject, () => void show());
    default:
      return searchView(session, kind === 'find' ? subject : '');
  }
}

function refused(error: unknown): Child[] {
  const known = error instanceof Unanswered;
  if (!known) console.error(error);
  const message =
    known && error.code === 'UNAUTHENTICATED' ? `${texts.unauthenticated} (${error.message})`
    : known && error.message !== 'unreachable' ? error.message
    : texts.unreachable;
  return [h('p', { class: 'banner', role: 'alert' }, message)];
}

const input = h('input', {
  type: 'search',
  placeholder: texts.search,
  'aria-label': texts.search,
  autocomplete: 'off',
  oninput: () => later(),
});
let typing: ReturnType<typeof setTimeout> | undefined;

function later(): void {
  clearTimeout(typing);
  typing = setTimeout(find, PAUSE);
}

function find(): void {
  clearTimeout(typing);
  const text = input.value.trim();
  const address = text === '' ? '#/' : `#/find/${encodeURIComponent(text)}`;
  if (location.hash === address) return;
  // Every letter is not a step to go back to.
  if (location.hash.startsWith('#/find/')) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  void show();
}

function chooser(): HTMLElement {
  const options = session.roles.map(({ role, subject }) =>
    h('option', { value: role, selected: role === session.role?.role }, role === subject ? role : `${role} (${subject})`),
  );
  const select = h('select', { onchange: () => (session.become(select.value), void show()) }, ...options);
  return h('label', {}, h('span', {}, texts.role), select);
}

function pasting(): HTMLElement {
  const token = h('input', { type: 'password', autocomplete: 'off', placeholder: texts.pasteToken });
  const state = h('span', {}, texts.token);
  const use = (event: Event) => {
    event.preventDefault();
    session.paste(token.value);
    token.value = '';
    state.textContent = session.hasToken ? texts.held : texts.token;
    void show();
  };
  return h('form', { onsubmit: use }, h('label', {}, state, token), h('button', { type: 'submit' }, texts.use));
}

document.documentElement.lang = language;
document.getElementById('bar')!.append(
  h('a', { class: 'brand', href: '#/' }, 'Spojka'),
  h('form', { role: 'search', onsubmit: (event) => (event.preventDefault(), find()) }, input),
  h(
    'div',
    { class: 'who' },
    session.roles.length > 0 ? chooser() : pasting(),
    h('button', { type: 'button', class: 'plain', onclick: otherLanguage }, texts.language),
    h('a', { href: '/' }, texts.console),
  ),
);
addEventListener('hashchange', () => {
  view.focus({ preventScroll: true });
  scrollTo(0, 0);
  void show();
});
await show();
