"""What the JavaScript and TypeScript of an application do, by reading it."""
