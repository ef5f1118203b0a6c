// Written out, so that every bundler puts its word in.
declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** Whether this is a production build. */
export function isProduction(): boolean {
  return process.env.NODE_ENV === 'production';
}
