import { useLayoutEffect, type RefObject } from 'react';

/** On the root element: how much of the window a docked panel takes. What is `fixed` in the app can keep clear of it. */
const VARIABLES = { right: '--holdfast-inspector-right', bottom: '--holdfast-inspector-bottom' } as const;

/** Makes the page smaller by the docked panel, by padding on its root element. It is the only place where the panel touches the app. */
export function useRoom(panel: RefObject<HTMLElement | null>, edge: 'right' | 'bottom' | null): void {
  useLayoutEffect(() => {
    const box = panel.current;
    if (edge === null || box === null) return undefined;
    const { style } = document.documentElement;
    let giveBack = (): void => {};
    const take = (): void => {
      giveBack();
      const { width, height } = box.getBoundingClientRect();
      // On a phone what is docked at the right is a sheet at the bottom.
      const isAtRight = edge === 'right' && width < innerWidth;
      const size = `${Math.round(isAtRight ? width : height)}px`;
      const changes = isAtRight
        ? { [VARIABLES.right]: size, 'padding-right': size }
        : { [VARIABLES.bottom]: size, 'padding-bottom': size, 'scroll-padding-bottom': size };
      const before = Object.keys(changes).map(
        (name) => [name, style.getPropertyValue(name), style.getPropertyPriority(name)] as const,
      );
      for (const [name, value] of Object.entries(changes)) style.setProperty(name, value);
      giveBack = () => {
        for (const [name, value, priority] of before) style.setProperty(name, value, priority);
      };
    };
    take();
    const resized = new ResizeObserver(take);
    resized.observe(box);
    return () => {
      resized.disconnect();
      giveBack();
      // An empty attribute was not there either.
      if (document.documentElement.getAttribute('style') === '') document.documentElement.removeAttribute('style');
    };
  }, [panel, edge]);
}
