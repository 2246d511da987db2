"""Packages that write beside the code by a setting, wherever it stands, or by being loaded: which setting, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from dockfix.dataclass import dataclass


@dataclass(frozen=True)
class Setting:
    """A property of an object literal that says where a package writes.

    Its value is the path, or an object whose ``path`` is that. ``otherwise`` is where it writes if the value is no text, as ``true``
    is none; "" for nowhere. Where there are ``values``, only these count, each with where it has the package write.
    """

    otherwise: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


SETTINGS: Mapping[str, Setting] = {
    # https://typegraphql.com/docs/emit-schema.html
    "emitSchemaFile": Setting("schema.graphql"),
    # https://docs.nestjs.com/graphql/quick-start#code-first: with `true` the schema stays in memory
    "autoSchemaFile": Setting(),
    # https://typeorm.io/docs/advanced-topics/logging/
    "logger": Setting(values={"file": "ormlogs.log"}),
}
# By the package: what it makes as soon as it is loaded
LOADED: Mapping[str, str] = {
    # https://mikro-orm.io/docs/metadata-cache
    "@mikro-orm/reflection": "temp",
    "croxydb": "croxydb",
}
