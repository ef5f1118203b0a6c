import Link from 'next/link';
import './style.css';
import { Status } from './status.jsx';

export const metadata = { title: 'Holdfast and Next.js' };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <header>
          <nav>
            <Link href="/">Chat</Link>
            <Link href="/about">About</Link>
            <Link href="/moved">Moved over</Link>
          </nav>
          <Status />
        </header>
        <main>{children}</main>
      </body>
    </html>
  );
}
