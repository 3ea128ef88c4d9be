// GraphiQL on this server's own graph. Everything is bundled: the page asks this server and nobody else.
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './page.css';

import { createRoot } from 'react-dom/client';

import { Page } from './page';
import type { Example, Link } from './page';
import { demoRoles } from './session';

async function json<T>(path: string): Promise<T[]> {
  const response = await fetch(path);
  return response.ok ? await response.json() : [];
}

const [roles, examples, links] = await Promise.all([
  demoRoles(),
  json<Example>('/graphiql/examples.json'),
  json<Link>('/graphiql/pages.json'),
]);

createRoot(document.getElementById('page')!).render(<Page roles={roles} examples={examples} links={links} />);
