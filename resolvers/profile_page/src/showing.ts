// How a place of an answer is shown: its value, or why there is none. Nothing is ever shown as empty for want of an answer.

import { h } from './dom';
import type { Child } from './dom';
import type { Problem, Seen } from './graph';
import { day, decimal, money, texts, word } from './texts';

export function note(problem: Problem): HTMLElement {
  switch (problem.kind) {
    case 'forbidden':
      return h('span', { class: 'note forbidden', title: texts.forbiddenTitle }, texts.forbidden);
    case 'missing':
      return h('span', { class: 'note missing' }, texts.missing(problem.system));
    case 'other':
      return h('span', { class: 'note missing' }, problem.message);
  }
}

/** What `render` makes of the value; else why it isn't there; else a dash. */
export function show(seen: Seen, render: (text: string) => Child = (text) => text): Child {
  if (seen.text !== undefined) return render(seen.text);
  return seen.problem ? note(seen.problem) : '–';
}

export const showDay = (seen: Seen) => show(seen, day);
export const showDecimal = (seen: Seen) => show(seen, decimal);
export const showStatus = (seen: Seen) =>
  show(seen, (status) => h('span', { class: `status ${status.toLowerCase()}` }, word(status)));
export const showWord = (seen: Seen) => show(seen, word);

export function showMoney(seen: Seen): Child {
  return seen.isThere ? money(seen.value as { amount: string; currency: string }) : show(seen);
}

/** A list by `render`; where there is none, why; where it is empty, that. */
export function showList(seen: Seen, render: (items: Seen[]) => Child, empty: string = texts.none): Child {
  const { items } = seen;
  if (items === undefined) return h('p', {}, show(seen));
  return items.length === 0 ? h('p', { class: 'quiet' }, empty) : render(items);
}

export function validity(seen: Seen): Child {
  const [from, to] = [seen.at('validFrom'), seen.at('validTo')];
  if (from.problem) return note(from.problem);
  const parts = [from.text && `${texts.since} ${day(from.text)}`, to.text && `${texts.until} ${day(to.text)}`];
  return parts.filter(Boolean).join(' ') || '–';
}

/** In place of a subject that isn't there: its name all the same, and why. */
export function absent(answer: Seen, subject: Seen, kind: string, name: string, unknown: string): Child[] {
  const reason = subject.problem ? note(subject.problem) : unknown;
  return [banner(answer), h('p', { class: 'kind' }, kind), h('h1', {}, name), h('p', {}, reason)];
}

/** Above everything: which systems didn't answer. */
export function banner(seen: Seen): Child {
  const missing = seen.missingSystems;
  return missing.length > 0 && h('p', { class: 'banner', role: 'status' }, texts.missingAll(missing.join(', ')));
}
