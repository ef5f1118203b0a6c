import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { openScene } from './scene.ts';
import './styles/base.css';
import './styles/controls.css';
import './styles/cards.css';
import './styles/stage.css';
import './styles/lanes.css';
import './styles/faults.css';
import './styles/messages.css';
import './styles/connection.css';

const scene = await openScene();
const container = document.getElementById('root');
if (container === null) throw new Error('the page has no #root');
createRoot(container).render(
  <StrictMode>
    <App {...scene} />
  </StrictMode>,
);
