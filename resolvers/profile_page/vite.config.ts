import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

const FOLDER = join(import.meta.dirname, 'documents');

/**
 * The page sends ids, never texts: `import { Account } from 'virtual:documents'` is the id of documents/Account.graphql.
 * The texts by id go into persisted.json, which the server reads; so the page works where only listed documents may be asked.
 */
function documents(): Plugin {
  const texts = readdirSync(FOLDER).map((file) => ({
    name: basename(file, '.graphql'),
    text: readFileSync(join(FOLDER, file), 'utf8'),
  }));
  const idOf = (text: string) => createHash('sha256').update(text).digest('hex');
  return {
    name: 'documents',
    resolveId: (id) => (id === 'virtual:documents' ? '\0documents' : undefined),
    load: (id) =>
      id === '\0documents'
        ? texts.map(({ name, text }) => `export const ${name} = 'sha256:${idOf(text)}';`).join('\n')
        : undefined,
    generateBundle() {
      const manifest = Object.fromEntries(texts.map(({ text }) => [idOf(text), text]));
      this.emitFile({ type: 'asset', fileName: 'persisted.json', source: JSON.stringify(manifest, null, 2) });
    },
  };
}

export default defineConfig({
  base: '/app/',
  logLevel: 'error',
  plugins: [documents()],
  build: {
    target: 'es2022', // await at the top level
    assetsInlineLimit: 0, // the page's policy admits files of this server, not data: scripts
    modulePreload: { polyfill: false }, // it would be an inline script
  },
});
