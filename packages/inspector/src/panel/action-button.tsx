import type { ComponentProps, ReactElement } from 'react';

/**
 * A button that may have nothing to do. It is not `disabled`: that would take the focus, and with it Escape and the tabs,
 * from whoever has just pushed it.
 */
export function ActionButton(
  props: Omit<ComponentProps<'button'>, 'disabled' | 'type'> & { readonly isDisabled: boolean },
): ReactElement {
  const { isDisabled, onClick, ...others } = props;
  return <button {...others} type="button" aria-disabled={isDisabled} onClick={isDisabled ? undefined : onClick} />;
}
