import Fastify from "fastify";

const app = Fastify();

app.get("/health", async () => ({ ok: true }));
app.get<{ Params: { net: string } }>("/gross/:net", async (request) => ({ gross: Number(request.params.net) * 1.25 }));

app.listen({ port: Number(process.env.PORT ?? 8080), host: "0.0.0.0" });
process.on("SIGTERM", () => app.close());
