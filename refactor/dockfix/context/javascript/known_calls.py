"""Calls of Node.js and of known packages that write files, start programs or listen: which argument says what."""

from __future__ import annotations

from collections.abc import Mapping

from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

# What gives the functions of fs, and more of their kind
FILE_MODULES = frozenset(
    {
        "fs",
        "fs/promises",
        "fs-extra",
        "graceful-fs",
        "mz/fs",
        "jsonfile",
        "mkdirp",
        "rimraf",
        "make-dir",
        "del",
        "write-file-atomic",
        "cpy",
        "move-file",
    }
)
# The functions that write, with the arguments that say where; those with a name that says so by itself count wherever they come from
WRITERS: Mapping[str, tuple[int, ...]] = {
    "writeFile": (0,),
    "writeFileSync": (0,),
    "appendFile": (0,),
    "appendFileSync": (0,),
    "createWriteStream": (0,),
    "mkdirSync": (0,),
    "mkdtempSync": (0,),
    "unlinkSync": (0,),
    "copyFile": (1,),
    "copyFileSync": (1,),
    "renameSync": (0, 1),
    "rmSync": (0,),
    "rmdirSync": (0,),
    "cpSync": (1,),
    "outputFile": (0,),
    "outputFileSync": (0,),
    "outputJson": (0,),
    "outputJSON": (0,),
    "outputJsonSync": (0,),
    "writeJson": (0,),
    "writeJSON": (0,),
    "writeJsonSync": (0,),
    "writeJSONSync": (0,),
    "ensureDir": (0,),
    "ensureDirSync": (0,),
    "ensureFile": (0,),
    "ensureFileSync": (0,),
    "emptyDir": (0,),
    "emptyDirSync": (0,),
    "mkdirp": (0,),
    "mkdirpSync": (0,),
    "copySync": (1,),
    "moveSync": (0, 1),
    "symlinkSync": (1,),
    "truncateSync": (0,),
    "utimesSync": (0,),
}
# These count only where they come from a module of files
COMMON_WRITERS: Mapping[str, tuple[int, ...]] = {
    "mkdir": (0,),
    "mkdtemp": (0,),
    "unlink": (0,),
    "rename": (0, 1),
    "rm": (0,),
    "rmdir": (0,),
    "cp": (1,),
    "copy": (1,),
    "move": (0, 1),
    "remove": (0,),
    "removeSync": (0,),
    "symlink": (1,),
    "link": (1,),
    "truncate": (0,),
    "utimes": (0,),
    "chmod": (0,),
    "chown": (0,),
    "chmodSync": (0,),
    "chownSync": (0,),
}
READERS = frozenset(
    {
        "readFile",
        "readFileSync",
        "createReadStream",
        "readdir",
        "readdirSync",
        "readJson",
        "readJSON",
        "readJsonSync",
        "readJSONSync",
        "opendir",
    }
)
_OPENS = regex(r"[rwax+s]+")


class Settings(NamedTuple):
    """A call of a package that is told a path.

    ``argument`` is the one that says it, -1 for none. ``keys`` are the properties, of any object among its arguments, that say it, each
    with dots for objects within. ``otherwise`` is where it writes if it is told nothing, "" for nowhere.
    """

    argument: int = -1
    keys: tuple[str, ...] = ()
    otherwise: str = ""


