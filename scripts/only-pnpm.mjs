import process from 'node:process';

// Runs before a package is packed. npm and yarn would publish `workspace:` ranges and the sources' entry points as they
// stand here; pnpm puts the versions and publishConfig in their place.
if (!(process.env['npm_config_user_agent'] ?? '').startsWith('pnpm/')) {
  console.error('pack and publish with pnpm: npx --yes pnpm@12.21.0 pack (see CONTRIBUTING.md)');
  process.exitCode = 1;
}
