import { defineConfig } from 'vitepress';
import { apiPages } from '../api.mjs';
import { groups } from '../pages.mjs';
import { listed } from '../stage.mjs';

const published = new Set(listed.map(([route]) => route));
const guide = groups
  .map(({ text, pages }) => ({
    text,
    items: pages.flatMap(([route, , title]) => (published.has(route) ? [{ text: title, link: `/${route}` }] : [])),
  }))
  .filter(({ items }) => items.length > 0);

export default defineConfig({
  title: 'Holdfast',
  description: 'A WebSocket client that loses nothing: TypeScript SDK, React hooks and a Node server',
  lang: 'en',
  srcDir: 'pages',
  outDir: 'dist',
  cacheDir: '.vitepress/cache',
  // The page may stand in any folder of any host: set by who publishes it.
  base: process.env['SITE_BASE'] ?? '/',
  vite: { build: { chunkSizeWarningLimit: 2_000 } },
  head: [
    ['link', { rel: 'icon', href: `${process.env['SITE_BASE'] ?? '/'}icon.svg`, type: 'image/svg+xml' }],
    ['meta', { name: 'theme-color', content: '#0b6e63' }],
  ],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-default' },
  },
  themeConfig: {
    logo: '/icon.svg',
    nav: [
      { text: 'Guide', link: '/getting-started', activeMatch: '^/(?!api/|errors|changelog|$)' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
      { text: 'Errors', link: '/errors' },
      { text: 'Changelog', link: '/changelog' },
    ],
    sidebar: { '/api/': [{ text: 'API reference', link: '/api/', items: apiPages }], '/': guide },
    outline: { level: [2, 3] },
    search: { provider: 'local', options: { detailedView: true } },
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: 'MIT licence' },
  },
});
