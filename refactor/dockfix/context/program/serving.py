"""Ports that Python listens on, and data that it fetches."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from functools import cache

from dockfix.context.program.calls import Call, Findings, plain
from dockfix.context.program.model import UNKNOWN, Download, Port
from dockfix.context.program.paths import HOLE, Value, shown
from dockfix.context.program.scopes import Scope
from dockfix.knowledge import is_port_of_others
from dockfix.lazy import regex

# Calls that listen: their last names ("" for any), their full names, the argument's position (-1: only by name), its names,
# and the default where it is not given
_LISTENS: tuple[tuple[str, str, int, tuple[str, ...], int | None], ...] = (
    (
        "run run_server",
        r"(?:flask|quart|flask_openapi3|connexion|apiflask|dash|jupyter_dash)\.\w+(?:\(\))?\.run(?:_server)?",
        1,
        ("port",),
        5000,
    ),
    ("run Config", r"uvicorn\.(?:run|Config)", 2, ("port",), 8000),
    ("run create_server prepare", r"sanic\.Sanic\(\)\.(?:run|create_server|prepare)", 1, ("port",), 8000),
    ("run", r"bottle\.(?:run|\w+\(\)\.run)", -1, ("port",), 8080),
    ("run_app", r"(?:aiohttp\.)?web\.run_app", -1, ("port",), 8080),
    ("TCPSite", r"(?:aiohttp\.)?(?:web\.)?TCPSite", 2, ("port",), 8080),
    ("serve create_server", r"waitress\.(?:serve|create_server)", -1, ("port", "listen"), 8080),
    ("start_http_server", r"(?:.*\.)?start_http_server", 0, ("port",), None),
    ("start_server", r"(?:asyncio\.)?(?:start_server)", 2, ("port",), None),
    ("create_server", r".*loop\w*(?:\(\))?\.create_server", 2, ("port",), None),
    (
        "listenTCP listenSSL listenUDP TCPServer SSLServer UDPServer",
        r"(?:.*\.)?reactor\.listen(?:TCP|SSL|UDP)|(?:twisted\.application\.)?internet\.(?:TCP|SSL|UDP)Server",
        0,
        ("port",),
        None,
    ),
    (
        "make_server run_simple",
        r"wsgiref\.simple_server\.make_server|werkzeug\.serving\.(?:run_simple|make_server)",
        1,
        ("port",),
        None,
    ),
    ("run", r"(?:flask_socketio|socketio)\.\w+\(\)\.run", 2, ("port",), 5000),
    ("launch", r"gradio\.\w+(?:\(\))?(?:\.\w+\(\))?\.launch", -1, ("server_port",), 7860),
    ("run_webhook start_webhook", r".*\.(?:run|start)_webhook", -1, ("port",), 80),
    ("listen", r"eventlet\.listen", 0, (), None),
    ("FastMCP", r"mcp\.server\.fastmcp\.FastMCP|fastmcp\.FastMCP", -1, ("port",), None),
    ("run", r"nicegui\.ui\.run", -1, ("port",), 8080),
    (
        "TCPServer UDPServer ThreadingTCPServer HTTPServer ThreadingHTTPServer WSGIServer StreamServer ForkingTCPServer"
        " ThreadedTCPServer ThreadingUDPServer SimpleXMLRPCServer FTPServer ThreadedFTPServer MultiprocessFTPServer SMTPServer"
        " StartTcpServer StartAsyncTcpServer StartUdpServer StartAsyncUdpServer",
        r"(?:.*\.)?\w+",
        0,
        ("server_address", "addr", "address", "address_or_socket", "listener"),
        None,
    ),
    ("create_datagram_endpoint", r".*\.create_datagram_endpoint", -1, ("local_addr",), None),
    ("add_secure_port add_insecure_port", r"(?:.*\.)?add_(?:in)?secure_port", 0, ("address",), None),
    ("serve", r"websockets\.(?:\w+\.)*serve", 2, ("port",), None),
    ("listen bind", r".*tornado.*\.(?:listen|bind)", 0, ("port",), None),
    ("", r"rpyc\.\w+\.\w+", -1, ("port",), None),
)
LISTENS = frozenset(
    {
        "run",
        "run_server",
        "Config",
        "create_server",
        "prepare",
        "run_app",
        "TCPSite",
        "serve",
        "start_http_server",
        "start_server",
        "listenTCP",
        "listenSSL",
        "listenUDP",
        "TCPServer",
        "SSLServer",
        "UDPServer",
        "make_server",
        "run_simple",
        "launch",
        "run_webhook",
        "start_webhook",
        "listen",
        "FastMCP",
        "ThreadingTCPServer",
        "HTTPServer",
        "ThreadingHTTPServer",
        "WSGIServer",
        "StreamServer",
        "add_insecure_port",
        "add_secure_port",
        "bind",
        "add_argument",
        "option",
        "add_option",
        "ForkingTCPServer",
        "ThreadedTCPServer",
        "ThreadingUDPServer",
        "SimpleXMLRPCServer",
        "FTPServer",
        "ThreadedFTPServer",
        "MultiprocessFTPServer",
        "SMTPServer",
        "StartTcpServer",
        "StartAsyncTcpServer",
        "StartUdpServer",
        "StartAsyncUdpServer",
        "create_datagram_endpoint",
    }
)
_PORT_OPTION = regex(r"--?(?:[a-z]+[-_])*port|--bind|--listen")


@cache
def _listening() -> Mapping[str, Sequence[tuple[str, int, tuple[str, ...], int | None]]]:
    """The rules of _LISTENS by the last name of what is called."""
    return {name: [rule for names, *rule in _LISTENS if not names or name in names.split()] for name in LISTENS}  # type: ignore[misc]


@cache
def _fetching() -> Mapping[str, Sequence[tuple[str, str, tuple[str, ...], int]]]:
    """The rules of _FETCHES by the module that the function called is from."""
    found: dict[str, list[tuple[str, str, tuple[str, ...], int]]] = {}
    for modules, *rule in _FETCHES:
        for module in modules.split():
            found.setdefault(module, []).append(tuple(rule))  # type: ignore[arg-type]
    return found


def read_port(call: Call, found: Findings) -> None:
    """Reads a call that may listen on a port."""
    node, scope, name = call.node, call.scope, call.name
    if name in {"add_argument", "option", "add_option"}:
        flag = next((text for each in node.args if (text := plain(each)) and _PORT_OPTION.fullmatch(text)), "")
        default = call.arg(-1, "default")
        if flag and default is not None and not is_port_of_others(flag):
            given = [value._replace(text=value.text.rpartition(":")[2]) for value in call.evaluate(default, scope)]
            found.port(tuple(value for value in given if value.text.isdecimal()), node, scope, flag)
        return
    if name == "bind":
        address = call.arg(0, "address")
        if isinstance(address, ast.Tuple) and len(address.elts) > 1:
            found.port(call.evaluate(address.elts[1], scope), node, scope, ".bind")
            return
    if name == "SSLServer" and "internet" not in call.dotted:
        return
    for pattern, position, names, default_port in _listening().get(name, ()):
        if re.fullmatch(pattern, call.dotted):
            if call.arg(-1, "unix_socket", "uds", "fd") is not None:
                return
            argument = call.arg(position, *names)
            if (
                isinstance(argument, ast.Name)
                and (bounds := scope.lookup(argument.id))
                and isinstance(bounds[0][0], ast.Tuple)
            ):
                argument = bounds[0][0]
            if isinstance(argument, ast.Tuple):
                argument = argument.elts[1] if len(argument.elts) > 1 else None
            if argument is None:
                if default_port is not None and not any(word.arg is None for word in node.keywords):
                    found.ports.append(
                        Port(default_port, scope.module.file, node.lineno, f"{call.dotted}, its default")
                    )
                elif any(word.arg is None for word in node.keywords):
                    found.ports.append(Port(None, scope.module.file, node.lineno, call.dotted))
                return
            values = tuple(
                value._replace(text=value.text.rpartition(":")[2]) for value in call.evaluate(argument, scope)
            )
            found.port(values or ((Value(str(default_port)),) if default_port else ()), node, scope, call.dotted)
            return
    if (
        name in {"run", "listen", "serve", "run_server", "start_server", "launch"}
        and call.arg(-1, "port", "server_port") is not None
    ):
        found.port(call.values(-1, "port", "server_port"), node, scope, call.dotted)
    elif name == "listen" and len(node.args) >= 1 and call.dotted.endswith("app.listen"):
        found.port(call.values(0), node, scope, call.dotted)
    elif name == "run" and call.dotted in {"app.run", "application.run", "server.run"}:
        found.port(call.values(1), node, scope, call.dotted)


_HF = "~/.cache/huggingface"
# Calls that fetch data: the modules that they are from, their full names, where they keep it, the arguments that name the
# folder, and those that name the data
_FETCHES: tuple[tuple[str, str, str, tuple[str, ...], int], ...] = (
    ("nltk", r"nltk\.(?:downloader\.)?download", "~/nltk_data", ("download_dir",), 0),
    ("spacy", r"spacy\.cli\.(?:download\.)?download|spacy\.download", "the site-packages", (), 0),
    (
        "transformers diffusers optimum peft sentence_transformers auto_gptq ctransformers timm TTS open_clip",
        r"(?:transformers|diffusers|optimum|peft|sentence_transformers|auto_gptq|ctransformers|timm|TTS|open_clip|optimum\.\w+)"
        r"(?:\.\w+)*\.from_pretrained",
        _HF,
        ("cache_dir",),
        0,
    ),
    ("transformers", r"transformers\.(?:pipelines\.)?pipeline", _HF, (), 0),
    (
        "huggingface_hub",
        r"huggingface_hub\.(?:\w+\.)*(?:snapshot_download|hf_hub_download|cached_download)",
        _HF,
        ("local_dir", "cache_dir"),
        0,
    ),
    ("datasets", r"datasets\.(?:\w+\.)*load_dataset", _HF, ("cache_dir",), 0),
    (
        "sentence_transformers",
        r"sentence_transformers\.(?:SentenceTransformer|CrossEncoder)",
        _HF,
        ("cache_folder", "cache_dir"),
        0,
    ),
    ("faster_whisper", r"faster_whisper\.WhisperModel", _HF, ("download_root",), 0),
    ("whisper", r"whisper\.load_model", "~/.cache/whisper", ("download_root",), 0),
    (
        "torch",
        r"torch\.hub\.(?:load|load_state_dict_from_url|download_url_to_file)",
        "~/.cache/torch",
        ("model_dir",),
        0,
    ),
    ("torchvision torchaudio", r"(?:torchvision\.models|torchaudio\.pipelines)\.\w+", "~/.cache/torch", (), -1),
    ("torchvision", r"torchvision\.datasets\.\w+", "", ("root",), -1),
    ("easyocr", r"easyocr\.Reader", "~/.EasyOCR", ("model_storage_directory",), 0),
    (
        "tensorflow keras",
        r"(?:tensorflow\.)?keras\.utils\.(?:data_utils\.)?get_file|tensorflow\.keras\.utils\.get_file",
        "~/.keras",
        ("cache_dir",),
        0,
    ),
    ("tensorflow keras", r"(?:tensorflow\.)?keras\.(?:applications|datasets)(?:\.\w+)+", "~/.keras", (), -1),
    ("tensorflow_hub", r"tensorflow_hub\.(?:load|KerasLayer)", "/tmp/tfhub_modules", (), 0),
    ("tensorflow_datasets", r"tensorflow_datasets\.load", "~/tensorflow_datasets", ("data_dir",), 0),
    ("tiktoken", r"tiktoken\.(?:get_encoding|encoding_for_model)", "/tmp/data-gym-cache", (), 0),
    ("stanza", r"stanza\.(?:download|Pipeline)", "~/stanza_resources", ("model_dir", "dir"), 0),
    ("gensim", r"gensim\.downloader\.load", "~/gensim-data", (), 0),
    ("sklearn", r"sklearn\.datasets\.fetch_\w+", "~/scikit_learn_data", ("data_home",), -1),
    ("webdriver_manager", r"webdriver_manager(?:\.\w+)*\.\w+Manager", "~/.wdm", (), -1),
    ("chromedriver_autoinstaller", r"chromedriver_autoinstaller\.install", "the site-packages", ("path",), -1),
    ("pyppeteer", r"pyppeteer\.launch", "~/.local/share/pyppeteer", (), -1),
    ("ultralytics", r"ultralytics\.YOLO", ".", (), 0),
    ("rembg", r"rembg\.(?:remove|new_session)", "~/.u2net", (), -1),
    ("paddleocr", r"paddleocr\.PaddleOCR", "~/.paddleocr", (), -1),
    ("insightface", r"insightface\.app\.FaceAnalysis", "~/.insightface", ("root",), -1),
    ("tldextract", r"tldextract\.(?:extract|TLDExtract)", "~/.cache/python-tldextract", ("cache_dir",), -1),
    (
        "urllib wget gdown",
        r"urllib\.request\.urlretrieve|urllib\.urlretrieve|wget\.download|gdown\.download(?:_folder)?",
        "",
        ("filename", "out", "output"),
        0,
    ),
)
_NAMED = (
    "name",
    "model",
    "model_name",
    "model_name_or_path",
    "model_size_or_path",
    "repo_id",
    "pretrained_model_name_or_path",
    "url",
    "path",
    "info_or_id",
    "encoding_name",
    "repo_or_dir",
)
FETCHES = frozenset(
    {
        "download",
        "from_pretrained",
        "pipeline",
        "snapshot_download",
        "hf_hub_download",
        "cached_download",
        "load_dataset",
        "SentenceTransformer",
        "CrossEncoder",
        "WhisperModel",
        "load_model",
        "load",
        "load_state_dict_from_url",
        "download_url_to_file",
        "Reader",
        "get_file",
        "KerasLayer",
        "get_encoding",
        "encoding_for_model",
        "Pipeline",
        "install",
        "launch",
        "YOLO",
        "remove",
        "new_session",
        "PaddleOCR",
        "FaceAnalysis",
        "ChromeDriverManager",
        "GeckoDriverManager",
        "EdgeChromiumDriverManager",
        "urlretrieve",
        "extract",
        "TLDExtract",
        "download_folder",
        "load_data",
        "fetch_20newsgroups",
        "fetch_california_housing",
        "fetch_openml",
        "MNIST",
        "CIFAR10",
        "ImageFolder",
        "resnet18",
        "resnet50",
        "resnet101",
        "vgg16",
        "vgg19",
        "mobilenet_v2",
        "MobileNetV2",
        "VGG16",
        "VGG19",
        "ResNet50",
        "InceptionV3",
        "Xception",
        "EfficientNetB0",
    }
)


def read_download(call: Call, found: Findings) -> None:
    """Reads a call that may fetch data."""
    for pattern, folder, names, position in _fetching().get(call.dotted.partition(".")[0], ()):
        if not re.fullmatch(pattern, call.dotted):
            continue
        values = call.values(position, *_NAMED) if position >= 0 else ()
        if values and all(_local(value.text) for value in values):
            return
        given = call.values(-1, *names) or (call.values(1) if not folder else ())
        for value in given:
            found.write((value,), call.node, call.scope, call.dotted)
        kept = shown(given[0].text) if given else folder
        what = " or ".join(value.text.replace(HOLE, UNKNOWN) for value in values) if values else call.name
        found.downloads.append(Download(what, kept, call.scope.module.file, call.node.lineno, call.dotted))
        return


def _local(text: str) -> bool:
    """Whether the name of a model is that of a file or folder at hand."""
    return text.startswith(("/", "./", "../", "\1"))


def read_installs(found: Findings) -> None:
    """Programs that fetch data when they are run: ``playwright install``, ``python -m spacy download``."""
    for use in found.runs:
        if use.word.rpartition("/")[2] in {"playwright", "wget", "curl"}:
            folder = "~/.cache/ms-playwright" if use.word.endswith("playwright") else ""
            found.downloads.append(Download(use.word, folder, use.file, use.line, use.how))


def read_bound(name: str, value: ast.expr, scope: Scope, found: Findings) -> None:
    """Reads a module's constant that names the port: ``PORT = 8000``."""
    if re.fullmatch(r"(?:SERVER_|APP_|HTTP_|WEB_|LISTEN_|API_|FLASK_|BIND_)?PORT|LISTEN_PORT", name):
        found.port(tuple(each for each in found.evaluate(value, scope) if each.text != HOLE), value, scope, name)
