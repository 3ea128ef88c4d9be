// GraphiQL on this server's own graph. Everything is bundled: the page asks this server and nobody else.
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

// What the tabs open with the first time; GraphiQL then keeps what was typed in the browser.
async function exampleTabs() {
  const response = await fetch('/graphiql/examples.json');
  if (!response.ok) {
    return undefined;
  }
  const examples = await response.json();
  const tabs = examples.map(({ document, variables }) => ({
    query: document,
    variables: JSON.stringify(variables, null, 2),
  }));
  return tabs.length > 0 ? tabs : undefined;
}

// A tab is named after its operation, so an example's name need not be shown.
createRoot(document.getElementById('graphiql')).render(
  createElement(GraphiQL, {
    fetcher: createGraphiQLFetcher({
      url: '/graphql',
      headers: { accept: 'application/graphql-response+json' },
    }),
    defaultTabs: await exampleTabs(),
    defaultEditorToolsVisibility: 'variables',
    shouldPersistHeaders: false,
  }),
);
