// Written out, so that every bundler puts its word in.
declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** Whether this is a production build. */
export function isProduction(): boolean {
  try {
    return process.env.NODE_ENV === 'production';
  } catch {
    // A page without a bundler has no `process`.
    return false;
  }
}
