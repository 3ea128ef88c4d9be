// A bar that says who asks, above GraphiQL. Whoever asks has tabs and a history of their own.

import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';
import { useMemo, useState } from 'react';

import { fetcherOf, Runs } from './graph';
import { planPlugin } from './plan';
import { chosenRole, Session } from './session';
import type { Role } from './session';

/** What a tab opens with; `roles` are those it is for, none for everybody. */
export type Example = { name: string; document: string; variables: unknown; roles: string[] };

/** Another page of this server. */
export type Link = { path: string; title: string };

type TabDefinition = { query?: string | null; variables?: string | null };

type Given = { roles: Role[]; examples: Example[]; links: Link[] };

export function Page({ roles, examples, links }: Given) {
  const [session, setSession] = useState(() => new Session(chosenRole(roles)));
  const [turn, setTurn] = useState(0);
  const become = (next: Session) => {
    next.keep();
    setSession(next);
    setTurn(turn + 1);
  };
  return (
    <>
      <header className="bar">
        <span className="bar-name">Spojka</span>
        {links.map(({ path, title }) => (
          <a key={path} href={path}>
            {title}
          </a>
        ))}
        {roles.length > 0 ? <Chooser roles={roles} session={session} become={become} /> : <Pasting become={become} />}
      </header>
      <main>
        <Editor key={turn} session={session} examples={examples} />
      </main>
    </>
  );
}

type Becoming = { become: (session: Session) => void };

function Chooser({ roles, session, become }: Becoming & { roles: Role[]; session: Session }) {
  return (
    <label className="bar-who">
      Ask as
      <select
        value={session.role?.role ?? ''}
        onChange={({ target }) => become(new Session(roles.find(({ role }) => role === target.value)))}
      >
        {roles.map(({ role, subject }) => (
          <option key={role} value={role}>
            {role === subject ? role : `${role} (${subject})`}
          </option>
        ))}
        <option value="">nobody</option>
      </select>
    </label>
  );
}

function Pasting({ become }: Becoming) {
  const [text, setText] = useState('');
  const [held, setHeld] = useState(false);
  return (
    <form
      className="bar-who"
      onSubmit={(event) => {
        event.preventDefault();
        become(new Session(undefined, text.trim().replace(/^Bearer /i, '') || undefined));
        setHeld(text.trim() !== '');
        setText('');
      }}
    >
      <label>
        {held ? 'A token is held' : 'No token'}
        <input
          type="password"
          autoComplete="off"
          placeholder="paste a token"
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
      </label>
      <button type="submit">{held && text === '' ? 'Forget' : 'Use'}</button>
    </form>
  );
}

function Editor({ session, examples }: { session: Session; examples: Example[] }) {
  const parts = useMemo(() => {
    const runs = new Runs();
    return { fetcher: fetcherOf(session, runs), plugins: [HISTORY_PLUGIN, planPlugin(session, runs)] };
  }, [session]);
  const storage = useMemo(() => storageOf(session.role?.role ?? 'nobody'), [session]);
  const tabs = tabsFor(session.role?.role, examples);
  const start = useMemo(() => atStart(storage.getItem('graphiql:tabState'), tabs[0]), [storage]);
  return (
    <GraphiQL
      fetcher={parts.fetcher}
      plugins={parts.plugins}
      storage={storage}
      defaultTabs={tabs.length > 0 ? tabs : undefined}
      initialQuery={start.query ?? undefined}
      initialVariables={start.variables ?? undefined}
      defaultEditorToolsVisibility="variables"
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
    >
      <GraphiQL.Logo>GraphiQL</GraphiQL.Logo>
    </GraphiQL>
  );
}

/** GraphiQL shows a tab's variables once it is clicked; what is in the tab that is open at the start is given apart. */
function atStart(kept: string | null, usual: TabDefinition | undefined): Partial<TabDefinition> {
  if (kept === null) return { variables: usual?.variables };
  try {
    const { tabs, activeTabIndex } = JSON.parse(kept);
    const { query, variables } = tabs[activeTabIndex];
    return { query, variables };
  } catch {
    return {};
  }
}

function tabsFor(role: string | undefined, examples: Example[]) {
  return examples
    .filter(({ roles }) => role === undefined || roles.length === 0 || roles.includes(role))
    .map(({ document, variables }) => ({ query: document, variables: JSON.stringify(variables, null, 2) }));
}

/** What GraphiQL remembers, apart for each role; how it looks is everybody's. */
function storageOf(who: string) {
  const named = (key: string) => (key === 'graphiql:theme' ? key : `${who}:${key}`);
  return {
    get length() {
      return localStorage.length;
    },
    clear: () => {
      for (const key of Object.keys(localStorage)) if (key.startsWith(`${who}:`)) localStorage.removeItem(key);
    },
    getItem: (key: string) => localStorage.getItem(named(key)),
    setItem: (key: string, value: string) => localStorage.setItem(named(key), value),
    removeItem: (key: string) => localStorage.removeItem(named(key)),
  };
}
