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
  const examples = response.ok ? await response.json() : [];
  return examples.map(({ document, variables }) => ({
    query: document,
    variables: JSON.stringify(variables, null, 2),
  }));
}

// GraphiQL shows a tab's variables once it is clicked; those of the tab that is open at the start have to be given apart.
function variablesAtStart(tabs) {
  return localStorage.getItem('graphiql:tabState') === null ? tabs[0]?.variables : undefined;
}

const tabs = await exampleTabs();

createRoot(document.getElementById('graphiql')).render(
  createElement(GraphiQL, {
    fetcher: createGraphiQLFetcher({
      url: '/graphql',
      headers: { accept: 'application/graphql-response+json' },
    }),
    defaultTabs: tabs.length > 0 ? tabs : undefined,
    initialVariables: variablesAtStart(tabs),
    defaultEditorToolsVisibility: 'variables',
    shouldPersistHeaders: false,
  }),
);