# By the package and the names of what is called; "()" stands for a call or the making of an object
TOLD: Mapping[tuple[str, str], Settings] = {
    ("multer", ""): Settings(keys=("dest",)),
    ("multer", "diskStorage"): Settings(keys=("destination",)),
    ("@nestjs/platform-express", "FileInterceptor"): Settings(keys=("dest",)),
    ("@nestjs/platform-express", "MulterModule.register"): Settings(keys=("dest",)),
    ("express-fileupload", ""): Settings(keys=("tempFileDir",)),
    ("formidable", ""): Settings(keys=("uploadDir",)),
    ("formidable", "IncomingForm"): Settings(keys=("uploadDir",)),
    ("formidable", "formidable"): Settings(keys=("uploadDir",)),
    ("koa-body", ""): Settings(keys=("formidable.uploadDir",)),
    ("sqlite3", "Database"): Settings(0),
    ("sqlite3", "cached.Database"): Settings(0),
    ("sqlite3", "verbose.().Database"): Settings(0),
    ("better-sqlite3", ""): Settings(0),
    ("node:sqlite", "DatabaseSync"): Settings(0),
    ("sqlite", "DatabaseSync"): Settings(0),
    ("sqlite", "open"): Settings(keys=("filename",)),
    ("bun:sqlite", "Database"): Settings(0),
    ("libsql", ""): Settings(0),
    ("@libsql/client", "createClient"): Settings(keys=("url",)),
    ("quick.db", "QuickDB"): Settings(keys=("filePath",), otherwise="json.sqlite"),
    ("nedb", ""): Settings(0, ("filename",)),
    ("nedb-promises", "create"): Settings(0, ("filename",)),
    ("@seald-io/nedb", ""): Settings(0, ("filename",)),
    ("level", "Level"): Settings(0),
    ("level", ""): Settings(0),
    ("classic-level", "ClassicLevel"): Settings(0),
    ("lmdb", "open"): Settings(0, ("path",)),
    ("lowdb/node", "JSONFile"): Settings(0),
    ("lowdb/node", "JSONFileSync"): Settings(0),
    ("lowdb/node", "JSONFilePreset"): Settings(0),
    ("lowdb/adapters/FileSync", ""): Settings(0),
    ("lowdb/adapters/FileAsync", ""): Settings(0),
    ("lowdb", "JSONFile"): Settings(0),
    ("lowdb", "JSONFileSync"): Settings(0),
    ("node-json-db", "JsonDB"): Settings(0),
    ("node-json-db", "Config"): Settings(0),
    ("simple-json-db", ""): Settings(0),
    ("node-persist", "init"): Settings(keys=("dir",), otherwise=".node-persist"),
    ("node-localstorage", "LocalStorage"): Settings(0),
    ("keyv-file", "KeyvFile"): Settings(keys=("filename",)),
    ("winston", "transports.File"): Settings(keys=("filename", "dirname")),
    ("winston-daily-rotate-file", ""): Settings(keys=("filename", "dirname"), otherwise="."),
    ("winston", "transports.DailyRotateFile"): Settings(keys=("filename", "dirname")),
    ("pino", "destination"): Settings(0, ("dest",)),
    ("pino", "transport"): Settings(keys=("options.destination",)),
    ("rotating-file-stream", "createStream"): Settings(0, ("path",)),
    ("file-stream-rotator", "getStream"): Settings(keys=("filename",)),
    ("log4js", "configure"): Settings(keys=("appenders.*.filename",)),
    ("bunyan", "createLogger"): Settings(keys=("streams.*.path",)),
    ("simple-node-logger", "createSimpleLogger"): Settings(0, ("logFilePath",)),
    ("simple-node-logger", "createRollingFileLogger"): Settings(keys=("logDirectory",)),
    ("session-file-store", "()"): Settings(keys=("path",), otherwise="sessions"),
    ("connect-sqlite3", "()"): Settings(keys=("dir", "db"), otherwise="sessions"),
    ("i18n", "configure"): Settings(keys=("directory",)),  # it adds the words that are missing
    ("puppeteer", "launch"): Settings(keys=("userDataDir",)),
    ("puppeteer-core", "launch"): Settings(keys=("userDataDir",)),
    ("puppeteer-extra", "launch"): Settings(keys=("userDataDir",)),
    ("greenlock-express", "init"): Settings(keys=("configDir", "packageRoot")),
    ("keyv", ""): Settings(0, ("uri", "store.uri")),
    ("@keyv/sqlite", ""): Settings(0, ("uri",)),
    ("whatsapp-web.js", "LocalAuth"): Settings(keys=("dataPath",), otherwise=".wwebjs_auth"),
    ("@whiskeysockets/baileys", "useMultiFileAuthState"): Settings(0),
    ("exceljs", "Workbook.().xlsx.writeFile"): Settings(0),
    ("xlsx", "writeFile"): Settings(1),
    ("xlsx", "writeFileXLSX"): Settings(1),
    ("extract-zip", ""): Settings(keys=("dir",)),
    ("tar", "x"): Settings(keys=("cwd",)),
    ("tar", "extract"): Settings(keys=("cwd",)),
    ("unzipper", "Extract"): Settings(keys=("path",)),
    ("env-paths", ""): Settings(),
    ("conf", ""): Settings(keys=("cwd",), otherwise="~/.config"),
    ("configstore", ""): Settings(otherwise="~/.config/configstore"),
    ("typeorm", "DataSource"): Settings(keys=("database",)),
    ("typeorm", "createConnection"): Settings(keys=("database",)),
    ("@nestjs/typeorm", "TypeOrmModule.forRoot"): Settings(keys=("database",)),
    ("sequelize", "Sequelize"): Settings(keys=("storage",)),
    ("sequelize", ""): Settings(keys=("storage",)),
    ("@sequelize/core", "Sequelize"): Settings(keys=("storage",)),
    ("@nestjs/sequelize", "SequelizeModule.forRoot"): Settings(keys=("storage",)),
    ("knex", ""): Settings(keys=("connection.filename",)),
    ("@mikro-orm/core", "MikroORM.init"): Settings(keys=("dbName",)),
    ("typeorm", "FileLogger"): Settings(keys=("logPath",), otherwise="ormlogs.log"),
    ("swagger-autogen", "()"): Settings(0),
    ("@nestjs/graphql", "GraphQLModule.forRoot"): Settings(keys=("definitions.path",)),
    ("nexus", "makeSchema"): Settings(keys=("outputs.schema", "outputs.typegen", "outputs.typegen.outputPath")),
    # until version 7 one database for all, in the working directory
    **{
        ("quick.db", name): Settings(otherwise="json.sqlite")
        for name in ("add", "all", "delete", "fetch", "fetchAll", "get", "has", "push", "set", "subtract", "table")
    },
    ("enmap", ""): Settings(keys=("dataDir",), otherwise="data"),
    ("wio.db", "JsonDatabase"): Settings(keys=("databasePath",), otherwise="databases"),
    ("lokijs", ""): Settings(0),
    ("pouchdb", ""): Settings(0, ("prefix",)),
    ("pouchdb-node", ""): Settings(0, ("prefix",)),
    ("gun", ""): Settings(keys=("file",), otherwise="radata"),
    ("json-server", "router"): Settings(0),
    ("telegraf-session-local", ""): Settings(keys=("database",), otherwise="sessions.json"),
    ("connect-loki", "()"): Settings(keys=("path",), otherwise="session-store.db"),
    ("whatsapp-web.js", "Client"): Settings(keys=("webVersionCache.path",), otherwise=".wwebjs_cache"),
    ("tesseract.js", "createWorker"): Settings(keys=("cachePath",), otherwise="."),
    ("csv-writer", "createObjectCsvWriter"): Settings(keys=("path",)),
    ("csv-writer", "createArrayCsvWriter"): Settings(keys=("path",)),
    ("image-downloader", "image"): Settings(keys=("dest",)),
    ("node-downloader-helper", "DownloaderHelper"): Settings(1),
    ("unstorage/drivers/fs", ""): Settings(keys=("base",)),
    ("embedded-postgres", ""): Settings(keys=("databaseDir",), otherwise="data/db"),
    ("umzug", "JSONStorage"): Settings(keys=("path",), otherwise="umzug.json"),
    ("migrate", "load"): Settings(keys=("stateStore",), otherwise=".migrate"),
    ("@koa/multer", ""): Settings(keys=("dest",)),
    ("fastify-multer", ""): Settings(keys=("dest",)),
    ("koa-body", "koaBody"): Settings(keys=("formidable.uploadDir",)),
    ("connect-multiparty", ""): Settings(keys=("uploadDir",)),
    ("multiparty", "Form"): Settings(keys=("uploadDir",)),
    ("@nestjs/platform-express", "FilesInterceptor"): Settings(keys=("dest",)),
    ("@nestjs/platform-express", "FileFieldsInterceptor"): Settings(keys=("dest",)),
    ("@nestjs/platform-express", "AnyFilesInterceptor"): Settings(keys=("dest",)),
    ("pino", ""): Settings(keys=("transport.options.destination", "transport.targets.*.options.destination")),
}
# Of these a database by its name is a file only where they are told so
FILE_DATABASES = regex(r"(?i)sqlite|better-sqlite|libsql|sqljs|nedb")
_NEED_TYPE = frozenset({"typeorm", "@nestjs/typeorm", "@mikro-orm/core"})
_NAMES = frozenset({"database", "dbName"})


