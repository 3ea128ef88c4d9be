import { defineConfig } from 'vite';

export default defineConfig({
  logLevel: 'error', // what others' packages warn about can't be mended here
  build: {
    target: 'es2022', // await at the top level
    assetsInlineLimit: 0, // the page's policy admits files of this server, not data: scripts
    chunkSizeWarningLimit: 10_000, // the editor is large, and comes from the same machine
    modulePreload: { polyfill: false }, // it would be an inline script
  },
});
