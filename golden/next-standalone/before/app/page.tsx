export const revalidate = 1;

export default function Page() {
  return <p>Three articles in your basket</p>;
}
