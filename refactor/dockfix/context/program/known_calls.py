"""Names of calls that give a path, a setting or their own argument: of the standard library and of known packages."""

from dockfix.lazy import regex

# Calls that give an environment variable, or a default
ENVIRONMENT = regex(
    r"(?:os\.)?(?:getenv|environ\.(?:get|setdefault|pop))|decouple\.config|(?:.*\.)?(?:env|getenv|get_env|env_var"
    r"|get_env_var)"
    r"|(?:.*\b[Ee]nv(?:\(\))?)\.(?:str|int|path|bool|url|get_value|get|float)|starlette\.config\.Config\(\)"
)
PATH_CLASSES = regex(r"(?:.*\.)?(?:Path|PurePath|PosixPath|PurePosixPath|AsyncPath|UPath)")
# Methods and calls that give their object or argument back, as far as a path goes
SAME_METHODS = regex(r"resolve|absolute|expanduser|expandvars|as_posix|[rl]?strip|lower|encode|decode|samefile|__str__")
SAME_CALLS = regex(
    r"str|int|bytes|repr|list|(?:os\.)?(?:fspath|fsencode|fsdecode)|(?:os\.path\.|path\.)(?:abspath|realpath|normpath"
    r"|expanduser|expandvars)|(?:abspath|realpath|normpath|expanduser)|shlex\.quote|(?:.*\.)?cast|asyncio\.to_thread"
)
# Objects that hold settings, or the options of the command line
SETTINGS_OBJECTS = regex(r"(?i)(?:args?|arguments|opts?|options|params?|namespace|ns|flags|cfg|conf(?:ig)?|settings?)$")
# Methods that look a setting up and are given a default
LOOKUPS = regex(
    r"(?i)get|get_?(?:val|value|int|setting|config|option|str|path|env|float)|setting|option|setdefault|pop|value"
)
TEMPORARY = regex(
    r"(?:tempfile\.)?(?:gettempdir|mkdtemp|mkstemp|NamedTemporaryFile|TemporaryDirectory|TemporaryFile|mktemp)"
)
USER_DIRECTORIES = {
    "user_data_dir": "~/.local/share",
    "user_config_dir": "~/.config",
    "user_cache_dir": "~/.cache",
    "user_log_dir": "~/.local/state",
    "user_state_dir": "~/.local/state",
    "user_data_path": "~/.local/share",
    "user_config_path": "~/.config",
    "user_cache_path": "~/.cache",
    "get_app_dir": "~/.config",
}