def needs_type(package: str, told: Settings) -> bool:
    """Whether what a package is told is a file only where another setting says SQLite."""
    return package in _NEED_TYPE and not _NAMES.isdisjoint(told.keys)


# Methods whose name says that they write, on whatever object, with the argument that says where
METHODS: Mapping[str, Settings] = {
    "toFile": Settings(0),
    "screenshot": Settings(keys=("path",)),
    "pdf": Settings(keys=("path",)),
    "extractAllTo": Settings(0),
    "extractAllToAsync": Settings(0),
    "writeZip": Settings(0),
    "saveAs": Settings(0),
    "recordVideo": Settings(keys=("dir",)),
}
# The same for what is read: views, files that are served, settings
READ: Mapping[tuple[str, str], Settings] = {
    ("express", "static"): Settings(0),
    ("serve-static", ""): Settings(0),
    ("koa-static", ""): Settings(0),
    ("koa-views", ""): Settings(0),
    ("@koa/send", ""): Settings(1, ("root",)),
    ("koa-send", ""): Settings(1, ("root",)),
    ("@fastify/static", ""): Settings(keys=("root",)),
    ("sirv", ""): Settings(0),
    ("serve-handler", ""): Settings(keys=("public",)),
    ("serve-favicon", ""): Settings(0),
    ("dotenv", "config"): Settings(keys=("path",), otherwise=".env"),
    ("dotenv/config", ""): Settings(otherwise=".env"),
    ("dotenv-safe", "config"): Settings(keys=("path", "example"), otherwise=".env"),
    ("@nestjs/config", "ConfigModule.forRoot"): Settings(keys=("envFilePath",), otherwise=".env"),
    ("@nestjs/serve-static", "ServeStaticModule.forRoot"): Settings(keys=("rootPath",)),
    ("nconf", "file"): Settings(0, ("file",)),
    ("convict", "().loadFile"): Settings(0),
    ("i18n", "configure"): Settings(keys=("directory",)),
    ("i18next-fs-backend", "()"): Settings(keys=("loadPath",)),
    ("ejs", "renderFile"): Settings(0),
    ("pug", "renderFile"): Settings(0),
    ("pug", "compileFile"): Settings(0),
    ("nunjucks", "configure"): Settings(0),
    ("yamljs", "load"): Settings(0),
    ("@grpc/proto-loader", "loadSync"): Settings(0),
    ("@grpc/proto-loader", "load"): Settings(0),
    ("@graphql-tools/load-files", "loadFilesSync"): Settings(0),
    ("maxmind", "open"): Settings(0),
    ("email-templates", "()"): Settings(keys=("views.root",)),
    ("require-all", "()"): Settings(0, ("dirname",)),
}
# By the methods of whatever object: replies that send a file, settings of Express
READ_METHODS: Mapping[str, Settings] = {
    "sendFile": Settings(0, ("root",)),
    "sendfile": Settings(0, ("root",)),
    "useStaticAssets": Settings(0),
    "setBaseViewsDir": Settings(0),
}
# What starts programs: the argument is a command line, a program, or a file of JavaScript
SHELL = frozenset({"exec", "execSync", "execaCommand", "execaCommandSync", "execAsync", "shellCommand"})
PROGRAMS = frozenset(
    {"spawn", "spawnSync", "execFile", "execFileSync", "execa", "execaSync", "execaNode", "sync", "command", "which"}
)
STARTING_MODULES = frozenset(
    {
        "child_process",
        "execa",
        "cross-spawn",
        "shelljs",
        "zx",
        "cross-spawn-promise",
        "spawn-command",
        "node-pty",
        "@homebridge/node-pty-prebuilt-multiarch",
        "which",
        "sudo-prompt",
        "nano-spawn",
        "tinyexec",
        "bun",
    }
)
# Modules of whose functions the name says nothing
_SHELLS_OF = frozenset({"shelljs", "sudo-prompt"})


