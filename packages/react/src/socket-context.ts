import type { Socket } from '@holdfast/core';
import { createContext, type Context } from 'react';

/** What `useSocket()` finds. */
export const SocketContext: Context<Socket | null> = /* @__PURE__ */ createContext<Socket | null>(null);
