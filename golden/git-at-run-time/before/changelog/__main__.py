import click
import netifaces

from . import git
from .web import app


@click.group()
def main():
    """Change logs from git histories."""


@main.command()
@click.option("--port", default=8800)
def serve(port):
    click.echo(f"on {', '.join(netifaces.interfaces())}")
    app.run(host="0.0.0.0", port=port)


@main.command()
@click.argument("name")
def show(name):
    for line in git.log(git.ensure(name)):
        click.echo(line)


main()
