import { type ReactElement, type ReactNode, useId } from 'react';

interface CardProps {
  readonly title: string;
  readonly className?: string;
  /** Stands at the end of the title's line. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

export function Card({ title, className = '', aside, children }: CardProps): ReactElement {
  const id = useId();
  return (
    <section className={`card ${className}`} aria-labelledby={id}>
      <header className="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}
