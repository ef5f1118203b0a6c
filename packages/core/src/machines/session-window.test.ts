import { adoptLog, countIn, removeLog } from './outbox.ts';
import { describe, expect, it } from 'vitest';
import { encode, type Welcome } from '../protocol/frames.ts';
import { Scene } from './conversation.fixture.ts';
import type { ProducerLog } from './producer-log.ts';
import { holdfastSession } from './session.ts';

// Which messages go next: the window that all logs share, and the order between them.

/** A welcomed page whose logs have so many messages of 10 bytes; the last log is the own one, index 0 on the wire. */
class Page {
  readonly scene = new Scene((host) => holdfastSession(host));
  readonly logs: readonly ProducerLog[];

  constructor(window: Partial<Welcome['window']>, ...counts: readonly number[]) {
    const { host } = this.scene;
    const { queue } = host;
    this.logs = counts.map((_count, place) => (place === counts.length - 1 ? queue.own : host.log(`log-${place}`)));
    for (const [place, log] of this.logs.entries()) {
      if (log !== queue.own) adoptLog(queue, log);
      for (let count = 0; count < counts[place]!; count += 1) host.send('12345678', log);
    }
    this.scene.open().welcome({ window: { messages: 100, bytes: 1_000_000, ...window } });
  }

  /** Lets all flow and tells what is on the wire since the last time: `log:seq`, logs by their place. */
  flow(): string[] {
    this.scene.conversation.start();
    return this.scene.host.takeFrames().map(([kind, index, seq]) => {
      const place = index === 0 ? this.logs.length - 1 : (index as number) - 1;
      return `${kind === 's' ? 'skip to ' : ''}${place}:${seq as number}`;
    });
  }

  /** The server has taken messages of the log at that place. */
  take(place: number, seq: number): void {
    this.scene.hear(encode.acknowledge(place === this.logs.length - 1 ? 0 : place + 1, seq));
  }
}

describe('the window', () => {
  it('bounds messages', () => {
    const page = new Page({ messages: 3 }, 9);
    expect(page.flow()).toEqual(['0:1', '0:2', '0:3']);
    expect(page.flow()).toEqual([]);
    page.take(0, 2);
    expect(page.flow()).toEqual(['0:4', '0:5']);
  });

  it('bounds bytes', () => {
    const page = new Page({ bytes: 29 }, 9);
    expect(page.flow()).toEqual(['0:1', '0:2']);
    page.take(0, 1);
    expect(page.flow()).toEqual(['0:3']);
    expect(countIn(page.scene.host.queue, 'inFlight')).toBe(2);
  });

  it('is shared by all logs, but each may always have one message in flight', () => {
    const page = new Page({ messages: 2 }, 4, 4, 4);
    expect(page.flow()).toEqual(['0:1', '0:2', '1:1', '2:1']);
    expect(page.flow()).toEqual([]);
  });

  it('always takes one message of a log, however large it is', () => {
    const page = new Page({ bytes: 9 }, 2);
    expect(page.flow()).toEqual(['0:1']);
    expect(page.flow()).toEqual([]);
    page.take(0, 1);
    expect(page.flow()).toEqual(['0:2']);
  });

  it('counts what onConnect sends, which goes first', () => {
    const { scene } = new Page({}, 0);
    const direct = scene.host.log('direct');
    scene.end().host.queue.direct = direct;
    for (let count = 0; count < 9; count += 1) scene.host.send('d', direct);
    for (let count = 0; count < 9; count += 1) scene.host.send('own');
    scene.open(null, direct).welcome({ window: { messages: 3, bytes: 1_000 } });
    scene.flush();
    scene.hear(encode.taken([[0, []]]));
    expect(scene.flush().map((frame) => frame[2])).toEqual([1, 2, 3]);
    scene.conversation.start();
    // The own log may have its one message in flight, and no more.
    expect(scene.host.takeFrames().map((frame) => frame.slice(1, 3))).toEqual([[0, 1]]);
    scene.hear(encode.acknowledge(1, 2));
    expect(scene.flush().map((frame) => frame.slice(1, 3))).toEqual([[1, 4]]);
  });
});

describe('a log that comes after another', () => {
  it('sends nothing before that one is settled', () => {
    const page = new Page({}, 2, 2);
    page.logs[1]!.after = page.logs[0]!;
    expect(page.flow()).toEqual(['0:1', '0:2']);
    page.take(0, 1);
    expect(page.flow()).toEqual([]);
    page.take(0, 2);
    expect(page.flow()).toEqual(['1:1', '1:2']);
  });

  it('waits behind one that is settled for what is before that', () => {
    const page = new Page({}, 1, 0, 1);
    const [first, second, own] = page.logs as [ProducerLog, ProducerLog, ProducerLog];
    second.after = first;
    own.after = second;
    expect(page.flow()).toEqual(['0:1']);
    page.take(0, 1);
    expect(page.flow()).toEqual(['2:1']);
  });

  it('waits while a withdrawn message of the one before is still stored', () => {
    const page = new Page({}, 1, 1);
    const [first, own] = page.logs as [ProducerLog, ProducerLog];
    own.after = first;
    const [entry] = first.entries;
    first.withdraw(entry!);
    expect(page.flow()).toEqual([]);
    first.fail(entry!, { code: 'EXPIRED', message: '' });
    expect(page.flow()).toEqual(['1:1']);
  });

  it('does not wait for one that is not here any more', () => {
    const page = new Page({}, 1, 1);
    const [first, own] = page.logs as [ProducerLog, ProducerLog];
    own.after = first;
    removeLog(page.scene.host.queue, first);
    expect(page.flow()).toEqual(['1:1']);
  });
});

describe('what is withdrawn', () => {
  it('is skipped on the wire', () => {
    const page = new Page({}, 4);
    for (const entry of page.logs[0]!.entries.slice(1, 3)) page.logs[0]!.withdraw(entry);
    expect(page.flow()).toEqual(['0:1', 'skip to 0:3', '0:4']);
  });
});