def is_shell(module: str, name: str) -> bool:
    """Whether a function takes a command line rather than a program."""
    return name in SHELL or (module == "execa" and name in {"command", "commandSync"}) or module in _SHELLS_OF


# What makes a server of its own, with the way to the port: an argument's number, or a property
SERVERS: Mapping[tuple[str, str], str] = {
    ("ws", "Server"): "port",
    ("ws", "WebSocketServer"): "port",
    ("ws", "WebSocket.Server"): "port",
    ("isomorphic-ws", "Server"): "port",
    ("socket.io", "Server"): "0",
    ("socket.io", ""): "0",
    ("@hono/node-server", "serve"): "port",
    ("@hapi/hapi", "server"): "port",
    ("@hapi/hapi", "Server"): "port",
    ("hapi", "server"): "port",
    ("hapi", "Server"): "port",
    ("@apollo/server/standalone", "startStandaloneServer"): "listen.port",
    ("bun", "serve"): "port",
    ("peer", "PeerServer"): "port",
    ("json-rpc-2.0", "Server"): "port",
    ("node-media-server", ""): "http.port",
    ("ftp-srv", "FtpSrv"): "url",
    ("@nestjs/core", "NestFactory.createMicroservice"): "options.port",
}
# Where they listen if they are told nothing
DEFAULT_PORTS: Mapping[tuple[str, str], int] = {
    ("@hono/node-server", "serve"): 3000,
    ("@apollo/server/standalone", "startStandaloneServer"): 4000,
    ("apollo-server", "ApolloServer"): 4000,
    ("graphql-yoga", "GraphQLServer"): 4000,
    ("@adonisjs/core", "Ignitor"): 3333,
}
FRAMEWORKS = frozenset(
    """
    express fastify koa @hapi/hapi hapi restify polka hono http https http2 net tls @nestjs/core apollo-server apollo-server-express
    socket.io @feathersjs/express @feathersjs/koa @feathersjs/feathers total.js micro connect find-my-way uWebSockets.js h3 tinyhttp
    @tinyhttp/app hyper-express elysia @koa/router koa-router express-ws actionhero graphql-yoga moleculer-web parse-server json-server
    http-server spdy dgram routing-controllers @grpc/grpc-js itty-router egg midway @midwayjs/core smtp-server http-proxy ftp-srv aedes
    httpolyglot node-static local-web-server
    """.split()  # noqa: SIM905 (as a list it would have a line for each)
)
