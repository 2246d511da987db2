import express from "express";
import { gross } from "@shop/money";

const app = express();

app.get("/health", (_request, response) => {
  response.json({ ok: true });
});
app.get("/gross/:net", (request, response) => {
  response.json({ gross: gross(Number(request.params.net)) });
});

const server = app.listen(Number(process.env.PORT ?? 3000));
process.on("SIGTERM", () => server.close());
