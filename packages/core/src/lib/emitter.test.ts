import { describe, expect, it, vi } from 'vitest';
import { Emitter } from './emitter.ts';

interface Events {
  ping: number;
  text: string;
}

function anEmitter(): { emitter: Emitter<Events>; faults: [unknown, string][] } {
  const faults: [unknown, string][] = [];
  return { emitter: new Emitter<Events>((fault, type) => faults.push([fault, type])), faults };
}

describe('Emitter', () => {
  it('tells the listeners of one type, in the order in which they came', () => {
    const { emitter } = anEmitter();
    const heard: string[] = [];
    emitter.on('ping', (n) => heard.push(`first ${n}`));
    emitter.on('text', (text) => heard.push(text));
    emitter.on('ping', (n) => heard.push(`second ${n}`));
    emitter.emit('ping', 1);
    expect(heard).toEqual(['first 1', 'second 1']);
  });

  it('does nothing without listeners', () => {
    const { emitter, faults } = anEmitter();
    emitter.emit('ping', 1);
    expect([emitter.count('ping'), faults]).toEqual([0, []]);
  });

  it('reports what an async listener rejects with', async () => {
    const { emitter, faults } = anEmitter();
    const fault = new Error('later');
    emitter.on('ping', () => Promise.reject(fault) as unknown as undefined);
    emitter.emit('ping', 1);
    await Promise.resolve();
    expect(faults).toEqual([[fault, 'ping']]);
  });

  it('reports a listener that throws, and the others still hear', () => {
    const { emitter, faults } = anEmitter();
    const fault = new Error('mine');
    const after = vi.fn<(n: number) => void>();
    emitter.on('ping', () => {
      throw fault;
    });
    emitter.on('ping', after);
    emitter.emit('ping', 7);
    expect(faults).toEqual([[fault, 'ping']]);
    expect(after.mock.calls).toEqual([[7]]);
  });

  it('tells a function that was added twice twice, and each stop is for one of the two', () => {
    const { emitter } = anEmitter();
    const listener = vi.fn<(n: number) => void>();
    const stop = emitter.on('ping', listener);
    emitter.on('ping', listener);
    emitter.emit('ping', 1);
    expect([listener.mock.calls.length, emitter.count('ping')]).toEqual([2, 2]);
    stop();
    stop();
    emitter.emit('ping', 2);
    expect([listener.mock.calls.length, emitter.count('ping')]).toEqual([3, 1]);
  });

  it('does not tell a listener that was stopped by one before it', () => {
    const { emitter } = anEmitter();
    const second = vi.fn<(n: number) => void>();
    emitter.on('ping', () => stop());
    const stop = emitter.on('ping', second);
    emitter.emit('ping', 1);
    expect(second).not.toHaveBeenCalled();
  });

  it('tells a listener that is added in the middle only of what comes after', () => {
    const { emitter } = anEmitter();
    const late = vi.fn<(n: number) => void>();
    emitter.on('ping', (n) => {
      if (n === 1) emitter.on('ping', late);
    });
    emitter.emit('ping', 1);
    expect(late).not.toHaveBeenCalled();
    emitter.emit('ping', 2);
    expect(late.mock.calls).toEqual([[2]]);
  });

  it('tells of what a listener emits at once', () => {
    const { emitter } = anEmitter();
    const heard: string[] = [];
    emitter.on('ping', (n) => {
      heard.push(`first ${n}`);
      if (n === 1) emitter.emit('ping', 2);
    });
    emitter.on('ping', (n) => heard.push(`second ${n}`));
    emitter.emit('ping', 1);
    expect(heard).toEqual(['first 1', 'first 2', 'second 2', 'second 1']);
  });

  it('forgets all of them when it is cleared, in the middle of an emission, too', () => {
    const { emitter } = anEmitter();
    const second = vi.fn<(n: number) => void>();
    emitter.on('ping', () => emitter.clear());
    emitter.on('ping', second);
    emitter.emit('ping', 1);
    emitter.emit('ping', 2);
    expect(second).not.toHaveBeenCalled();
    expect(emitter.count('ping')).toBe(0);
  });
});
