import { contender } from 'contender';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { begin, end, whenShown } from 'report';

// What runs in a page: 50 components of one library on one connection, of which one is concerned with what comes.

const TOPICS = Array.from({ length: 50 }, (_, index) => `t${index}`);
const CONCERNED = 't7';

/** @type {{ render: (page: unknown) => void, unmount: () => void } | undefined} */
let root;

globalThis.bench = {
  settings: contender.settings,

  /** @param {string} host */
  open(host) {
    const { Connection, Topic } = contender;
    const container = document.createElement('main');
    document.body.replaceChildren(container);
    root = createRoot(container);
    root.render(
      createElement(
        Connection,
        { url: `ws://${host}/topics` },
        TOPICS.map((topic) => createElement(Topic, { key: topic, topic })),
      ),
    );
  },

  begin,
  whenShown,
  end: () => end(CONCERNED),

  close() {
    root?.unmount();
    root = undefined;
  },
};
