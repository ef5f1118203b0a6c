export default function Page() {
  return (
    <>
      <h1>About</h1>
      <p>A page of the server alone. The connection of the chat stays, as the layout uses it, too.</p>
    </>
  );
}
