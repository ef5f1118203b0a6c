import { flushSync } from 'react-dom';
import { complain } from './complain.ts';

/**
 * React 19 counts renders that follow each other without a pause, and throws at the 51st: what effects set is still to do, and
 * it takes that for a loop. A burst that a browser hands over in one task is such a case.
 */
const MOST_IN_A_TASK = 10;
const MOST_WAITING = 10_000;

/** A component to be told of a message. */
interface Turn {
  readonly event: MessageEvent;
  readonly tell: () => void;
}

const waiting: Turn[] = [];
let isSkipping = false;
/** Messages that were told in this task, and the newest of them. */
let told = 0;
let newest: MessageEvent | null = null;

/**
 * Tells components of messages so that React renders each message, in order: what comes before it in the same task is
 * rendered first, and after a few React gets a task for what their effects have set. Components that hear the same event
 * render it together.
 */
export function inTurns(turn: Turn): void {
  if (waiting.length === 0 && take(turn)) return;
  waiting.push(turn);
  if (waiting.length <= MOST_WAITING) return;
  waiting.shift();
  if (!isSkipping) complain('too many messages wait to be rendered: lastMessage skips some');
  isSkipping = true;
}

/** False: this task has had enough. */
function take({ event, tell }: Turn): boolean {
  if (event !== newest) {
    if (told === MOST_IN_A_TASK) return false;
    if (told === 0) inNextTask(resume);
    else flushSync(() => {});
    told += 1;
    newest = event;
  }
  tell();
  return true;
}

function resume(): void {
  told = 0;
  newest = null;
  for (let next = waiting[0]; next !== undefined && take(next); next = waiting[0]) waiting.shift();
  if (waiting.length === 0) isSkipping = false;
}

/** A timer would be throttled in a hidden page. A port that stays open would keep a process of tests from ending. */
function inNextTask(run: () => void): void {
  if (typeof MessageChannel === 'undefined') {
    setTimeout(run);
    return;
  }
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    run();
  };
  port2.postMessage(null);
}
