import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { recordHistory } from './conversation/history.ts';
import { openRun } from './conversation/run.ts';
import { Outgoing } from './conversation/sent-messages.ts';
import { openConversation } from './conversation/socket.ts';
import { watchFaults } from './faults/faults-store.ts';
import './styles/base.css';
import './styles/controls.css';
import './styles/cards.css';
import './styles/route.css';
import './styles/messages.css';
import './styles/connection.css';
import './styles/faults.css';
import './styles/server.css';

const socket = openConversation();
const history = recordHistory(socket);
const outgoing = new Outgoing(socket, await openRun(sessionStorage));
const faults = watchFaults();

const container = document.getElementById('root');
if (container === null) throw new Error('the page has no #root');
createRoot(container).render(
  <StrictMode>
    <App socket={socket} outgoing={outgoing} history={history} faults={faults} />
  </StrictMode>,
);
