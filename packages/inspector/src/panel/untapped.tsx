import type { ReactElement } from 'react';

const HOW = `const inspector = createInspector();
const socket = createSocket(inspector.tap({ url, … }));

<HoldfastInspector inspector={inspector} socket={socket} />`;

/** Says how more would be seen. */
export function Untapped({ what }: { readonly what: string }): ReactElement {
  return (
    <div className="untapped">
      <p>{what} once the socket is made through the inspector’s tap:</p>
      <pre>
        <code>{HOW}</code>
      </pre>
    </div>
  );
}
