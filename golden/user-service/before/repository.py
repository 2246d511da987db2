users: dict[str, dict] = {}
