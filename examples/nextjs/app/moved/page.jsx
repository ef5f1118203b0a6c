import { Ticks } from './ticks.jsx';

export default function Page() {
  return (
    <>
      <h1>Moved over from react-use-websocket</h1>
      <Ticks />
    </>
  );
}
