import { Hono } from "hono";

const quotes = ["Less is more", "Simple is better than complex"];
const app = new Hono();

app.get("/health", (context) => context.json({ ok: true }));
app.get("/quotes/:number", (context) => {
  const quote = quotes[Number(context.req.param("number"))];
  return quote === undefined ? context.notFound() : context.text(quote);
});

export default { port: 3000, fetch: app.fetch };
