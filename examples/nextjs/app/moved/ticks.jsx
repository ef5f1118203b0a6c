'use client';

import useWebSocket, { ReadyState } from '@holdfast/react/compat';
import { useEffect, useState } from 'react';

export function Ticks() {
  const { sendJsonMessage, lastJsonMessage, readyState } = useWebSocket('/ticks', { shouldReconnect: () => true });
  const [seen, setSeen] = useState([]);

  useEffect(() => {
    if (lastJsonMessage !== null) setSeen((all) => [...all, lastJsonMessage.tick]);
  }, [lastJsonMessage]);

  const isInOrder = seen.every((tick, index) => tick === index + 1);
  return (
    <>
      <button disabled={readyState !== ReadyState.OPEN} onClick={() => sendJsonMessage({ ticks: 500 })}>
        Ask for 500 ticks at once
      </button>
      <output>
        {seen.length} seen{isInOrder ? '' : ', out of order'}
      </output>
    </>
  );
}
