// Elements by plain functions; text is only ever text.

export type Child = Node | string | undefined | false;
type Attributes = Record<string, string | boolean | ((event: Event) => void) | undefined>;

/** `h('a', { href: '#/', onclick: open }, 'Home')` */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((each) => each !== undefined && each !== false));
  return element;
}

export function table(caption: string, heads: Child[], rows: Child[][], numeric: number[] = []): HTMLElement {
  const cell = (tag: 'td' | 'th') => (child: Child, column: number) =>
    h(tag, { class: numeric.includes(column) && 'number', scope: tag === 'th' && 'col' }, child);
  return h(
    'div',
    { class: 'scrolled' },
    h(
      'table',
      {},
      h('caption', {}, caption),
      h('thead', {}, h('tr', {}, ...heads.map(cell('th')))),
      h('tbody', {}, ...rows.map((row) => h('tr', {}, ...row.map(cell('td'))))),
    ),
  );
}

export function card(title: string, ...children: Child[]): HTMLElement {
  return h('section', { class: 'card' }, h('h2', {}, title), ...children);
}

/** Terms and what they are, those without a value left out. */
export function facts(...pairs: [string, Child][]): HTMLElement {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== false);
  return h('dl', { class: 'facts' }, ...shown.map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))));
}
