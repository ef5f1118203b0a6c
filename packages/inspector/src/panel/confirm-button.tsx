import { useEffect, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import { ActionButton } from './action-button.tsx';

/** A button that asks before it does what can't be undone. */
export function ConfirmButton(props: {
  readonly label: string;
  readonly question: string;
  readonly confirm: string;
  readonly isDisabled: boolean;
  readonly onConfirm: () => void;
}): ReactElement {
  const { label, question, confirm, isDisabled, onConfirm } = props;
  const [isAsking, setAsking] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const wasAsking = useRef(false);

  useEffect(() => {
    // The focus stays where the user acts: on the question, and after it where it came from.
    if (isAsking || wasAsking.current) first.current?.focus();
    wasAsking.current = isAsking;
  }, [isAsking]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    setAsking(false);
  };
  const answer = (run: () => void) => () => {
    setAsking(false);
    run();
  };

  if (!isAsking) {
    return (
      <ActionButton ref={first} isDisabled={isDisabled} onClick={() => setAsking(true)}>
        {label}
      </ActionButton>
    );
  }
  return (
    <span className="question" role="alertdialog" aria-label={question} onKeyDown={onKeyDown}>
      {question}
      <button ref={first} type="button" onClick={answer(() => {})}>
        Keep
      </button>
      <button type="button" className="danger" onClick={answer(onConfirm)}>
        {confirm}
      </button>
    </span>
  );
}
