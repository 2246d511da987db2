import express from "express";
import { total } from "./total";

const app = express();
app.get("/healthz", (_request, response) => {
  response.json({ ok: true });
});
app.get("/total", (request, response) => {
  response.json({ total: total(String(request.query.prices ?? "")) });
});

const server = app.listen(Number(process.env.PORT ?? 3000));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
