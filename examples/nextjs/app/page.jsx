import { Chat } from './chat.jsx';

export default function Page() {
  return (
    <>
      <h1>A chat with the server</h1>
      <Chat />
    </>
  );
}
